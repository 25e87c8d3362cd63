"""Axes: ranges with room around the data, and ticks at round values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .units import fixed


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Range:
    """What an axis covers; low < high always."""

    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low

    def clamp(self, value: float) -> float:
        return min(max(value, self.low), self.high)

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def padded(low: float, high: float, pad: float = 0.04) -> Range:
    """The range of the data with room on both sides; widened when the data is a single value."""
    width = high - low
    least = max(abs(low), abs(high)) * 1e-6
    if width <= least:
        room = max(abs(low), abs(high)) * 0.01 or 1.0
        return Range(low - room, high + room)
    return Range(low - width * pad, high + width * pad)


def _step(width: float, count: int) -> float:
    raw = 0.75 * width / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    return next((power * factor for factor in (1, 2, 2.5, 5) if power * factor >= raw), power * 10)


def linear_ticks(span: Range, count: int = 5) -> list[Tick]:
    """About `count` ticks at round values inside the range."""
    step = _step(span.width, count)
    first = math.ceil(span.low / step)
    last = math.floor(span.high / step)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if step * 10**decimals % 1 > 1e-6:
        decimals += 1
    values = [index * step for index in range(first, min(last, first + 20) + 1)]
    return [Tick(value, fixed(value, decimals)) for value in values]


def count_ticks(span: Range, count: int = 5) -> list[Tick]:
    """Ticks for whole numbers, shortened: 20k, 1.5M."""
    step = max(_step(span.width, count), 1.0)
    first = math.ceil(span.low / step)
    last = math.floor(span.high / step)
    values = [index * step for index in range(first, min(last, first + 20) + 1)]
    return [Tick(value, short_count(value)) for value in values]


def short_count(value: float) -> str:
    """A count with a decimal prefix and no more digits than it needs: 0, 500, 20k, 2.5M."""
    for scale, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= scale:
            return f"{value / scale:.4g}{prefix}"
    return f"{value:.4g}"


def spread_out(ticks: Sequence[Tick], least: float) -> list[Tick]:
    """The ticks without those that are nearer than `least` to one that stays; zero stays first."""
    kept: list[Tick] = []
    for tick in sorted(ticks, key=lambda tick: abs(tick.at)):
        if all(abs(tick.at - other.at) >= least for other in kept):
            kept.append(tick)
    return sorted(kept, key=lambda tick: tick.at)


def log_range(low: float, high: float) -> Range:
    """A range for a logarithmic axis; both bounds must be above zero."""
    room = max((high / low) ** 0.06, 1.15)
    return Range(low / room, high * room)


def log_values(span: Range) -> list[float]:
    """Powers of ten inside the range, with 2 and 5 between when those would be too few."""
    decades = range(math.floor(math.log10(span.low)), math.ceil(math.log10(span.high)) + 1)
    for factors in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        values = [f * 10.0**d for d in decades for f in factors if span.holds(f * 10.0**d)]
        if len(values) >= 3:
            break
    every = math.ceil(len(values) / 8)
    return values[::every]
