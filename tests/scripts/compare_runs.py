"""Compares two runs bit by bit: scalars, experience, weights. Exits with 1 where they differ.

usage: python compare_runs.py A B [--through STEP] [--ignore KEY]... [--rename OLD=NEW]...

Compared are `metrics.jsonl` without `time/` and `perf/`, all rows of all tables of `experience.db`
in the columns that both have, and the weights and moments of each checkpoint that both keep. What
was written after STEP is left out, so that a short run can be held against a longer one.
KEY is a scalar's name, or a `*` pattern of one, or `TABLE.COLUMN`. OLD=NEW reads A's scalars under
the names that B gives them.

Needs Python alone.
"""
import argparse
import fnmatch
import json
import pathlib
import sqlite3
import sys

TIMES = ["time/*", "perf/*"]
WEIGHTS = ["trainer.safetensors", "model.safetensors"]


def scalars(run, args, rename=()):
    rows = {}
    for line in (run / "metrics.jsonl").read_text().splitlines():
        row = json.loads(line)
        for old, new in rename:
            row = {key.replace(old, new): value for key, value in row.items()}
        ignored = lambda key: any(fnmatch.fnmatch(key, one) for one in TIMES + args.ignore)
        rows[row["step"]] = {key: value for key, value in row.items() if not ignored(key)}
    return {step: row for step, row in rows.items() if step <= args.through}


def compare_scalars(a, b, args):
    left, right = scalars(a, args, [one.split("=") for one in args.rename]), scalars(b, args)
    if left.keys() != right.keys():
        yield f"metrics: steps {sorted(left)} against {sorted(right)}"
    for step in sorted(left.keys() & right.keys()):
        for key in sorted(left[step].keys() | right[step].keys()):
            one, other = left[step].get(key), right[step].get(key)
            # As text, so that 0.0 and -0.0 differ.
            if repr(one) != repr(other):
                yield f"metrics, step {step}, {key}: {one} against {other}"


def columns(db, table):
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})")]


def rows(db, table, names, args):
    bound = f"WHERE step <= {args.through}" if "step" in columns(db, table) else ""
    return db.execute(f"SELECT {', '.join(names)} FROM {table} {bound} ORDER BY 1").fetchall()


def compare_experience(a, b, args):
    dbs = [sqlite3.connect(f"file:{run / 'experience.db'}?mode=ro", uri=True) for run in (a, b)]
    sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
    left, right = ([row[0] for row in db.execute(sql)] for db in dbs)
    if left != right:
        yield f"experience: tables {left} against {right}"
    for table in sorted(set(left) & set(right)):
        there = set(columns(dbs[1], table))
        names = [one for one in columns(dbs[0], table) if one in there]
        names = [one for one in names if f"{table}.{one}" not in args.ignore]
        one, other = (rows(db, table, names, args) for db in dbs)
        if len(one) != len(other):
            yield f"experience, {table}: {len(one)} rows against {len(other)}"
        # A task that left its buffer later is still there for the shorter run.
        late = names.index("evicted_step") if "evicted_step" in names else None
        for mine, theirs in zip(one, other):
            for at, (x, y) in enumerate(zip(mine, theirs)):
                if at == late:
                    x, y = (None if step and step > args.through else step for step in (x, y))
                if repr(x) != repr(y):
                    yield f"experience, {table} {mine[0]}, {names[at]}: {x!r} against {y!r}"


def compare_weights(a, b, args):
    steps = [{path.name for path in run.glob("checkpoints/step-*")} for run in (a, b)]
    both = sorted(one for one in steps[0] & steps[1] if int(one[5:]) <= args.through)
    if not both:
        yield "weights: no checkpoint of one step in both"
    for step in both:
        for name in WEIGHTS:
            one, other = ((run / "checkpoints" / step / name).read_bytes() for run in (a, b))
            if one != other:
                yield f"weights, {step}/{name}: they differ"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("a", type=pathlib.Path)
    parser.add_argument("b", type=pathlib.Path)
    parser.add_argument("--through", type=int, default=2**62)
    parser.add_argument("--ignore", action="append", default=[])
    parser.add_argument("--rename", action="append", default=[])
    args = parser.parse_args()
    found = 0
    for part in (compare_scalars, compare_experience, compare_weights):
        for difference in part(args.a, args.b, args):
            found += 1
            if found <= 40:
                print(difference)
    print(f"{args.a} and {args.b}: {found or 'no'} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
