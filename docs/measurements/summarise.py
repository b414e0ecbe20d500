#!/usr/bin/env python3
"""Held-out scores of several runs: mean and spread over seeds, as a Markdown table.

    python3 docs/measurements/summarise.py runs/a runs/b runs/c

Reads each run's metrics.jsonl and nothing else; needs only Python's standard library. `start` is
step 0 (before the first update), `end` the last step that evaluated. The spread is the standard
deviation over runs (n - 1); the interval is the 95 % t interval of the mean of (end - start).
"""
import json
import math
import sys
from pathlib import Path

T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def series(run: Path) -> dict[str, list[tuple[int, float]]]:
    out: dict[str, list[tuple[int, float]]] = {}
    for line in (run / "metrics.jsonl").read_text().splitlines():
        row = json.loads(line)
        for key, value in row.items():
            if key.startswith("eval/") and key.endswith("/score"):
                out.setdefault(key[5:-6], []).append((row["step"], value))
    return out


def mean_sd(xs: list[float]) -> tuple[float, float]:
    m = sum(xs) / len(xs)
    return m, math.sqrt(sum((x - m) ** 2 for x in xs) / (len(xs) - 1)) if len(xs) > 1 else math.nan


def main() -> None:
    runs = [series(Path(p)) for p in sys.argv[1:]]
    if not runs:
        sys.exit(__doc__)
    print("| suite | start, mean ± sd | end, mean ± sd | rise, mean [95 %] | each run's rise |")
    print("|---|---|---|---|---|")
    for name in runs[0]:
        start = [100 * run[name][0][1] for run in runs]
        end = [100 * run[name][-1][1] for run in runs]
        rise = [e - s for s, e in zip(start, end)]
        (sm, ss), (em, es), (rm, rs) = mean_sd(start), mean_sd(end), mean_sd(rise)
        half = T95.get(len(runs) - 1, 1.96) * rs / math.sqrt(len(runs)) if len(runs) > 1 else math.nan
        each = ", ".join(f"{x:+.1f}" for x in rise)
        print(f"| {name} | {sm:.1f} ± {ss:.1f} | {em:.1f} ± {es:.1f} "
              f"| {rm:+.1f} [{rm - half:+.1f}, {rm + half:+.1f}] | {each} |")


if __name__ == "__main__":
    main()
