"""Prints what probes change in the times of the same run, which should be nothing, and what they cost.

    time_probes.py --build BUILD [--rounds N]

In each round the benchmarks of `allocating` are measured once with probes and once without, in random
order, so that the machine's drift is in both. A round's change is the median over the benchmarks of the
log ratio of lowmean. Over rounds: the Hodges-Lehmann estimate with its 95 % interval (Wilcoxon's signed
ranks, normal approximation), which a disturbed round hardly moves. The cost is the median difference of
how long the two runs took.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

BENCHMARKS = ("aligned", "array", "by_libc", "peak", "resized", "paused", "three/threads:1")
ALIKE = 0.01


def measure(program: Path, folder: Path, *options: str) -> tuple[dict[str, float], float]:
    """lowmean of each benchmark, and the seconds that the run took."""
    pattern = f"/({'|'.join(BENCHMARKS)})$"
    begun = time.monotonic()
    subprocess.run(
        [str(program), "--quick", "--quiet", "--results-dir", str(folder), *options, pattern],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    seconds = time.monotonic() - begun
    document = json.loads((folder / "allocating.json").read_text())
    times = {b["id"]: b["estimates"]["lowmean_ns"]["point"] for b in document["benchmarks"]}
    assert len(times) == len(BENCHMARKS)
    return times, seconds


def interval(values: list[float]) -> tuple[float, float, float]:
    """Hodges-Lehmann: median of the means of all pairs; the bounds are order statistics of these."""
    n = len(values)
    means = sorted((values[i] + values[j]) / 2 for i in range(n) for j in range(i, n))
    spread = math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    low = max(0, math.floor(len(means) / 2 - statistics.NormalDist().inv_cdf(0.975) * spread))
    return statistics.median(means), means[low], means[-1 - low]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build/release"))
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    ratios: dict[str, list[float]] = {}
    costs = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            found = {}
            for choice in random.sample([(), ("--no-probes",)], 2):
                program = options.build / "probes" / "allocating"
                found[bool(choice)] = measure(program, Path(folder), *choice)
            (with_probes, long_s), (without, short_s) = found[False], found[True]
            costs.append((long_s - short_s) / len(BENCHMARKS))
            for name, time_ns in with_probes.items():
                ratios.setdefault(name, []).append(math.log(time_ns / without[name]))
    for name, values in ratios.items():
        print(f"{name:30} {statistics.median(values):+.2%} (median of {len(values)} pairs)")
    rounds = [statistics.median(values) for values in zip(*ratios.values())]
    middle, lower, upper = interval(rounds)
    verdict = "less than 1 %" if max(abs(lower), abs(upper)) < ALIKE else "not decided"
    print(f"all: {middle:+.2%} [{lower:+.2%} .. {upper:+.2%}]: {verdict}")
    print(f"cost: {statistics.median(costs) * 1e3:.1f} ms a benchmark")


if __name__ == "__main__":
    main()
