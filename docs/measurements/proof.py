#!/usr/bin/env python3
"""Does self-play teach? Runs rows of configurations over seeds and draws the table.

    python3 docs/measurements/proof.py run   [--rows full,solver-only] [--seeds 1-5] [--steps 60]
    python3 docs/measurements/proof.py table [FILE]
    python3 docs/measurements/proof.py signs [--runs DIR]

`run` trains the seed model once for each row and seed with target/release/quaero (make it and the
task families by `cargo xtask train --dry-run`), and appends one JSON line a run to
docs/measurements/proof.jsonl; what stands there for the same row, seed, steps and commit is not
run again, so it goes on after a stop. `table` prints Markdown: mean and 95 % t interval over seeds
of the held-out rates, of the rise from the same seed's start, and of the difference to `full` with
the same seed. `signs` reads the runs' own metrics: how entropy, validity, solve rates and programs
moved from the first ten steps to the last ten. Needs Python's standard library alone.
"""
import argparse
import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs/measurements/proof.jsonl"
KINDS = ("abduction", "deduction", "induction")
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}

# A row is a configuration and the keys that it sets.
ROWS = {
    "full": ("configs/azr-fixed.toml", []),
    "solver-only": ("configs/ablations/solver-only.toml", []),
    "no-references": ("configs/ablations/no-references.toml", []),
    "deduction-only": ("configs/ablations/deduction-only.toml", []),
    "inverse": ("configs/azr-fixed.toml", ["reward.proposer=inverse"]),
    "uncertainty": ("configs/azr-fixed.toml", ["reward.proposer=uncertainty"]),
    "variance": ("configs/azr-fixed.toml", ["reward.proposer=variance"]),
    "band": ("configs/azr-fixed.toml", ["reward.proposer=band"]),
    "ssr": ("configs/azr-fixed.toml", ["reward.proposer=ssr"]),
    "validity": ("configs/azr-fixed.toml", ["reward.proposer=validity"]),
    "learning-progress": ("configs/ablations/learning-progress.toml", []),
    "powerplay": ("configs/ablations/powerplay.toml", []),
}


def results(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def commit() -> str:
    words = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--exclude", "*"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def seeds(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def scores(row: dict) -> dict[str, float]:
    ends = {key: value for key, value in row.items() if key.startswith("eval/heldout")}
    return {key[5:-6]: value for key, value in ends.items() if key.endswith("/score")}


def measure(folder: Path) -> dict:
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    evaluated = [row for row in rows if scores(row)]
    steps = [row for row in rows if row["step"] > 0]
    total = lambda key: sum(row.get(key, 0) for row in steps)  # noqa: E731
    return {
        "start": scores(evaluated[0]),
        "end": scores(evaluated[-1]),
        "steps": evaluated[-1]["step"],
        "seconds": round(total("time/total"), 1),
        "completion_tokens": total("tokens/completion"),
    }


def run(words: argparse.Namespace) -> None:
    binary = words.binary.resolve()
    at = words.commit or commit()
    for seed in seeds(words.seeds):
        for name in words.rows.split(","):
            if name not in ROWS:
                sys.exit(f"no row {name!r}; rows: {', '.join(ROWS)}")
            done = {(r["row"], r["seed"], r["steps"], r["commit"]) for r in results(words.out)}
            if (name, seed, words.steps, at) in done:
                continue
            folder = words.runs / f"{name}-{seed}"
            shutil.rmtree(folder, ignore_errors=True)
            config, keys = ROWS[name]
            keys = keys + [f"run.seed={seed}", f"eval.every={words.steps}", "eval.samples=1"]
            command = [binary, "--plugins-dir", words.plugins, "train", ROOT / config]
            command += ["--run", folder, "--steps", str(words.steps)]
            command += [word for key in keys for word in ("--set", key)]
            print(f"{name}, seed {seed}", file=sys.stderr, flush=True)
            subprocess.run(command, check=True, cwd=ROOT, stderr=subprocess.DEVNULL)
            line = {"row": name, "seed": seed, "commit": at, **measure(folder)}
            with words.out.open("a") as out:
                out.write(json.dumps(line) + "\n")


def interval(xs: list[float]) -> str:
    mean = sum(xs) / len(xs)
    if len(xs) < 2:
        return f"{mean:+.1f}"
    sd = math.sqrt(sum((x - mean) ** 2 for x in xs) / (len(xs) - 1))
    half = T95.get(len(xs) - 1, 1.96) * sd / math.sqrt(len(xs))
    return f"{mean:+.1f} [{mean - half:+.1f}, {mean + half:+.1f}]"


def table(words: argparse.Namespace) -> None:
    rows: dict[str, dict[int, dict]] = {}
    lines = results(words.file)
    steps = next((line["steps"] for line in lines if line["row"] == "full"), 0)
    for line in lines:
        # Rows of another length than `full`'s are rows of their own.
        usual = line["row"] == "full" or line["steps"] == steps
        name = line["row"] if usual else f"{line['row']}, {line['steps']} steps"
        rows.setdefault(name, {})[line["seed"]] = line
    names = [f"heldout.{kind}" for kind in KINDS] + ["heldout", "heldout_greedy"]
    print("| row | seeds | " + " | ".join(names) + " | all, against full | tokens written |")
    print("|---|---|" + "---|" * (len(names) + 2))
    full = rows.get("full", {})
    for row, by_seed in rows.items():
        rise = lambda key: interval(  # noqa: E731
            [100 * (run["end"][key] - run["start"][key])
             for run in by_seed.values() if key in run["end"]])
        cells = [rise(key) if any(key in r["end"] for r in by_seed.values()) else "–"
                 for key in names]
        paired = [100 * (run["end"]["heldout"] - full[seed]["end"]["heldout"])
                  for seed, run in by_seed.items()
                  if seed in full and run["end"].keys() == full[seed]["end"].keys()]
        against = "–" if row == "full" or not paired else interval(paired)
        tokens = sum(run["completion_tokens"] for run in by_seed.values()) / len(by_seed)
        print(f"| {row} | {len(by_seed)} | " + " | ".join(cells)
              + f" | {against} | {tokens / 1e6:.2f} M |")


# What moved: the mean of these metrics over kinds, by name and pattern of the key.
SIGNS = {
    "entropy": r"policy/entropy",
    "groups all alike": r"policy/equal_groups",
    "valid": r"python/propose/\w+/valid_rate",
    "solved": r"python/solve/\w+/solve_rate",
    "learnability": r"python/propose/\w+/learnability",
    "characters of a program": r"python/propose/\w+/complexity/n_chars",
    "loops": r"python/propose/\w+/complexity/n_loops",
}
WINDOW = 10


def mean(xs: list[float]) -> float | None:
    return sum(xs) / len(xs) if xs else None


def moved(folder: Path, key: re.Pattern[str]) -> tuple[float | None, float | None]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    steps = [row for row in map(json.loads, lines) if row["step"] > 0]
    values = [mean([row[k] for k in row if key.fullmatch(k) and row[k] is not None])
              for row in steps]
    known = [x for x in values if x is not None]
    return mean(known[:WINDOW]), mean(known[-WINDOW:])


def signs(words: argparse.Namespace) -> None:
    print("| row | runs | " + " | ".join(SIGNS) + " |")
    print("|---|---|" + "---|" * len(SIGNS))
    for row in ROWS:
        folders = sorted(words.runs.glob(f"{row}-[0-9]*"))
        cells = []
        for pattern in SIGNS.values():
            pairs = [moved(folder, re.compile(pattern)) for folder in folders]
            whole = [(a, b) for a, b in pairs if a is not None and b is not None]
            first, last = mean([a for a, _ in whole]), mean([b for _, b in whole])
            cells.append("–" if first is None or last is None else f"{first:.3g} → {last:.3g}")
        if folders:
            print(f"| {row} | {len(folders)} | " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(required=True)
    start = verbs.add_parser("run")
    start.add_argument("--rows", default=",".join(ROWS))
    start.add_argument("--seeds", default="1-5")
    start.add_argument("--steps", type=int, default=60)
    start.add_argument("--binary", type=Path, default=ROOT / "target/release/quaero")
    start.add_argument("--plugins", type=Path, default=ROOT / "target/plugins")
    start.add_argument("--runs", type=Path, default=ROOT / "runs/proof")
    start.add_argument("--out", type=Path, default=RESULTS)
    start.add_argument("--commit", help="what the binary was built from, if not this checkout")
    start.set_defaults(does=run)
    draw = verbs.add_parser("table")
    draw.add_argument("file", nargs="?", type=Path, default=RESULTS)
    draw.set_defaults(does=table)
    watch = verbs.add_parser("signs")
    watch.add_argument("--runs", type=Path, default=ROOT / "runs/proof")
    watch.set_defaults(does=signs)
    words = parser.parse_args()
    words.does(words)


if __name__ == "__main__":
    main()
