"""Other rules, given what they measure by, for the same time as a comparison took on average."""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import rules
from driver import Programs, RefereeError

RUNS = 10  # processes a side for the rank-sum test
TANGO_SLICE_S = 0.001
PROGRAM_TIMEOUT_S = 60.0
LEAST_S = 0.001  # that a program can be asked to measure for

CRITERION = "Criterion.rs: A, then B"
MINIMUM = "least time, 5 % tolerance"
MANN_WHITNEY = "10 + 10 runs, Mann-Whitney"
TANGO = "tango: slices in turns, z >= 2.6"
NAMES = (CRITERION, MINIMUM, MANN_WHITNEY, TANGO)


@dataclass(frozen=True)
class RivalCall:
    """What one rule said of one benchmark.

    budget_s is what it was given to measure in; what starting its processes took besides is not
    held against it, but is part of wall_s.
    """

    rival: str
    cell: str
    id: str
    injected: float
    verdict: str
    budget_s: float
    wall_s: float


def run_program(command: list[str], folder: str) -> str:
    """In a folder that is no repository: asking for its state would take longer than a short run."""
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PROGRAM_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise RefereeError(f"did not end: {' '.join(command)}") from late
    if ended.returncode != 0:
        raise RefereeError(f"{' '.join(command)}: {ended.stderr.strip()}")
    return ended.stdout


def measure(program: Path, benchmark: str, budget_s: float, samples: int) -> rules.Array:
    """Times of an iteration in ns, from one process that measures for this long.

    A third of it warms up, as in Criterion's own 3 s and 5 s.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(str(program), benchmark, "--exact", "--quiet", "--results-dir", folder),
            *("--warm-up-time", f"{max(LEAST_S, budget_s * 3 / 8):.4f}"),
            *("--measurement-time", f"{max(LEAST_S, budget_s * 5 / 8):.4f}"),
            *("--sample-size", str(samples), "--target-precision", "0", "--nresamples", "1000"),
        ]
        run_program(command, folder)
        document = json.loads((Path(folder) / "referee.json").read_text(encoding="utf-8"))
    taken = document["benchmarks"][0]["samples"]
    return np.asarray(taken["time_ns"]) / np.asarray(taken["iterations"])


def slices(
    programs: Programs, new: str, benchmark: str, budget_s: float, seed: int
) -> tuple[rules.Array, rules.Array]:
    """Times of an iteration of old and new, which take turns within one pair of processes."""
    out = run_program(
        [
            *(str(programs.alternate), str(programs.referee("plain")), str(programs.referee(new))),
            *(benchmark, str(TANGO_SLICE_S), f"{budget_s:.4f}", "-1", str(seed)),
        ],
        "/",
    )
    table = np.array([line.split() for line in out.splitlines()], dtype=float)
    return table[:, 0], table[:, 1]


@dataclass(frozen=True)
class Trial:
    """One benchmark of two programs whose true difference is known."""

    programs: Programs
    cell: str
    new: str
    benchmark: str
    injected: float
    budget_s: float
    seed: int

    def call(self, rival: str, verdict: str, wall_s: float) -> RivalCall:
        return RivalCall(
            rival, self.cell, self.benchmark, self.injected, verdict, self.budget_s, wall_s
        )

    def two_blocks(self) -> list[RivalCall]:
        """Half of the time for the old one, then half for the new: Criterion, and the least."""
        began = time.monotonic()
        arms = [
            measure(self.programs.referee(name), self.benchmark, self.budget_s / 2, 100)
            for name in ("plain", self.new)
        ]
        wall_s = time.monotonic() - began
        rng = np.random.default_rng(self.seed)
        return [
            self.call(CRITERION, rules.criterion_rule(arms[0], arms[1], rng), wall_s),
            self.call(MINIMUM, rules.minimum_rule(arms[0], arms[1]), wall_s),
        ]

    def many_runs(self) -> list[RivalCall]:
        """Fresh processes, old and new in turns, each for a twentieth of the time."""
        began = time.monotonic()
        means: dict[str, list[float]] = {"plain": [], self.new: []}
        for _ in range(RUNS):
            for name, found in means.items():
                each_s = self.budget_s / (2 * RUNS)
                times = measure(self.programs.referee(name), self.benchmark, each_s, 10)
                found.append(float(times.mean()))
        wall_s = time.monotonic() - began
        verdict = rules.mann_whitney_rule(np.array(means["plain"]), np.array(means[self.new]))
        return [self.call(MANN_WHITNEY, verdict, wall_s)]

    def one_pair(self) -> list[RivalCall]:
        began = time.monotonic()
        old, new = slices(self.programs, self.new, self.benchmark, self.budget_s, self.seed)
        wall_s = time.monotonic() - began
        return [self.call(TANGO, rules.tango_rule(old, new), wall_s)]

    def run(self) -> list[RivalCall]:
        ways: list[Callable[[], list[RivalCall]]] = [
            self.two_blocks,
            self.many_runs,
            self.one_pair,
        ]
        return [call for way in ways for call in way()]
