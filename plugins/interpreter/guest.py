"""The Python side of the interpreter module: runs once, while the snapshot is made.

It imports the standard library, closes the world behind it, thinks of warm-up requests and arranges
the heap. Judging is done in C (src/): nothing of this file is needed, or reachable by name, when a
program runs, except the importer of late modules and the silent standard streams.
"""

import builtins
import gc
import importlib
import importlib.machinery
import importlib.util
import io
import marshal
import os
import sys
import types
import warnings

LIB = "/lib"

# Of the library alone: docstrings and asserts are a third of its size.
OPTIMIZE = 2

# Imported before the snapshot: costs a program nothing but the name lookup.
EAGER = """
abc array ast base64 binascii bisect calendar cmath codecs collections collections.abc concurrent.futures
contextlib contextvars copy copyreg csv dataclasses datetime decimal difflib dis doctest enum errno
fnmatch fractions functools gc graphlib hashlib heapq hmac html importlib importlib.util inspect io
itertools json keyword linecache logging marshal math numbers opcode operator os pathlib pickle
pprint queue random re reprlib secrets select shlex shutil signal stat statistics string struct sys
tempfile textwrap threading time timeit token tokenize traceback types typing unicodedata unittest
urllib.parse uuid warnings weakref zlib _strptime encodings.ascii encodings.idna encodings.latin_1
encodings.punycode encodings.unicode_escape encodings.utf_16 encodings.utf_32 encodings.utf_8
""".split()

# Not carried at all: tests and tools, twins of C modules, and what needs a C module that is not
# here, a process, a socket or a screen.
LEFT_OUT = set("""
__hello__ __phello__ _aix_support _android_support _apple_support _ios_support _osx_support
_py_abc _pydatetime _pydecimal _pyio _pyrepl antigravity asyncio bz2 cProfile compileall ctypes
curses dbm ensurepip ftplib idlelib imaplib lib2to3 lzma mailbox modulefinder multiprocessing netrc
nturl2path pdb poplib profile pstats pty pyclbr pydoc pydoc_data smtplib socket socketserver sqlite3
ssl subprocess tabnanny test this tkinter trace tracemalloc tty turtle turtledemo venv
webbrowser wsgiref xmlrpc zipapp
concurrent.futures.process http.client http.cookiejar http.server logging.config logging.handlers
importlib.metadata importlib.resources importlib.readers importlib.simple pickletools site
unittest.async_case unittest.mock urllib.request urllib.robotparser xml.dom xml.sax
""".split())
LEFT_OUT_ENCODINGS = tuple("big5 cp3 cp7 cp8 cp9 cp10 cp11 cp27 cp4 cp5 euc_ gb hp hz iso2022 "
                           "johab kz mac mbcs oem ptcp shift tis".split())


def import_eagerly() -> dict[str, str]:
    """Imports EAGER, without docstrings; tells what could not be and why."""
    loader = importlib.machinery.SourceFileLoader
    source_to_code = loader.source_to_code
    loader.source_to_code = lambda self, data, path: source_to_code(
        self, data, path, _optimize=OPTIMIZE
    )
    missing = {}
    # What a build would note of itself; zoneinfo asks.
    built = types.ModuleType("_sysconfigdata__wasi_wasm32-wasi")
    built.build_time_vars = {}
    sys.modules[built.__name__] = built
    for name in EAGER:
        try:
            importlib.import_module(name)
        except ImportError as e:
            missing[name] = str(e)
    loader.source_to_code = source_to_code
    return missing


def late_modules() -> dict[str, tuple[bool, bytes]]:
    """The remaining pure modules: name -> (is a package, marshalled code)."""
    found = {}

    def visit(folder: str, prefix: str) -> None:
        for entry in sorted(os.listdir(folder)):
            path, (stem, suffix) = f"{folder}/{entry}", os.path.splitext(entry)
            if prefix + stem in LEFT_OUT or "-" in stem or stem.startswith("_sysconfigdata"):
                continue
            if prefix == "encodings." and stem.startswith(LEFT_OUT_ENCODINGS) and stem != "cp437":
                continue
            if os.path.exists(f"{path}/__init__.py"):
                if stem != "test" and stem != "tests":
                    add(prefix + stem, f"{path}/__init__.py", True)
                    visit(path, prefix + stem + ".")
            elif suffix == ".py" and stem not in ("__init__", "__main__"):
                add(prefix + stem, path, False)

    def add(name: str, path: str, package: bool) -> None:
        if name not in sys.modules:
            with open(path, "rb") as f:
                name_in_traces = f"<stdlib {name}>"
                code = compile(f.read(), name_in_traces, "exec", 0, True, OPTIMIZE)
            found[name] = (package, marshal.dumps(code))

    visit(LIB, "")
    return found


class LateImporter:
    """Imports from marshalled code in memory: there is no file system."""

    def __init__(self, modules: dict[str, tuple[bool, bytes]]):
        self.modules = modules

    def find_spec(self, name, path=None, target=None):
        found = self.modules.get(name)
        if found is None:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=found[0])

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(marshal.loads(self.modules[module.__spec__.name][1]), module.__dict__)


class Nowhere(io.RawIOBase):
    """Swallows what is written; nothing grows."""

    def writable(self):
        return True

    def write(self, data):
        return len(data)


def quit(code=None):
    """Raises SystemExit."""
    raise SystemExit(code)


def close_world() -> None:
    """From here on: no files, no environment, silent output, empty input."""
    missing = import_eagerly()
    late = late_modules()
    size = sum(len(code) for _, code in late.values())
    print(f"missing: {missing}\nlate: {len(late)} modules, {size} bytes: {' '.join(late)}")
    print(f"loaded: {len(sys.modules)} modules", flush=True)
    sys.meta_path[:] = [
        importlib.machinery.BuiltinImporter,
        importlib.machinery.FrozenImporter,
        LateImporter(late),
    ]
    sys.path[:] = []
    sys.path_hooks[:] = []
    sys.path_importer_cache.clear()
    sys.argv[:] = [""]
    os.environ.clear()
    del sys.modules["guest"]
    quit.__module__ = "builtins"
    builtins.quit = builtins.exit = quit
    warnings.resetwarnings()
    warnings.simplefilter("ignore")
    for name in ("stdout", "stderr"):
        stream = io.TextIOWrapper(io.BufferedWriter(Nowhere()), "utf-8", "backslashreplace")
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.BytesIO(), "utf-8")


WARM_PROGRAM = '''
import re, math, collections, itertools, json, functools, random, heapq, bisect, copy, string
import operator, statistics, textwrap
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from functools import lru_cache
from typing import List, Optional
class Colour(Enum):
    RED = 1
    BLUE = 2
class A:
    """A class."""
    def __init__(self, v): self.v = v
    def __repr__(self): return f"A({self.v!r})"
@dataclass
class P:
    x: int
    y: int = 0
@lru_cache(None)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
def walk(n):
    for i in range(n):
        yield i * i
def f(xs, s="a=1 b=2") -> list:
    d = {m.group(1): int(m.group(2)) for m in re.finditer(r"(\\w)=(\\d)", s)}
    c, groups, q = Counter(s), defaultdict(list), deque([1, 2])
    for i, x in enumerate(xs): groups[x % 2].append(i)
    t = [A(x).v for x in xs if x % 2]
    print("warm", sum(t), end="\\n")
    try:
        [][0]
    except (IndexError, KeyError) as e:
        q.append(str(e))
    a, b = 0, 1
    while a < 50: a, b = b, a + b
    grid = [[0] * 3 for _ in range(3)]
    for i in range(3):
        for j in range(3):
            grid[i][j] = max(i, j) + (grid[i - 1][j] if i else 0)
    heap = list(xs)
    heapq.heapify(heap)
    bisect.insort(t, heapq.heappop(heap))
    ratio = sum((Fraction(x, i + 2) for i, x in enumerate(xs)), Fraction(1, 3)) * Fraction(2, 7)
    deep = copy.deepcopy([xs, d, {"k": (1, [2])}])
    words = textwrap.wrap(string.ascii_lowercase * 2, 10) + re.split(r"[ ,]+", s + ", x")
    late = re.sub(r"([a-c]+)|\\b(x{1,3}|y?)", lambda m: (m.group(0) or "-").upper(), s)
    loaded = json.loads(json.dumps({"a": [1, 2.5, None], "b": {"c": "d"}}, sort_keys=True, indent=1))
    more = [ratio, ratio < 1, ratio - 2, deep, words, late, loaded, Decimal("1.5") + 2,
            Colour.RED.name, Colour(2), statistics.mean(xs), statistics.median(xs),
            sorted(d.items(), key=operator.itemgetter(1)), list(functools.reduce(operator.add, [xs])),
            collections.OrderedDict(d), collections.namedtuple("N", "x y")(1, 2)._asdict()]
    assert len(repr(more)) > 1
    return [sorted(t), d, "".join(reversed(s)).upper().split(), json.dumps(d), math.sqrt(4.0),
            c.most_common(1), [list(z) for z in zip(xs, xs)], dict(groups), list(q), fib(20), a,
            {1, "b", (2, 3)}, frozenset("ab"), b"x", 1.5, 2j, None, True, 10**30, P(1).x, repr(A(1)),
            list(walk(3)), list(itertools.accumulate(xs)), f"{a:>4}|{1/3:.2f}|{s!r}", s.find("b"),
            sorted(s, key=lambda ch: (-ord(ch), ch)), any(x > 2 for x in xs), sum(map(abs, xs)), grid]
'''


def request(program: str, entry: str, *calls: str, runs: int = 2) -> bytes:
    """A request as the host writes it (PROTOCOL.md)."""
    u32 = lambda n: n.to_bytes(4, "little")
    texts = [t.encode() for t in (program, entry, *calls)]
    head = [1, 0, runs, 65536, 0, len(calls)]
    return b"".join([*map(u32, head), *(u32(len(t)) + t for t in texts)])


def warm_requests() -> list[bytes]:
    """What is served before the snapshot."""
    simple = "def f(x, y=0):\n    return x + y\n"
    return [
        *[request(WARM_PROGRAM, "f", "[1, 2, 3]", "[4, 5], 'a=' + 'b'") for _ in range(20)],
        *[request(simple, "f", "1", "2.5, -1", "[x for x in range(3)], []") for _ in range(5)],
        request("def f(:", "f", "1"),
        request("1/0", "f", "1"),
        request(simple, "f", "", "'a'", "1) or (True", "y=1", "object(), 1"),
        request("def f(x):\n    return f(x + 1)\n", "f", "1"),
        request("class E(Exception): pass\ndef f(x):\n    raise E(x)\n", "f", "1"),
        request("import random\ndef f(x):\n    return random.random(), object()\n", "f", "1"),
        request("def f(x):\n    return random.random()\nimport random", "f", "1"),
    ]


SHOWN = set()


def warm_reply(reply: bytes) -> None:
    """Shows each kind of reply once in the build log."""
    if reply not in SHOWN:
        SHOWN.add(reply)
        os.write(2, b"warm-up: %r\n" % reply[:200])


def seal() -> list[object]:
    """The last words before the snapshot: all objects there are."""
    sys.modules.pop("__program__", None)
    SHOWN.clear()
    gc.collect()
    everything = gc.get_objects()
    gc.freeze()
    gc.set_threshold(20000, 20, 0)
    return everything
