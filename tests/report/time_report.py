"""Prints how many seconds a report on so many benchmarks takes: time_report.py [--benchmarks N]."""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from make_results import make_documents, write_documents

REPORT = Path(__file__).resolve().parents[2] / "reports" / "report.py"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmarks", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results, out = Path(folder) / "results", Path(folder) / "html"
        write_documents(results, make_documents(options.benchmarks))
        command = [sys.executable, str(REPORT), str(results), "--out", str(out)]
        seconds = []
        for _ in range(options.runs):
            start = time.monotonic()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds.append(time.monotonic() - start)
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        processor = (usage.ru_utime + usage.ru_stime) / options.runs
        print(
            f"{options.benchmarks} benchmarks: {min(seconds):.2f} s (best of {options.runs}; slowest "
            f"{max(seconds):.2f} s), {processor:.2f} s of processor time, "
            f"{usage.ru_maxrss / 1024:.0f} MiB of memory, {size / 1e6:.1f} MB of pages"
        )


if __name__ == "__main__":
    main()
