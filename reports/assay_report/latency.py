"""Latencies: the histogram of a document, its quantiles as a table and as a curve over percentiles."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .model import Benchmark
from .scale import Range, Tick, log_range, log_values, padded, linear_ticks
from .schema import Json
from .script import Figure, Margins, Panel
from .units import NARROW_SPACE, TimeUnit, fixed, interval_text, time_text, time_unit
from .words import count_of

QUANTILES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99_9", 0.999))
"""The quantiles that documents hold."""
FEWEST = 10
"""Fewer latencies than this make no curve."""
LOG_FROM = 8.0
"""From this ratio of the largest to the smallest on, the axis of times is logarithmic."""
LABEL_LETTER = 8.0
"""Room of a letter of a tick's label, in pixels of the drawing."""
CURVE_STEPS = 300
"""Steps of a curve across the figure; finer ones cannot be seen."""
_MARGINS = Margins(left=66, right=22, top=30)
_PLOT_WIDTH = 480 - _MARGINS.left - _MARGINS.right
LONGEST_S = "17.2"
"""Where histograms end, in seconds."""


@dataclass(frozen=True)
class Step:
    """A bucket that is not empty: the middle of its values, and how many lie in it and below it."""

    ns: float
    below: int
    count: int


@dataclass(frozen=True)
class Histogram:
    """The buckets of a document in ascending order, as docs/result.schema.json describes them."""

    steps: list[Step]
    count: int
    longest_ns: float

    @staticmethod
    def of(latency: Json | None) -> Histogram | None:
        """None when there are no latencies, or the document is older than histograms."""
        data = latency.get("histogram") if latency else None
        if latency is None or data is None:
            return None
        steps: list[Step] = []
        below = 0
        for index, count in zip(data["index"], data["count"]):
            middle = _middle(index, data["sub_bits"])
            steps.append(Step(min(max(middle, latency["min"]), latency["max"]), below, count))
            below += count
        return Histogram(steps, below, latency["max"])


def _middle(index: int, sub_bits: int) -> float:
    shift = max((index >> sub_bits) - 1, 0)
    low = (index - (shift << sub_bits)) << shift
    return float(low + ((1 << shift) - 1) / 2)


@dataclass(frozen=True)
class QuantileRow:
    name: str
    time: str
    interval: str
    above: str
    old: str
    width: float


def quantile_rows(benchmark: Benchmark) -> list[QuantileRow]:
    """Latency quantiles with a bar on a log scale from the smallest to the largest."""
    latency = benchmark.latency
    if latency is None:
        return []
    old = benchmark.comparison.latency if benchmark.comparison else None
    count = latency["count"]
    intervals = latency.get("intervals", {})
    low, high = max(latency["min"], 1e-3), max(latency["max"], 1e-3)
    full = math.log(high / low) if high > low else 1.0
    shares = dict(QUANTILES)
    rows = []
    for name, key in (
        ("Smallest", "min"),
        (f"50{NARROW_SPACE}%", "p50"),
        ("Mean", "mean"),
        (f"90{NARROW_SPACE}%", "p90"),
        (f"99{NARROW_SPACE}%", "p99"),
        (f"99.9{NARROW_SPACE}%", "p99_9"),
        ("Largest", "max"),
    ):
        ns = latency[key]
        width = 4 + 96 * math.log(min(max(ns, low), high) / low) / full
        above = count - math.ceil(shares[key] * count) if key in shares else None
        rows.append(
            QuantileRow(
                name,
                time_text(ns),
                _interval(ns, intervals.get(key)),
                "" if above is None else fixed(above, 0),
                time_text(old[key]) if old else "",
                round(width, 1),
            )
        )
    return rows


def _interval(ns: float, bounds: Json | None) -> str:
    if bounds is None:
        return ""
    unit = time_unit(ns)
    text = interval_text(ns, bounds["lower"], bounds["upper"], unit)
    return f"{text.lower} to {text.upper}{NARROW_SPACE}{unit.name}"


def latency_note(benchmark: Benchmark) -> str:
    latency = benchmark.latency
    if latency is None:
        return ""
    note = f"{count_of(latency['count'], 'operation')} recorded."
    if latency["overflow"]:
        over = count_of(latency["overflow"], "operation")
        note += (
            f" {over} took longer than the {LONGEST_S}{NARROW_SPACE}s that the histogram reaches: "
            "a quantile among them is too low, but the largest is exact."
        )
    return note


@dataclass(frozen=True)
class _Axes:
    """How the times are laid out: one unit and one scale for all curves."""

    y: Range
    log: bool
    unit: TimeUnit
    longest: int

    def place(self, ns: float) -> float:
        return self.y.clamp(ns / self.unit.ns)


def _axes(histograms: list[Histogram]) -> _Axes:
    low = min(histogram.steps[0].ns for histogram in histograms)
    high = max(histogram.longest_ns for histogram in histograms)
    longest = max(histogram.count for histogram in histograms)
    positive = max(low, 0.5)
    if high / positive >= LOG_FROM:
        unit = time_unit(math.sqrt(positive * high))
        return _Axes(log_range(positive / unit.ns, high / unit.ns), True, unit, longest)
    unit = time_unit(high)
    return _Axes(padded(low / unit.ns, high / unit.ns, 0.08), False, unit, longest)


def figures_of(benchmark: Benchmark) -> list[Figure]:
    """Latency over percentile, the baseline's too when it has a histogram."""
    now = Histogram.of(benchmark.latency)
    if now is None or now.count < FEWEST or benchmark.latency is None:
        return []
    old = Histogram.of(benchmark.comparison.latency) if benchmark.comparison else None
    axes = _axes([now, old] if old else [now])
    figure = Figure(
        f"{benchmark.page}#latency",
        f"Latency over percentile; half took at most {time_text(benchmark.latency['p50'])}, "
        f"the longest {time_text(benchmark.latency['max'])}.",
        height=330,
    )
    panel = Panel(figure, Range(1, axes.longest), axes.y, _MARGINS)
    panel.log("xy" if axes.log else "x")
    panel.x_axis(percentile_ticks(axes.longest), "percentile")
    panel.y_axis(_time_ticks(axes), "latency" + (", log scale" if axes.log else ""))
    if old:
        panel.line("old", _curve(old, axes))
    panel.line("now", _curve(now, axes))
    _draw_quantiles(panel, axes, benchmark.latency)
    panel.draw()
    return [figure]


def _time_ticks(axes: _Axes) -> list[Tick]:
    if not axes.log:
        return [
            Tick(tick.at, f"{tick.label}{NARROW_SPACE}{axes.unit.name}")
            for tick in linear_ticks(axes.y)
        ]
    ticks = []
    for value in log_values(axes.y):
        unit = time_unit(value * axes.unit.ns)
        label = f"{value * axes.unit.ns / unit.ns:g}"
        ticks.append(Tick(value, f"{label}{NARROW_SPACE}{unit.name}"))
    return ticks


def percentile_ticks(longest: int) -> list[Tick]:
    """0, 50, 90, 99, 99.9 ... at 1 / (1 - q), as far as so many values go."""
    ticks = [Tick(1, "0"), Tick(2, "50")]
    nines = 1
    while 10**nines <= longest:
        digits = "9" * nines
        label = f"{digits[:2]}.{digits[2:]}" if nines > 2 else digits.ljust(2, "0")
        ticks.append(Tick(10**nines, label))
        nines += 1
    return _with_room(ticks, math.log(longest))


def _with_room(ticks: list[Tick], wide: float) -> list[Tick]:
    """The ticks whose labels do not run into the one before, also in the larger type of a phone."""
    kept: list[Tick] = []
    end = -math.inf
    for tick in ticks:
        middle = math.log(tick.at) / wide * _PLOT_WIDTH
        half = len(tick.label) * LABEL_LETTER / 2
        if middle - half >= end:
            kept.append(tick)
            end = middle + half + LABEL_LETTER
    return kept


def _curve(histogram: Histogram, axes: _Axes) -> list[tuple[float, float]]:
    """A step a bucket, thinned to what can be seen. It ends at 1 - 1 / count with the largest."""
    total = histogram.count
    wide = math.log(axes.longest)
    points: list[tuple[float, float]] = []
    for step in histogram.steps:
        left = total / (total - step.below)
        right = total / max(total - step.below - step.count, 1)
        height = axes.place(step.ns)
        is_last = step is histogram.steps[-1]
        near = points and math.log(right / points[-1][0]) * CURVE_STEPS < wide
        if near and not is_last and _flat(axes, points[-1][1], height):
            continue
        points += [(left, height), (right, height)] if right > left else [(left, height)]
    return [*points, (total, axes.place(histogram.longest_ns))]


def _flat(axes: _Axes, one: float, other: float) -> bool:
    if axes.log:
        return math.log(other / one) * CURVE_STEPS < math.log(axes.y.high / axes.y.low)
    return (other - one) * CURVE_STEPS < axes.y.width


def _draw_quantiles(panel: Panel, axes: _Axes, latency: Json) -> None:
    shown = [(key, 1 / (1 - q)) for key, q in QUANTILES if 1 / (1 - q) <= latency["count"]]
    bounds = [
        (x, axes.place(item["lower"]), axes.place(item["upper"]))
        for key, x in shown
        if (item := latency.get("intervals", {}).get(key))
    ]
    panel.bars("head", bounds)
    panel.dots("change", [(x, axes.place(latency[key])) for key, x in shown])
