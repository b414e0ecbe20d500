"""Measures of programs by radon, complexipy and difflib: what `measure.py` must agree with.

Run with radon and complexipy in this folder: `python measures.py > measures.json`. The programs are
those of the suite beside it and some of our own. AZR's code measures with these packages. Left out are
programs with conditions or loops under `not`, which complexipy passes over.
"""
import ast
import difflib
import json

from complexipy import code_complexity
from radon.complexity import cc_visit
from radon.metrics import h_visit

OWN = [
    "def f(a):\n    return a",
    "def f(xs):\n    total = 0\n    for x in xs:\n        if x > 0 and x % 2 == 0 or x == -1:\n            total += x * x\n"
    "        elif x < -10:\n            continue\n        else:\n            total -= x\n    return total",
    "class Node:\n    def __init__(self, v, n=None):\n        self.v = v\n        self.n = n\n\n    def last(self):\n"
    "        node = self\n        while node.n is not None:\n            node = node.n\n        return node.v\n\n"
    "def f(xs):\n    head = None\n    for x in reversed(xs):\n        head = Node(x, head)\n    return head.last() if head else None",
    "def f(n):\n    if n < 2:\n        return n\n    return f(n - 1) + f(n - 2)",
    "def f(text):\n    try:\n        return int(text) // 2\n    except ValueError:\n        return -1\n    finally:\n        pass",
    "def f(m):\n    match m:\n        case [x, y]:\n            return x + y\n        case {'k': v}:\n            return v\n"
    "        case _:\n            return 0",
    "import math\n\ndef f(a, b):\n    assert a >= 0\n    pairs = {x: [y for y in range(b) if y % 2] for x in range(a) if x}\n"
    "    key = lambda p: -p[0] if p[1] else p[0]\n    return sorted(pairs.items(), key=key), math.sqrt(a)",
    "def f(grid):\n    best = 0\n    for i, row in enumerate(grid):\n        for j, cell in enumerate(row):\n"
    "            while cell and best < i * j:\n                best += 1\n                if best > 100:\n                    break\n"
    "            else:\n                best -= 1\n    return not best",
]


def passed_over(program):
    inner = (ast.IfExp, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    nots = [n for n in ast.walk(ast.parse(program)) if isinstance(n, ast.UnaryOp)]
    return any(isinstance(n, inner) for no in nots for n in ast.walk(no))


def programs():
    found = list(OWN)
    for line in open("suite.jsonl"):
        found.append(json.loads(line)["code"])
    return sorted({p for p in found if not passed_over(p)}, key=lambda p: (len(p), p))


def plain(node):
    out = dict(node_type=node.__class__.__name__)
    for key in node._fields:
        value = getattr(node, key, None)
        if key == "ctx" or value is None:
            continue
        if isinstance(value, list):
            value = [plain(v) for v in value if isinstance(v, ast.AST)]
        elif isinstance(value, ast.AST):
            value = plain(value)
        out[key] = value
    return out


def shown(program):
    return json.dumps(plain(ast.parse(program)), sort_keys=True, indent=2, default=repr)


cases = []
all_programs = programs()
for i, program in enumerate(all_programs):
    references = [all_programs[(i + step) % len(all_programs)] for step in (1, 7)]
    total = h_visit(program).total
    cases.append(dict(
        program=program, references=references,
        cognitive=code_complexity(program).complexity,
        cyclomatic=max((block.complexity for block in cc_visit(program)), default=1),
        halstead_volume=total.volume, halstead_effort=total.effort,
        edit_distance=sum(1 - difflib.SequenceMatcher(None, shown(program), shown(r)).ratio() for r in references) / 2,
    ))
print(json.dumps(cases, indent=0))
