"""Writes builtins.json: programs, and the builtins that each uses, as CPython 3.13 compiled them.

usage: python3.13 builtins.py > builtins.json
"""

import dis
import json
import pathlib
import types

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[3]
BINDS = {"STORE_NAME", "STORE_GLOBAL"}
LOADS = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}


def codes(code):
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from codes(const)


def used(program):
    top = compile(program, "<program>", "exec")
    module = {i.argval for i in dis.get_instructions(top) if i.opname in BINDS}
    module |= {i.argval for c in codes(top) for i in dis.get_instructions(c) if i.opname == "STORE_GLOBAL"}
    found = set()
    for code in codes(top):
        own = {i.argval for i in dis.get_instructions(code) if i.opname == "STORE_NAME"}
        for i in dis.get_instructions(code):
            if i.opname in LOADS and i.argval not in module | own:
                found.add(i.argval)
    return sorted(found - {"__name__", "__conditional_annotations__"})


def programs():
    for line in (ROOT / "plugins/python/redteam/cases.jsonl").read_text().splitlines()[::20]:
        yield json.loads(line)["program"]
    for one in json.loads((ROOT / "crates/runtime/fixtures/prog20.json").read_text()):
        yield one["code"]
    yield (HERE / "builtins.py").read_text()
    yield (HERE.parent / "measure.py").read_text()
    yield (ROOT / "plugins/python/redteam/generate.py").read_text()
    for path in sorted((ROOT / "plugins/interpreter").glob("*.py")):
        yield path.read_text()


print(json.dumps([[p, used(p)] for p in dict.fromkeys(programs())], ensure_ascii=False, indent=0))
