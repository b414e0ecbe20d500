"""Baseline of `quaero bench verify`: a pebble process pool that runs programs with `exec`, in the manner
of Absolute Zero's executor. No isolation: a program can do to the worker what it likes.

Usage: verify_pool.py PROGRAMS.json STEP.json WORKERS; then one command a line, one JSON object back:
  rate N     all programs N times, each call evaluated twice, in one map over the pool
  latency N  the same, one program at a time
  step R     a step's answers, in one map over the pool; R makes the programs new
  azr R      the same as Absolute Zero does it: one snippet a call, one after the other
"""
import ast
import json
import os
import signal
import sys
import time

from pebble import ProcessPool


class Mute:
    def write(self, text):
        return len(text)

    def flush(self):
        pass


def late(*_):
    raise TimeoutError


def prepare():
    sys.stdout = Mute()
    signal.signal(signal.SIGALRM, late)
    import collections, fractions, functools, heapq, itertools, json, math, re  # noqa: F401, E401


def once(code, entry, call):
    names = {"__name__": "__program__"}
    try:
        exec(code, names)
        return repr(eval(f"{entry}({call}\n)", names))
    except BaseException as error:
        return type(error).__name__


def check(program):
    """A program's answers, each found twice, and this worker's CPU time so far."""
    signal.alarm(10)
    code = compile(program["code"], "<program>", "exec")
    pairs = [
        (once(code, program["entry"], call), once(code, program["entry"], call))
        for call in program["inputs"]
    ]
    signal.alarm(0)
    assert all(first == again for first, again in pairs)
    return [first for first, _ in pairs], os.getpid(), time.process_time()


def snippet(text):
    """All but the last line is executed, the last one evaluated."""
    signal.alarm(10)
    *body, last = text.split("\n")
    names = {"__name__": "__program__"}
    try:
        exec("\n".join(body), names)
        value = repr(eval(last, names))
    except BaseException as error:
        value = type(error).__name__
    signal.alarm(0)
    return value, os.getpid(), time.process_time()


class Cpu:
    """CPU time of this process and its workers, as they report it."""

    def __init__(self):
        self.seen = {}
        self.sum = 0.0

    def note(self, results):
        for _, pid, cpu in results:
            self.sum += max(0.0, cpu - self.seen.get(pid, 0.0))
            self.seen[pid] = max(cpu, self.seen.get(pid, 0.0))
        return [value for value, _, _ in results]


def plain_equal(gold, answer):
    """Absolute Zero compares outputs that can be read without a program; None: they cannot."""
    try:
        return ast.literal_eval(gold) == ast.literal_eval(answer)
    except Exception:
        return None


def snippets(attempt, mark):
    """What must run to judge an attempt; all must say True."""
    kind, answer = attempt["kind"], attempt["answer"]
    if answer is None:
        return []
    if kind == "deduction":
        return [f"eval({attempt['output']!r}) == eval({answer!r})"]
    program = (answer if kind == "induction" else attempt["program"]) + f"\n{mark}"
    if kind == "abduction":
        return [f"{program}\n{attempt['output']} == f({answer})"]
    return [f"{program}\n{output} == f({call})" for call, output in attempt["hidden"]]


def judge_all(attempts, mark, run):
    """The verdicts; `run` takes snippets and gives what they say."""
    wanted, spans, known = [], [], []
    for attempt in attempts:
        same = None
        if attempt["kind"] == "deduction" and attempt["answer"] is not None:
            same = plain_equal(attempt["output"], attempt["answer"])
        todo = snippets(attempt, mark) if same is None else []
        known.append(same)
        spans.append((len(wanted), len(wanted) + len(todo)))
        wanted += todo
    said = run(wanted)
    return [
        bool(same) if same is not None else (b > a and all(s == "True" for s in said[a:b]))
        for same, (a, b) in zip(known, spans)
    ]


def main():
    programs, attempts = (json.load(open(path)) for path in sys.argv[1:3])
    workers, cpus = int(sys.argv[3]), Cpu()
    with ProcessPool(max_workers=workers, initializer=prepare) as pool:

        def batch(function, items):
            return cpus.note(list(pool.map(function, items, timeout=10).result())) if items else []

        def one_by_one(function, items, latencies=None):
            said = []
            for item in items:
                begin = time.perf_counter()
                said += batch(function, [item])
                if latencies is not None:
                    latencies.append(time.perf_counter() - begin)
            return said

        shown = batch(check, programs)
        print(json.dumps({"ready": "pebble pool", "answers": shown}), flush=True)
        for line in sys.stdin:
            command, n = line.split()
            n, latencies, cpus.sum = int(n), [], 0.0
            start, cpu = time.perf_counter(), time.process_time()
            reply = {"n": n * len(programs)}
            if command == "rate":
                batch(check, programs * n)
            elif command == "latency":
                one_by_one(check, programs * n, latencies)
            else:
                way = batch if command == "step" else one_by_one
                verdicts = judge_all(attempts, f"# {n}", lambda texts: way(snippet, texts))
                reply = {"n": len(attempts), "right": sum(verdicts)}
            wall = time.perf_counter() - start
            cpu = time.process_time() - cpu + cpus.sum
            print(json.dumps({**reply, "wall": wall, "cpu": cpu, "latencies": latencies}), flush=True)


main()
