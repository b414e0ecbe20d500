"""Baseline of `quaero bench verify`: pyeryx, CPython 3.14 as a component in wasmtime, a new sandbox for
each program, from a factory that has the imports loaded. Each call is evaluated twice and compared.

Usage: verify_eryx.py PROGRAMS.json; then one command a line (`rate N`, `latency N`), one JSON
object back for each.
"""
import json
import sys
import time

import eryx

IMPORTS = ["re", "json", "math", "heapq", "itertools", "functools", "fractions", "collections"]
HARNESS = """
def __once(code, entry, call):
    names = {{"__name__": "__program__"}}
    try:
        exec(code, names)
        return repr(eval(entry + "(" + call + chr(10) + ")", names))
    except BaseException as error:
        return type(error).__name__
def __check(source, entry, calls):
    code = compile(source, "<program>", "exec")
    return [(__once(code, entry, call), __once(code, entry, call)) for call in calls]
print("=" + repr(__check({source!r}, {entry!r}, {calls!r})))
"""


def main():
    programs = json.load(open(sys.argv[1]))
    texts = [
        HARNESS.format(source=p["code"], entry=p["entry"], calls=p["inputs"]) for p in programs
    ]
    factory = eryx.SandboxFactory(imports=IMPORTS)

    def run(text):
        out = factory.create_sandbox().execute(text).stdout
        out = out.decode() if isinstance(out, bytes) else out  # 0.11 says it in bytes
        answers = eval(out[out.rindex("=") + 1:])
        assert all(first == again for first, again in answers)
        return answers

    shown = [[first for first, _ in run(text)] for text in texts]
    print(json.dumps({"ready": "pyeryx, fresh sandbox", "answers": shown}), flush=True)
    for line in sys.stdin:
        n, latencies = int(line.split()[1]), []
        start, cpu = time.perf_counter(), time.process_time()
        for _ in range(n):
            for text in texts:
                begin = time.perf_counter()
                run(text)
                latencies.append(time.perf_counter() - begin)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        print(json.dumps({"n": n * len(texts), "wall": wall, "cpu": cpu, "latencies": latencies}),
              flush=True)


main()
