"""The small bars in the tables: every group of rows has one scale of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .model import Benchmark
from .units import time_text, time_unit

LOG_FROM = 20.0
"""Largest over smallest time from which a linear bar would hide the small ones."""


@dataclass(frozen=True)
class Bar:
    """Places in per cent of the track; a log scale has no zero, so it shows a point, not a bar."""

    log: bool
    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Scale:
    """What the tracks of a group run from and to."""

    low_ns: float
    high_ns: float
    log: bool

    @property
    def note(self) -> str:
        if self.log:
            return f"log scale from {_plain(self.low_ns)} to {_plain(self.high_ns)}"
        return f"bars from 0 to {time_text(self.high_ns)}"

    def place(self, ns: float) -> float:
        if self.log:
            share = math.log(max(ns, self.low_ns) / self.low_ns) / math.log(
                self.high_ns / self.low_ns
            )
        else:
            share = ns / self.high_ns
        return round(100 * min(max(share, 0.0), 1.0), 1)

    def bar(self, benchmark: Benchmark) -> Bar | None:
        if benchmark.measurement is None or not benchmark.has_figures:
            return None
        head = benchmark.measurement.headline
        return Bar(self.log, self.place(head.point), self.place(head.lower), self.place(head.upper))


def scale_of(benchmarks: Sequence[Benchmark]) -> Scale | None:
    """A common scale; None when fewer than two benchmarks have a figure to compare."""
    heads = [
        item.measurement.headline for item in benchmarks if item.measurement and item.has_figures
    ]
    points = [head.point for head in heads]
    if len(points) < 2 or max(points) <= 0:
        return None
    low, high = min(points), max(head.upper for head in heads)
    if low > 0 and high / low > LOG_FROM:
        return Scale(_round_below(low), _round_above(high), True)
    return Scale(0.0, max(high, max(points)), False)


def _round_below(ns: float) -> float:
    """The nearest 1, 2 or 5 times a power of ten that is not above."""
    power = 10.0 ** math.floor(math.log10(ns))
    return max((power * factor for factor in (1, 2, 5) if power * factor <= ns), default=power)


def _round_above(ns: float) -> float:
    power = 10.0 ** math.floor(math.log10(ns))
    return min((power * factor for factor in (1, 2, 5) if power * factor >= ns), default=power * 10)


def _plain(ns: float) -> str:
    unit = time_unit(ns * 1.0001)
    return f"{ns / unit.ns:.3g} {unit.name}"
