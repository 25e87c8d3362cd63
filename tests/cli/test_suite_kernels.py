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


def is_told(bench: Bench) -> bool:
    """Whether the empty kernel got a figure of its own; it is saved as the baseline `main`."""
    run = bench.run("kernels", "empty", *STEADY, "--save-baseline", "main", fast=False)
    assert run.status == 0, run
    below = by_id(bench.result("kernels"))["empty"]["below_resolution"]
    said = re.search(r"^kernels/empty +below resolution: ", run.out, re.M) is not None
    assert said == below
    return not below


def test_the_empty_kernel_is_below_resolution(bench: Bench) -> None:
    told = sum(is_told(bench) for _ in range(7))
    assert told <= 2, f"{told} of 7"


def test_the_empty_kernel_has_no_figure_in_other_formats(bench: Bench) -> None:
    assert not all(is_told(bench) for _ in range(5)), "never below resolution"
    for form in ("criterion", "bencher", "go"):
        run = bench.run("kernels", "empty", "--load-baseline", "main", "--output-format", form)
        assert run.status == 0, run
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
        assert re.search(r"^empty: (below resolution|told from the loop)$", run.stdout, re.M)
        ratios.append(float(ratio[1]))
    assert 1.8 <= median(ratios) <= 2.2, ratios
