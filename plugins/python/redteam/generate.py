"""Writes proposals with their truth: generate.py N SEED > cases.jsonl (needs CPython 3.13).

A line is {"class", "program", "input", "truth"}. The truth `null` means that the proposal must not
become a task, by construction: its value depends on the seed of hashes, an address, the depth of
the stack, time, chance, an earlier run or the width of a word, it is no plain value, or it evades a
ban. Any other truth is the value's canonical text. Those come from CPython itself: each program of
an accepted class runs here under two hash seeds, and one that differs is an error of this file.
"""

import json
import os
import random
import subprocess
import sys

WORDS = """pear fig kiwi plum apple grape melon lemon lime mango peach cherry olive date berry guava
papaya quince nut bean corn rice leek kale beet""".split()

# Bodies of a function: `w` is a list of words or `n` a number; <S> and <T> are filled.
ORDER = [
    "return list(<S>)",
    "return ''.join(<S>)",
    "return next(iter(<S>))",
    "s = <S>\n    return s.pop()",
    "s = <S>\n    out = []\n    while s:\n        out.append(s.pop())\n    return out",
    "return {c: i for i, c in enumerate(<S>)}",
    "return list(dict.fromkeys(<S>))",
    "return max(<S>, key=lambda c: 1)",
    "return min(<S>, key=lambda c: 0)",
    "return sorted(<S>, key=lambda c: 0)",
    "return str(<S>)",
    "return f'{ <S> }'",
    "return '%s' % <S>",
    "a, *b = <S>\n    return a",
    "return [*<S>]",
    "return tuple(<S>)",
    "return list(zip(<S>, range(9)))",
    "out = ''\n    for c in <S>:\n        out += str(c)\n    return out",
    "return [c for c in <S>][0]",
    "from collections import deque\n    return deque(<S>).popleft()",
    "from functools import reduce\n    return reduce(lambda a, b: a, <S>)",
    "import json\n    return json.dumps(list(<S>))",
    "from collections import Counter\n    return list(Counter(<S>))",
    "import itertools\n    return next(itertools.chain(<S>))",
    "import copy\n    return list(copy.copy(<S>))",
    "import heapq\n    return heapq.nlargest(1, <S>, key=lambda c: 0)",
    "s = <S>\n    it = iter(s)\n    next(it)\n    return next(it)",
    "d = {}\n    for c in <S>:\n        d.setdefault('k', c)\n    return d",
    "class B:\n        pass\n    b = B()\n    b.items = <S>\n    return [x for x in b.items]",
    "def g():\n        yield from <S>\n    return list(g())",
]
SETS = [
    "set(w)", "frozenset(w)", "{*w}", "{c for c in w}", "set(w) | set()", "set(w) & set(w)",
    "set(w + w)", "{(c, 1) for c in w}", "set(map(str.upper, w))", "{c.encode() for c in w}",
    "dict.fromkeys(w).keys() & set(w)", "set(w).union(w)", "set(w) - {'zz'}", "{frozenset([c]) for c in w}",
    "{(len(c), c) for c in w}", "set(dict.fromkeys(w))", "set(w) ^ {'zz', 'yy'}",
]
THINGS = [
    "object()", "lambda: n", "(i for i in [n])", "iter([n])", "map(str, [n])", "zip([n])", "[].append",
    "'a b'.split", "(n).__add__", "C()", "C().m", "f", "f.__code__", "reversed([n])", "enumerate([n])",
    "{}.keys", "memoryview(b'ab')", "iter({n: 1})", "filter(None, [n])", "print.__call__", "D(n)",
    "functools.partial(f, n)", "functools.lru_cache(f)", "textwrap.dedent", "iter(range(n))",
    "operator.itemgetter(0).__call__", "type('T', (), {})()", "iter('ab')", "itertools.count(C)",
    "property(f)", "None.__repr__", "C.__dict__['m']", "KeyError(C())", "(c for c in 'ab').send",
]
SHOWN = [
    "str(<T>)", "repr(<T>)", "f'{ <T> }'", "'%s' % (<T>,)", "'{}'.format(<T>)", "f'{<T>!r}'",
    "[str(<T>), n]", "str([<T>])", "repr((<T>, n))[1:]", "str(<T>)[::-1]", "str(Exception(<T>))",
    "{'a': str(<T>)}", "sum(map(ord, str(<T>)))", "format(<T>)", "str({1: <T>})", "ascii(<T>)",
]
HEAD = "import functools, textwrap, operator, itertools\n"
CLASSES = """class C:
    def m(self):
        return 1
class D:
    def __init__(self, v):
        self.v = v
"""
HASH = [
    "return hash(n)", "h = hash\n    return h(n)", "return [hash][0](n)", "return sorted(n, key=hash)",
    "return n.__hash__()", "return getattr(n, '__hash__')() % 7", "return getattr(n, '__ha' + 'sh__')() % 2",
    "return ｈash(n)", "return (lambda h=hash: h)()(n)", "return list(map(hash, [n]))",
    "return str.__hash__(n)", "import operator\n    return operator.methodcaller('__hash__')(n) % 3",
    "return object.__hash__(f) % 5", "return f'{hash(n)}'", "return (hash if n else 0)(n)",
    "return getattr(str, '__hash' + '__')(n) % 11", "return getattr((n, 1), '__hash' + '__')() % 2",
    "return sorted(n, key=lambda c: getattr(c, '__ha' + 'sh__')())",
    "return getattr(frozenset(n), '__h' + 'ash__')() % 13",
]
BANS = [
    "return eval(n)", "e = eval\n    return e('1')", "return [eval][0]('1')", "return ｅval('1')",
    "import ｏs\n    return 1", "x = open\n    return 1", "return (lambda e=exec: e('1'))()",
    "return __builtins__['abs'](1)", "return __import__('math').pi", "return f.__globals__['f'](1)",
    "i = id\n    return i(n) % 2", "g = globals\n    return len(g())", "import sys as s\n    return s.maxsize",
    "from os import path as p\n    return 1", "return [].__sizeof__()", "c = compile\n    return 1",
    "return list(map(id, [n]))", "import random as r\n    return r.random()", "import time; return time.time()",
    "v = vars\n    return 1", "return len(object.__subclasses__())", "i = input\n    return i()",
]
CHANCE = [
    "import statistics\n    return statistics.random.random()",
    "import statistics\n    return statistics.random.randint(0, 10 ** 9)",
    "import timeit\n    return timeit.default_timer()",
    "import sched\n    return sched.time.time()",
    "import sched\n    return sched.time.gmtime().tm_min",
    "import sched\n    return sched.time.strftime('%H:%M:%S')",
    "import statistics\n    x = [1, 2, 3, 4, 5, 6, 7, 8]\n    statistics.random.shuffle(x)\n    return x",
    "import math\n    math.k = getattr(math, 'k', n) + 1\n    return math.k",
    "import string\n    string.seen = getattr(string, 'seen', '') + 'x'\n    return len(string.seen)",
    "import collections\n    collections.Counter.k = getattr(collections.Counter, 'k', 0) + n\n"
    "    return collections.Counter.k",
    "import functools\n    functools.WRAPPER_ASSIGNMENTS += ('x',)\n"
    "    return len(functools.WRAPPER_ASSIGNMENTS)",
    "import decimal\n    c = decimal.getcontext()\n    c.prec += 1\n    return c.prec",
    "import itertools\n    import json\n    json.c = getattr(json, 'c', itertools.count())\n    return next(json.c)",
    "import re\n    re.gen = getattr(re, 'gen', None) or iter(range(99))\n    return next(re.gen)",
]
DEPTH = [
    "def g(k):\n        try:\n            return g(k + 1)\n        except RecursionError:\n            return k\n    return g(n)",
    "k = 0\n    def g():\n        nonlocal k\n        k += 1\n        g()\n    try:\n        g()\n    except RecursionError:\n        pass\n    return k",
    "class R:\n        d = 0\n        def __getattr__(self, a):\n            R.d += 1\n            return getattr(self, a + '_')\n"
    "    try:\n        R().x\n    except RecursionError:\n        return R.d",
    "d = [0]\n    def g(x):\n        d[0] += 1\n        return sorted([1], key=g)\n    try:\n        g(n)\n"
    "    except RecursionError:\n        return d[0]",
]
UNPLAIN = [
    "return chr(0xD800 + n)", "return b'a\\xff'.decode('utf-8', 'surrogateescape') * n",
    "return ['a', chr(0xDC00 + n)]", "return {n: '\\udc80'}", "return {'\\ud800': n}",
    "return b'\\xed\\xa0\\x80'.decode('utf-8', 'surrogatepass')", "import json\n    return json.loads('\"\\\\ud83d\"')",
    "return ('x', ('\\udfff',))", "return '\\ud83d' + '\\ude00'", "return float('nan')", "return [n, float('nan')]",
    "return object()", "return lambda: n", "return (i for i in [n])", "return type('T', (int,), {})(n)",
    "return {'a': [range(n)]}", "return 10 ** 5000", "return 'x' * 10 ** 7", "return [0] * 10 ** 6",
    "x = []\n    x.append(x)\n    return x", "return f", "return NotImplemented", "import fractions\n    return fractions.Fraction(n)",
    "raise ValueError(f'at {object()}')", "return 1 // 0", "return n.x", "raise SystemExit(0)",
]
WIDTH = [
    "return list({(i, j) for i in range(3) for j in range(n % 3 + 2)})", "return str({0.1, 0.7, 2.5, n / 7})",
    "return list({2 ** 40 + n, 3, 5 ** 30})", "return next(iter({(1, n), (n, 2), (3, 3)}))",
    "return [x for x in {n / 3, n / 7, 1.25}]",
]
IDS = [
    "xs = [D(i) for i in range(n % 5 + 2)]\n    return [x.v for x in sorted(xs, key=id)]",
    "a, b = D(1), D(2)\n    return max([a, b], key=id).v",
    "xs = [[i] for i in range(n % 4 + 2)]\n    xs.sort(key=id)\n    return xs",
    "return [x.v for x in {D(1), D(2), D(n)}]",
    "return [t.__name__ for t in {int, str, C, D}]",
    "return [g.__name__ for g in {f, C.m, abs, len}]",
]

VALID = [
    ("order kept", "return sorted(<S>)"), ("order kept", "return len(<S>)"),
    ("order kept", "return sorted(str(c) for c in <S>)"), ("order kept", "return <S> == <S>"),
    ("order kept", "return [c for c in sorted(<S>)][-1]"), ("order kept", "return w[0] in set(w)"),
    ("order kept", "d = {}\n    for c in w:\n        d[c] = d.get(c, 0) + len(c)\n    return d"),
    ("order kept", "return list(dict.fromkeys(w))"), ("order kept", "return list({len(c) for c in w})"),
    ("order kept", "return sum(map(len, set(w)))"), ("order kept", "return {c: len(c) for c in sorted(set(w))}"),
    ("order kept", "return set(w)"), ("order kept", "return max(set(w))"), ("order kept", "return all(set(w))"),
    ("order kept", "from collections import Counter\n    return Counter(w).most_common(2)"),
    ("order kept", "seen = set()\n    out = []\n    for c in w:\n        if c not in seen:\n"
     "            seen.add(c)\n            out.append(c)\n    return out"),
]
NUMBERS = [
    ("order of small numbers", "return list({n % 7, n % 5, 3, 1})"),
    ("order of small numbers", "return [x for x in set(range(n % 9))]"),
    ("order of small numbers", "s = {n, n + 1, n + 2}\n    s.discard(n)\n    return s.pop()"),
    ("order of small numbers", "return str({True, None, 3}) if n < 0 else str({n})"),
    ("names", "id = n\n    return id + 1"), ("names", "hash = lambda v: v * 7\n    return hash(n)"),
    ("names", "for open in (abs, float):\n        r = open(n)\n    return r"),
    ("names", "class compile:\n        def __init__(self, v):\n            self.v = v\n    return compile(n).v"),
    ("names", "def input(x):\n        return x + 1\n    return input(n)"),
    ("names", "import math as hash\n    return hash.floor(n / 2)"),
    ("names", "vars = {'a': n}\n    return vars['a']"), ("names", "return (lambda id: id * 2)(n)"),
    ("names", "[exit, *quit] = [n, 1, 2]\n    return [exit, quit]"),
    ("names", "return [hash + 1 for hash in range(n % 6)]"),
    ("strings", "return f'{n:>{n % 9}}|{n!r}|{{n}}'"), ("strings", "d = {'[': n}\n    return f'{d['[']}'"),
    ("strings", "return f\"{\"open(\"}{n}\""), ("strings", "return f'{f'{f'{n}'}'}'"),
    ("strings", "return f'{n=}'"), ("strings", "return '%05.2f' % (n / 7)"),
    ("strings", "return 'eval(1) import os hash(2)' * (n % 3)"),
    ("strings", "'''Doc.\n\n        ```\n        f(1)\n        ```\n    '''\n    return n"),
    ("strings", "return '```' * (n % 4)  # look for ```"), ("strings", "return chr(0x1F600 + n % 40) + 'é' * (n % 3)"),
    ("floats", "return n / 7"), ("floats", "return [n * 0.1, 1e16 * n, n / 1e9, float('inf'), -0.0]"),
    ("floats", "return round(n / 3, 4)"), ("floats", "import math\n    return math.sqrt(n) + math.sin(n)"),
    ("floats", "return complex(n, -n / 3)"), ("floats", "return (n / 3).hex()"),
    ("huge", "return n ** 300"), ("huge", "import math\n    return math.factorial(n % 90 + 50)"),
    ("huge", "return 'ab' * (n % 50 + 900)"), ("huge", "return [[[[[n]]]]] * 20"),
    ("recursion", "def g(k):\n        return 0 if k == 0 else 1 + g(k - 1)\n    return g(n % 400 + 400)"),
    ("recursion", "def g(k):\n        return g(k + 1)\n    try:\n        g(n)\n    except RecursionError:\n        return 'deep'"),
    ("exceptions", "try:\n        return [][n]\n    except IndexError as e:\n        return str(e)"),
    ("exceptions", "try:\n        return {}['k%d' % n]\n    except KeyError as e:\n        return repr(e)"),
    ("exceptions", "try:\n        raise ValueError(n, 'x')\n    except ValueError as e:\n        return e.args"),
    ("closures", "def counter():\n        k = [n]\n        def step():\n            k[0] += 1\n            return k[0]\n"
     "        return step\n    c = counter()\n    return [c(), c(), c()]"),
    ("closures", "fs = [lambda x, i=i: x * i for i in range(4)]\n    return [g(n) for g in fs]"),
    ("globals", "G.append(n)\n    return list(G)"), ("globals", "global K\n    K += n\n    return K"),
    ("attributes", "A.count += n\n    A.count += 1\n    return A.count"),
    ("attributes", "a, b = A(), A()\n    a.items.append(n)\n    return b.items"),
    ("defaults", "def g(x, seen=[]):\n        seen.append(x)\n        return len(seen)\n    g(1)\n    return g(n)"),
    ("deletion", "log = []\n    class T:\n        def __del__(self):\n            log.append(n)\n    t = T()\n    del t\n    return log"),
    ("identity", "a = n % 200\n    b = a + 0\n    return a is b"),
    ("identity", "return 'ab' is not None and (n, ) == (n, )"),
    ("identity", "a = 'x' + 'y'\n    return a == 'xy' and [a] * (n % 3)"),
    ("identity", "xs = [[]] * 3\n    xs[0].append(n)\n    return xs"),
    ("identity", "a = A()\n    return [a == a, A() == a, a in [a]]"),
    ("identity", "xs = [A(), A()]\n    return sorted(xs, key=id)[0] is not None"),
    ("generators", "def g():\n        x = yield 1\n        yield x\n    i = g()\n    return [next(i), i.send(n)]"),
    ("generators", "it = iter(range(n % 9))\n    return [list(it), list(it)]"),
    ("generators", "import itertools\n    return list(itertools.islice(itertools.count(n), 5))"),
    ("classes", "import dataclasses\n    @dataclasses.dataclass\n    class P:\n        x: int\n        y: int = 2\n"
     "    return repr(P(n)).split('.')[-1]"),
    ("classes", "import enum\n    class E(enum.Enum):\n        A = 1\n        B = 2\n    return [e.name for e in E] * (n % 3)"),
    ("classes", "class V:\n        def __init__(self, x):\n            self.x = x\n        def __repr__(self):\n"
     "            return f'V({self.x})'\n    return str([V(n), V(1)])"),
    ("classes", "class P:\n        def __init__(self, x):\n            self.x = x\n        def __eq__(self, o):\n"
     "            return self.x == o.x\n        def __hash__(self):\n            return hash((self.x, 1))\n"
     "    return len({P(n), P(n), P(1)})"),
    ("classes", "import enum\n    C = enum.Enum('C', 'RED BLUE')\n    d = {C.RED: n, C.BLUE: 2}\n    return d[C['RED']]"),
    ("library", "import re\n    return re.sub(r'\\d', lambda m: str(int(m[0]) + 1), str(n))"),
    ("library", "import heapq\n    h = [n, 3, 9, 1]\n    heapq.heapify(h)\n    return [heapq.heappop(h) for _ in h[:]]"),
    ("library", "from functools import lru_cache\n    @lru_cache(None)\n    def fib(k, tag='t'):\n"
     "        return k if k < 2 else fib(k - 1, tag) + fib(k - 2, tag)\n    return fib(n % 40)"),
    ("library", "from collections import OrderedDict, defaultdict, namedtuple\n    d = defaultdict(list)\n"
     "    d[n % 2].append(n)\n    P = namedtuple('P', 'x y')\n    return [dict(d), tuple(P(n, 1)), list(OrderedDict(a=n))]"),
    ("library", "from decimal import Decimal\n    return str(Decimal(n) / 7)"),
    ("library", "from fractions import Fraction\n    return str(Fraction(n, 12) + Fraction(1, 3))"),
    ("library", "import json\n    return json.dumps({'b': n, 'a': [1.5, None]}, sort_keys=True)"),
    ("library", "import itertools\n    return [''.join(p) for p in itertools.permutations('abc')][n % 6]"),
    ("library", "import bisect, string, textwrap\n    return [bisect.bisect([1, 5, 9], n), string.ascii_letters[n % 26]]"),
    ("loops", "t = 0\n    for i in range(n % 40):\n        if i % 3 == 0:\n            continue\n        t += i * i\n    return t"),
    ("loops", "a, b = 0, 1\n    while a < n * 10:\n        a, b = b, a + b\n    return a"),
    ("loops", "return [[i * j for j in range(3)] for i in range(n % 5)]"),
    ("loops", "m = {(i, j): i - j for i in range(3) for j in range(3)}\n    return sum(v * n for v in m.values())"),
    ("loops", "grid = {(i, j) for i in range(4) for j in range(n % 4 + 1)}\n"
     "    return sum((i + 1, j) in grid for i, j in grid)"),
    ("loops", "match n % 3:\n        case 0:\n            return 'a'\n        case 1 | 2 as k:\n            return ('b', k)"),
]
WORDY = [
    ("mutation", "w.append(w[0])\n    w.sort()\n    return w"), ("mutation", "w.reverse()\n    del w[0]\n    return w, len(w)"),
    ("words", "return ' '.join(c.title() for c in w)"), ("words", "return {c: w.index(c) for c in w}"),
    ("words", "return sorted(w, key=lambda c: (-len(c), c))"), ("words", "return [c[::-1] for c in w if 'e' in c]"),
    ("words", "return max(w, key=len)"), ("words", "g = {}\n    for c in w:\n        g.setdefault(len(c), []).append(c)\n    return g"),
    ("words", "from functools import lru_cache\n    @lru_cache(None)\n    def g(s):\n        return 0 if not s else 1 + g(s[1:])\n    return [g(c) for c in w]"),
    ("words", "d = {(c, len(c)): i for i, c in enumerate(w)}\n    return d[(w[0], len(w[0]))]"),
    ("words", "class K(str):\n        pass\n    d = {w[0]: 1}\n    return d[K(w[0])]"),
    ("words", "from collections import OrderedDict\n    d = OrderedDict((c, 1) for c in w)\n    d.move_to_end(w[0])\n    return list(d)"),
]
TOP = "G = []\nK = 1\nclass A:\n    count = 0\n    def __init__(self):\n        self.items = []\n"


def program(rng, body, parameter, head=""):
    """A function around a body, with what other programs have besides."""
    noise = rng.choice(["", "", "# %d\n" % rng.randrange(999), "LIMIT = %d\n" % rng.randrange(999)])
    step = rng.choice(["", "", "    step = %d\n" % rng.randrange(99)])
    return f"{noise}{head}def f({parameter}):\n{step}    {body}"


def draw(rng):
    """A class, whether it must be rejected, a program and an input."""
    words = rng.sample(WORDS, rng.randrange(2, 9))
    number = rng.randrange(1, 60)
    if rng.random() < 0.45:
        kind = rng.choice(["order", "order", "address", "address", "hash", "ban", "chance", "depth",
                           "not plain", "width", "id"])
        if kind == "order":
            body = rng.choice(ORDER).replace("<S>", rng.choice(SETS))
            return kind, True, program(rng, body, "w"), repr(words)
        if kind == "address":
            shown = rng.choice(SHOWN)
            thing = rng.choice(THINGS)
            value = "(" + thing + ")" if "lambda" in thing else thing
            body = "x = " + value + "\n    return " + shown.replace("<T>", "x")
            return kind, True, program(rng, body, "n", HEAD + CLASSES), repr(number)
        if kind == "hash":
            body = rng.choice(HASH)
            given = repr(words) if "sorted" in body else repr(rng.choice(words))
            return kind, True, program(rng, body, "n"), given
        table = {"ban": BANS, "chance": CHANCE, "depth": DEPTH, "not plain": UNPLAIN, "width": WIDTH, "id": IDS}
        head = CLASSES if kind == "id" else ""
        return kind, True, program(rng, rng.choice(table[kind]), "n", head), repr(number)
    pick = rng.random()
    if pick < 0.2:
        kind, body = rng.choice(VALID)
        return kind, False, program(rng, body.replace("<S>", rng.choice(SETS[:9])), "w"), repr(words)
    if pick < 0.35:
        kind, body = rng.choice(WORDY)
        return kind, False, program(rng, body, "w"), repr(words)
    kind, body = rng.choice(NUMBERS)
    return kind, False, program(rng, body, "n", TOP), repr(number)


RUNNER = r"""
import json, sys
def canon(v):
    t = type(v)
    if t in (set, frozenset):
        items = ", ".join(sorted((canon(x) for x in v), key=lambda s: s.encode()))
        return ("{%s}" % items if items else "set()") if t is set else "frozenset(%s)" % (items and "{%s}" % items)
    if t is dict:
        return "{%s}" % ", ".join(canon(k) + ": " + canon(x) for k, x in v.items())
    if t is list:
        return "[%s]" % ", ".join(map(canon, v))
    if t is tuple:
        return "(%s%s)" % (", ".join(map(canon, v)), "," if len(v) == 1 else "")
    assert t in (int, float, complex, bool, str, bytes, type(None)), t
    return repr(v)
for line in sys.stdin:
    program, given = json.loads(line)
    space = {"__name__": "__program__"}
    exec(compile(program, "<program>", "exec"), space)
    print(json.dumps(canon(eval("f(" + given + "\n)", space))))
"""


def truths(cases):
    """What CPython says, under two hash seeds."""
    said = []
    for seed in ("1", "2"):
        text = "".join(json.dumps([c["program"], c["input"]]) + "\n" for c in cases)
        run = subprocess.run([sys.executable, "-W", "ignore", "-c", RUNNER], input=text, text=True,
                             stdout=subprocess.PIPE, check=True, env={**os.environ, "PYTHONHASHSEED": seed})
        said.append([json.loads(line) for line in run.stdout.splitlines()])
    for case, one, two in zip(cases, *said, strict=True):
        if one != two:
            sys.exit(f"not deterministic: {case}: {one} and {two}")
        case["truth"] = one


def main():
    n, rng = int(sys.argv[1]), random.Random(int(sys.argv[2]))
    if sys.version_info[:2] != (3, 13):
        sys.exit("the truth is that of CPython 3.13, the sandbox's own")
    cases, seen = [], set()
    while len(cases) < n:
        kind, rejected, text, given = draw(rng)
        if (text, given) in seen:
            continue
        seen.add((text, given))
        cases.append({"class": kind, "program": text, "input": given, "truth": None if rejected else ""})
    truths([case for case in cases if case["truth"] is not None])
    for case in cases:
        print(json.dumps(case, ensure_ascii=False))


main()
