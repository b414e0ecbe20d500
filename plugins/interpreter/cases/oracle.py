"""Writes `programs.toml`: the twenty programs with what native CPython says of them.

    python3 oracle.py prog20.json > programs.toml        first time, from the bare programs
    python3 oracle.py programs.toml | diff programs.toml -   does a native CPython still agree?

The canonical text is made here from scratch, apart from src/encode.c.
"""

import contextlib
import io
import json
import sys
import tomllib


def canonical(v: object) -> str:
    """The text that PROTOCOL.md describes."""
    match v:
        case None | bool() | int() | float() | complex() | str() | bytes():
            return repr(v)
        case list():
            return "[" + ", ".join(map(canonical, v)) + "]"
        case tuple():
            return "(" + ", ".join(map(canonical, v)) + ("," if len(v) == 1 else "") + ")"
        case dict():
            return "{" + ", ".join(f"{canonical(k)}: {canonical(w)}" for k, w in v.items()) + "}"
        case set() | frozenset():
            name = "" if type(v) is set else "frozenset"
            inner = ", ".join(sorted(map(canonical, v), key=str.encode))
            if not v:
                return f"{name or 'set'}()"
            return f"{name}({{{inner}}})" if name else f"{{{inner}}}"
    raise TypeError(type(v).__name__)


def read(path: str) -> list[dict]:
    """Programs as {program, entry, calls}."""
    if path.endswith(".toml"):
        with open(path, "rb") as f:
            return tomllib.load(f)["case"]
    with open(path) as f:
        cases = json.load(f)
    names = {"program": "code", "entry": "entry", "calls": "inputs"}
    return [{new: c[old] for new, old in names.items()} for c in cases]


def main() -> None:
    """Prints the cases."""
    print("# Written by oracle.py with a native CPython; do not edit.")
    for n, case in enumerate(read(sys.argv[1]), 1):
        answers = []
        for text in case["calls"]:
            scope: dict = {"__name__": "__program__"}
            with contextlib.redirect_stdout(io.StringIO()):
                try:
                    exec(case["program"], scope)
                    answers.append("value " + canonical(eval(f"{case['entry']}({text})", scope)) + "$")
                except Exception as e:
                    answers.append(f"raised {type(e).__name__}: {e}$")
        print(f"\n[[case]]\nname = \"program {n}\"\nentry = {json.dumps(case['entry'])}")
        print(f"program = '''\n{case['program'].strip(chr(10))}\n'''")
        print(f"calls = {json.dumps(case['calls'])}\nexpect = {json.dumps(answers)}")


main()
