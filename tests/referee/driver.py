"""Runs `assay compare` on two programs of the referee, as a user would, and reads what it wrote."""

import json
import math
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMPUTE = ("alu", "hash", "sort", "parse")
MEMORY = ("chase_l2", "chase_l3")
KERNELS = COMPUTE + MEMORY
INJECTED_COPY = 2  # INJECT_COPY of work/units.c

TIMEOUT_S = 900.0
# Fine, a regression, and inconclusive or untrusted: all of them leave a complete document.
RAN = (0, 1, 5)


class RefereeError(Exception):
    """The referee cannot go on; the text says why."""


def kernel_of(benchmark_id: str) -> str:
    return benchmark_id.split("/")[1]


def class_of(kernel: str) -> str:
    return "memory" if kernel in MEMORY else "compute"


@dataclass(frozen=True)
class Pairs:
    """Of one stage."""

    logs: tuple[float, ...]
    orders: tuple[int, ...]


@dataclass(frozen=True)
class Judged:
    """What became of one benchmark."""

    id: str
    injected: float  # true share of more work, 0: the same
    verdict: str
    layout_alone: bool  # called, and taken back as the code is the same on both sides
    flagged: bool
    confirmed: bool
    point: float
    lower: float
    upper: float
    screen: Pairs
    confirming: Pairs

    @property
    def kernel(self) -> str:
        return kernel_of(self.id)


@dataclass(frozen=True)
class Comparison:
    wall_s: float
    trusted: bool
    judged: tuple[Judged, ...]


def read_pairs(pairs: dict[str, Any], confirming: bool, most: int) -> Pairs:
    if "log_ratio" in pairs:
        logs = pairs["log_ratio"]
    else:
        arms = zip(pairs["old_lowmean_ns"], pairs["new_lowmean_ns"], strict=True)
        logs = [math.log(new / old) for old, new in arms]
    chosen = [i for i, flag in enumerate(pairs["confirming"]) if flag == confirming][:most]
    return Pairs(
        tuple(float(logs[i]) for i in chosen),
        tuple(int(pairs["order"][i]) for i in chosen),
    )


def read_judged(benchmark: dict[str, Any], injected: float, settings: dict[str, Any]) -> Judged:
    name = benchmark["id"]
    if benchmark["status"] != "compared":
        raise RefereeError(f"{name} was not compared: {benchmark['reason']}")
    effect = benchmark["effect_ratio"]
    return Judged(
        id=name,
        injected=injected if name.endswith(f"/{INJECTED_COPY}") else 0.0,
        verdict=benchmark["verdict"],
        layout_alone=benchmark["layout_alone"],
        flagged=benchmark["flagged"],
        confirmed=benchmark["confirmed"],
        point=effect["point"],
        lower=effect["lower"],
        upper=effect["upper"],
        # Pairs that follow because the first ones left it open are not a sample of fixed size.
        screen=read_pairs(benchmark["pairs"], False, settings["screen_pairs"]),
        confirming=read_pairs(benchmark["pairs"], True, settings["confirm_pairs"]),
    )


def read_comparison(document: dict[str, Any], wall_s: float, injected: float) -> Comparison:
    settings = document["settings"]
    judged = tuple(read_judged(b, injected, settings) for b in document["benchmarks"])
    if not judged:
        raise RefereeError("nothing was compared")
    return Comparison(wall_s, bool(document["trusted"]), judged)


@dataclass(frozen=True)
class Programs:
    """Where the tool and the programs of the referee are."""

    build: Path

    @property
    def assay(self) -> Path:
        return self.build / "bin" / "assay"

    @property
    def alternate(self) -> Path:
        return self.build / "referee" / "alternate"

    def referee(self, name: str) -> Path:
        return self.build / "referee" / name / "referee"

    def check(self) -> None:
        names = ("plain", "copy", "relinked", "i5", "i10", "i20", "i50")
        needed = [self.assay, self.alternate, *(self.referee(name) for name in names)]
        missing = [str(path) for path in needed if not path.exists()]
        if missing:
            raise RefereeError(f"not built: {', '.join(missing)}; run: make all referee-programs")


def compare(
    programs: Programs, new: str, injected: float, out: Path, options: Sequence[str]
) -> Comparison:
    """plain against `new`; the document stays in `out`."""
    command = [
        *(str(programs.assay), "compare"),
        *(str(programs.referee("plain")), str(programs.referee(new))),
        *("--out", str(out), "--quiet", "--color", "never", *options),
    ]
    began = time.monotonic()
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise RefereeError(f"did not end in {TIMEOUT_S:.0f} s: {' '.join(command)}") from late
    wall_s = time.monotonic() - began
    if ended.returncode not in RAN:
        print(ended.stderr, file=sys.stderr)
        raise RefereeError(f"exit status {ended.returncode}: {' '.join(command)}")
    document = json.loads((out / "compare.json").read_text(encoding="utf-8"))
    return read_comparison(document, wall_s, injected)
