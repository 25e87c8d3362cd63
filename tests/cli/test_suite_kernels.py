"""Kernels of known cost: the figures can be believed."""

import re
import subprocess
import sys
from pathlib import Path
from statistics import median

from suite_program import BUILD, Bench, by_id

SCRIPT = Path(__file__).with_name("print_resolution.py")
STEADY = (
    *("--warm-up-time", "0.02", "--measurement-time", "0.1", "--sample-size", "30"),
    *("--nresamples", "1000", "--target-precision", "0"),
)


def test_the_empty_kernel_is_below_resolution(bench: Bench) -> None:
    run = bench.run("kernels", "empty", *STEADY, fast=False)
    assert run.status == 0, run
    assert re.search(r"^kernels/empty +below resolution: ", run.out, re.M)
    assert by_id(bench.result("kernels"))["empty"]["below_resolution"] is True


def test_the_empty_kernel_has_no_figure_in_other_formats(bench: Bench) -> None:
    for form in ("criterion", "bencher", "go"):
        run = bench.run("kernels", "empty", *STEADY, "--output-format", form, fast=False)
        assert " ns" not in run.out


def test_twice_the_work_takes_twice_the_time(bench: Bench) -> None:
    ratios = []
    for _ in range(3):
        run = subprocess.run(
            [sys.executable, str(SCRIPT), str(BUILD / "probes" / "kernels"), *STEADY],
            cwd=bench.folder,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=20,
        )
        ratio = re.search(r"^ratio: ([0-9.]+) ", run.stdout, re.M)
        assert ratio is not None, run.stdout
        assert "empty: below resolution" in run.stdout
        ratios.append(float(ratio[1]))
    assert 1.8 <= median(ratios) <= 2.2, ratios
