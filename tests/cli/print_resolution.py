"""Measures kernels whose cost is known and prints what Assay makes of them.

usage: print_resolution.py [KERNELS-PROGRAM [OPTION...]]

The chains are 200 and 400 additions that wait for each other, so that the second takes twice as long,
whatever the machine. The empty kernel must not get a figure of its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

BUILD = Path(os.environ.get("ASSAY_BUILD", "build/release"))


def main() -> int:
    program, *options = sys.argv[1:] or [str(BUILD / "probes" / "kernels")]
    ids = ["kernels/chain_200", "kernels/chain_400", "kernels/empty"]
    quiet = ["--quiet", "--discard-baseline", "--output-format", "json"]
    run = subprocess.run(
        [program, "--exact", *ids, *quiet, *options], stdout=subprocess.PIPE, check=False
    )
    if run.returncode != 0:
        return run.returncode
    document = json.loads(run.stdout)
    shorter, longer, empty = document["benchmarks"]
    estimates = [b["estimates"]["lowmean_ns"] for b in (shorter, longer)]
    for benchmark, estimate in zip((shorter, longer), estimates):
        half = (estimate["upper"] - estimate["lower"]) / 2 / estimate["point"]
        print(f"{benchmark['bench']}: {estimate['point']:.3f} ns +- {half:.3%}")
    print(f"ratio: {estimates[1]['point'] / estimates[0]['point']:.4f} (2 is right)")
    print(f"loop: {document['loop_ns']['point']:.4f} ns")
    print(f"empty: {'below resolution' if empty['below_resolution'] else 'told from the loop'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
