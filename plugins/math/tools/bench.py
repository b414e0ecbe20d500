"""Grades the same pairs through the component and with Math-Verify, and prints both.

    python bench.py --quaero target/release/quaero --plugins-dir target/plugins [--math-verify]

Mixed cases are ../cases/equal.jsonl and near.jsonl, both ways round, repeated; forms are
../cases/forms_equal.jsonl and forms_near.jsonl, both ways round; plain ones are integers. With
--answers, whole completions from a file of recorded cases are graded too (their kind `answer`). The component's rate is the slope between a short and a long run of `plugin grade`, so
that starting the program does not count; it is pinned to one core, as Math-Verify is. Rates are
cases a CPU-second (user and system, of the whole program, its reading and writing of JSON lines
included), so that a busy machine does not count either; wall-clock rates stand beside them.
Math-Verify (`pip install math-verify`) gets both sides in dollar signs, which it asks for.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

CASES = Path(__file__).resolve().parent.parent / "cases"


def pairs(prefix=""):
    """Gold, answer, whether they are equal; both ways round."""
    found = []
    for name, equal in (("equal", True), ("near", False)):
        path = CASES / f"{prefix}{name}.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines():
            pair = json.loads(line)
            found.append((pair["gold"], pair["answer"], equal))
            found.append((pair["answer"], pair["gold"], equal))
    return found


def integers(n):
    """Plain integers of one to twelve digits, every other answer wrong."""
    found = []
    for i in range(n):
        gold = (i * 7919 + 13) % 10 ** (1 + i % 12)
        found.append((str(gold), str(gold + i % 2), i % 2 == 0))
    return found


def completions(path):
    """Gold, completion, whether it is right, of the recorded cases of free-form answers."""
    found = []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if (case["family"], case["command"]) == ("math", "grade"):
            given = case["input"]
            found.append((given["task"]["secret"]["answer"], given["completion"],
                          case["expected"] == "ok"))
    return found


def grade(args, cases, boxed=True):
    """CPU and wall-clock seconds of `plugin grade` for these cases, and its verdicts."""
    lines = "".join(
        json.dumps({"task": {"public": {"problem": ""}, "secret": {"answer": gold}},
                    "completion": f"\\boxed{{{answer}}}" if boxed else answer}) + "\n"
        for gold, answer, _ in cases)
    command = [args.quaero, "--plugins-dir", args.plugins_dir, "plugin", "grade", "math",
               "--kind", "answer"]
    start, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, input=lines, capture_output=True, text=True, check=True,
                         preexec_fn=lambda: os.sched_setaffinity(0, {args.core}))
    wall, now = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = (now.ru_utime - used.ru_utime + now.ru_stime - used.ru_stime, wall)
    verdicts = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(verdicts) == len(cases), f"{len(verdicts)} verdicts for {len(cases)} cases"
    return seconds, verdicts


def rate(args, cases, short, long):
    """Cases a CPU-second and a wall-clock second between `short` and `long` repetitions of the
    cases; the median of three."""
    rates = []
    for _ in range(3):
        first, _ = grade(args, cases * short)
        second, _ = grade(args, cases * long)
        n = (long - short) * len(cases)
        rates.append([n / (b - a) for a, b in zip(first, second)])
    return sorted(rates)[1]


def report(name, cases, accepted):
    """False accepts and false rejects."""
    right = [case[2] for case in cases]
    false_accepts = sum(a and not r for a, r in zip(accepted, right))
    false_rejects = sum(r and not a for a, r in zip(accepted, right))
    n_equal = sum(right)
    print(f"{name}: false accepts {false_accepts} of {len(right) - n_equal}, "
          f"false rejects {false_rejects} of {n_equal}")


def peer(cases, dollars=True):
    """CPU-seconds of Math-Verify for these cases, and its verdicts."""
    from math_verify import parse, verify

    def one(gold, answer):
        return verify(parse(f"${gold}$"), parse(f"${answer}$" if dollars else answer))

    one("1", "2")
    start = time.process_time()
    verdicts = [bool(one(gold, answer)) for gold, answer, _ in cases]
    return time.process_time() - start, verdicts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quaero", required=True)
    parser.add_argument("--plugins-dir", required=True)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--math-verify", action="store_true")
    parser.add_argument("--answers", help="a file of recorded cases with whole completions")
    parser.add_argument("--verdicts-only", action="store_true", help="measure no speed of ours")
    args = parser.parse_args()
    mixed, plain, forms = pairs(), integers(2_000), pairs("forms_")
    whole = completions(args.answers) if args.answers else []
    _, verdicts = grade(args, mixed)
    report("component", mixed, [v["status"] == "ok" for v in verdicts])
    for name, cases, boxed in (("forms", forms, True), ("completions", whole, False)):
        if cases:
            _, verdicts = grade(args, cases, boxed)
            report(f"component {name}", cases, [v["status"] == "ok" for v in verdicts])
    ours = {} if args.verdicts_only else {"mixed": rate(args, mixed, 1, 9), "integers": rate(args, plain, 5, 105)}
    for name, (cpu, wall) in ours.items():
        print(f"component {name}: {cpu:,.0f} a CPU-second ({wall:,.0f} a second)")
    if args.math_verify:
        os.sched_setaffinity(0, {args.core})
        sets = (("mixed", mixed), ("integers", plain), ("forms", forms), ("completions", whole))
        for name, cases in sets:
            if not cases:
                continue
            seconds, verdicts = peer(cases, name != "completions")
            report(f"Math-Verify {name}", cases, verdicts)
            if name not in ours:
                print(f"Math-Verify {name}: {len(cases) / seconds:,.0f} a CPU-second")
                continue
            theirs = len(cases) / seconds
            print(f"Math-Verify {name}: {theirs:,.0f} a CPU-second; "
                  f"the component does {ours[name][0] / theirs:.0f} times as many")


if __name__ == "__main__":
    sys.exit(main())
