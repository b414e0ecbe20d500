# Measures of a program's text, for the proposer's reward terms. The text is parsed, never run.
import ast, difflib, json, math

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def expression(node, depth):
    """Cognitive complexity of an expression: runs of one boolean operator, conditions, loops."""
    if node is None or isinstance(node, ast.Constant):
        return 0
    if isinstance(node, ast.BoolOp):
        return 1 + boolean(node, depth)
    if isinstance(node, ast.IfExp):
        inner = expression(node.body, depth + 1) + expression(node.orelse, depth + 1)
        return 1 + depth + expression(node.test, depth) + inner
    if isinstance(node, ast.Lambda):
        return expression(node.body, depth + 1)
    if isinstance(node, COMPREHENSIONS):
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        total = sum(expression(part, depth + 1) for part in parts)
        for generator in node.generators:
            total += 1 + depth + expression(generator.iter, depth)
            total += sum(1 + expression(test, depth + 1) for test in generator.ifs)
        return total
    return sum(expression(child, depth) for child in ast.iter_child_nodes(node))


def boolean(node, depth):
    """Of a run of `and` or `or`: 1 for each run of the other operator inside."""
    total = 0
    for value in node.values:
        if isinstance(value, ast.BoolOp):
            other = type(value.op) is not type(node.op)
            total += other + boolean(value, depth)
        else:
            total += expression(value, depth)
    return total


def suite(body, depth):
    return sum(statement(node, depth) for node in body)


def statement(node, depth):
    """Cognitive complexity (Campbell 2018) of a statement at a depth of nesting."""
    if isinstance(node, FUNCTIONS):
        return sum(statement(n, depth + isinstance(n, FUNCTIONS)) for n in node.body)
    if isinstance(node, ast.ClassDef):
        return suite(node.body, depth)
    if isinstance(node, ast.If):
        total = 1 + depth + expression(node.test, depth) + suite(node.body, depth + 1)
        while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            node = node.orelse[0]
            total += 1 + expression(node.test, depth) + suite(node.body, depth + 1)
        return total + (1 + suite(node.orelse, depth + 1) if node.orelse else 0)
    if isinstance(node, LOOPS):
        head = node.test if isinstance(node, ast.While) else node.iter
        inner = suite(node.body, depth + 1) + suite(node.orelse, depth)
        return 1 + depth + expression(head, depth) + inner
    if isinstance(node, (ast.Try, getattr(ast, "TryStar", ast.Try))):
        handled = sum(1 + depth + suite(handler.body, depth + 1) for handler in node.handlers)
        return handled + sum(suite(b, depth) for b in (node.body, node.orelse, node.finalbody))
    if isinstance(node, ast.Match):
        return 1 + depth + sum(suite(case.body, depth + 1) for case in node.cases)
    if isinstance(node, (ast.With, ast.AsyncWith)):
        heads = sum(expression(item.context_expr, depth) for item in node.items)
        return heads + suite(node.body, depth)
    return sum(expression(child, depth) for child in ast.iter_child_nodes(node))


def calls_itself(function):
    inside = [n for n in ast.walk(function) if isinstance(n, ast.Call)]
    return any(isinstance(n.func, ast.Name) and n.func.id == function.name for n in inside)


def cognitive(tree):
    functions = [node for node in tree.body if isinstance(node, FUNCTIONS)]
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            functions += [inner for inner in node.body if isinstance(inner, FUNCTIONS)]
    return suite(tree.body, 0) + sum(map(calls_itself, functions))


def branches(node):
    """Decisions below a node, as radon counts McCabe's: those of inner functions are left out."""
    kind, total = type(node), 0
    if isinstance(node, FUNCTIONS) or kind is ast.ClassDef:
        return 0
    if kind is ast.Assert:
        return 1
    if kind is ast.Try:
        total = len(node.handlers) + bool(node.orelse)
    elif kind is ast.BoolOp:
        total = len(node.values) - 1
    elif kind in (ast.If, ast.IfExp):
        total = 1
    elif kind is ast.Match:
        open_ended = any(getattr(case.pattern, "pattern", False) is None for case in node.cases)
        total = max(0, len(node.cases) - open_ended)
    elif kind in LOOPS:
        total = 1 + bool(node.orelse)
    elif kind is ast.comprehension:
        total = 1 + len(node.ifs)
    return total + sum(map(branches, ast.iter_child_nodes(node)))


def block(function):
    """McCabe's number of a function without those in it."""
    return 1 + sum(map(branches, function.body))


def closures(body):
    """The nearest functions at or below some statements, classes left out."""
    found = []
    for node in body:
        if isinstance(node, FUNCTIONS):
            found.append(node)
        elif not isinstance(node, ast.ClassDef):
            found += closures(ast.iter_child_nodes(node))
    return found


def cyclomatic(tree):
    """The largest of the blocks at top level: functions, classes, their methods."""
    found = [block(function) for function in closures(tree.body)]
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            methods = [block(method) for method in closures(node.body)]
            own = 1 + sum(map(branches, node.body)) + sum(methods)
            found += methods + [own // len(methods) + (len(methods) > 1) if methods else own]
    return max(found, default=1)


class Halstead:
    """Operators and operands of an expression language, as radon counts them: those of arithmetic,
    logic and comparison. An operand is told from another by its name or value within a function."""

    def __init__(self):
        self.n_operators = self.n_operands = 0
        self.operators, self.operands = set(), set()

    def count(self, operators, operands, scope):
        self.n_operators += len(operators)
        self.n_operands += len(operands)
        self.operators |= {type(operator) for operator in operators}
        for node in operands:
            field = {ast.Name: "id", ast.Attribute: "attr", ast.Constant: "value"}.get(type(node))
            self.operands.add((scope, getattr(node, field) if field else node))

    def visit(self, node, scope=None):
        if isinstance(node, FUNCTIONS):
            for child in node.body:
                self.visit(child, node.name)
            return
        if isinstance(node, ast.BinOp):
            self.count([node.op], [node.left, node.right], scope)
        elif isinstance(node, ast.UnaryOp):
            self.count([node.op], [node.operand], scope)
        elif isinstance(node, ast.BoolOp):
            self.count([node.op], node.values, scope)
        elif isinstance(node, ast.AugAssign):
            self.count([node.op], [node.target, node.value], scope)
        elif isinstance(node, ast.Compare):
            self.count(node.ops, node.comparators + [node.left], scope)
        for child in ast.iter_child_nodes(node):
            self.visit(child, scope)

    def volume_and_effort(self):
        kinds = len(self.operators) + len(self.operands)
        if not kinds:
            return 0.0, 0.0
        volume = (self.n_operators + self.n_operands) * math.log2(kinds)
        ratio = self.n_operands / len(self.operands) if self.operands else 0.0
        return volume, len(self.operators) / 2 * ratio * volume


def outline(node):
    """A tree as plain data, without contexts, positions and lists of plain values."""
    if not isinstance(node, ast.AST):
        return {"value": str(node)}
    shown = {"node_type": type(node).__name__}
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            shown[name] = [outline(item) for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            if name != "ctx":
                shown[name] = outline(value)
        elif value is not None:
            shown[name] = value
    return shown


def text(tree):
    return json.dumps(outline(tree), sort_keys=True, indent=2, default=repr)


def f(program, references):
    tree = ast.parse(program)
    counts = Halstead()
    counts.visit(tree)
    volume, effort = counts.volume_and_effort()
    own = text(tree)
    ratios = [difflib.SequenceMatcher(None, own, text(ast.parse(r))).ratio() for r in references]
    distance = 1 - sum(ratios) / len(ratios) if ratios else None
    return cognitive(tree), cyclomatic(tree), volume, effort, distance
