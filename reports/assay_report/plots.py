"""The figures of the report: what is drawn, over which range, in which role."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .model import Benchmark, Comparison, Curve, Measurement, Samples
from .scale import Range, Tick, count_ticks, linear_ticks, padded
from .script import Figure, Margins, Panel
from .units import TimeUnit, time_text

CURVE_POINTS = 200
"""Points of a curve that are drawn; more cannot be seen."""
PANEL_POINTS = 72
"""The same for the small panels."""
DRAWN_SAMPLES = 1000
"""Samples that are drawn; of more, every n-th."""
WITH_Y = Margins(left=56, top=30)


@dataclass(frozen=True)
class Shown:
    """The samples that are drawn: times of one iteration in the figure's unit, in order."""

    orders: list[int]
    times: list[float]
    every: int


def shown_samples(samples: Samples, unit: TimeUnit) -> Shown:
    every = -(-len(samples) // DRAWN_SAMPLES)
    times = samples.per_iteration_ns[::every]
    return Shown(list(range(1, len(samples) + 1, every)), [time / unit.ns for time in times], every)


def core_range(values: Sequence[float]) -> Range:
    """Where nearly all samples lie: far ones must not press the rest into a line."""
    ordered = sorted(values)
    q1 = ordered[len(ordered) // 4]
    q3 = ordered[(3 * len(ordered)) // 4 if len(ordered) > 1 else 0]
    reach = 4.5 * (q3 - q1) or (ordered[-1] - ordered[0])
    return padded(max(ordered[0], q1 - reach), min(ordered[-1], q3 + reach), 0.18)


def beyond_count(measurement: Measurement) -> tuple[int, int]:
    """How many samples lie left and right of what the figures show."""
    view = density_range(measurement)
    times = [time / measurement.unit.ns for time in measurement.samples.per_iteration_ns]
    return sum(time < view.low for time in times), sum(time > view.high for time in times)


def density_range(measurement: Measurement) -> Range:
    """The core of the samples, wide enough that the curve has points to be drawn through."""
    unit_ns = measurement.unit.ns
    view = core_range([time / unit_ns for time in measurement.samples.per_iteration_ns])
    return widened(view, 24 * measurement.density.step / unit_ns)


def widened(view: Range, least: float) -> Range:
    """The range, at least so wide, about the same middle."""
    missing = least - view.width
    return Range(view.low - missing / 2, view.high + missing / 2) if missing > 0 else view


def effect_span(panel: Panel, role: str, bounds: tuple[float, float, float], y: float) -> None:
    """An interval (lower, point, upper) with its ends and its point at a height."""
    lower, point, upper = bounds
    panel.line(role, [(lower, y), (upper, y)])
    for end in (lower, upper):
        panel.line(role, [(end, y - 0.12), (end, y + 0.12)])
    panel.dots(role, [(point, y)])


def curve_points(
    curve: Curve, unit_ns: float, view: Range, most: int = CURVE_POINTS
) -> list[tuple[float, float]]:
    """The part of a density that is in view, scaled to a unit of time and thinned."""
    start, step, end = curve.start / unit_ns, curve.step / unit_ns, len(curve.density) - 1
    first = max(math.floor((view.low - start) / step), 0)
    last = min(math.ceil((view.high - start) / step), end)
    if first >= last:
        return []
    every = -(-(last - first) // most)
    places = [*range(first, last, every), last]
    return [(view.clamp(start + place * step), curve.density[place]) for place in places]


def figures_of(benchmark: Benchmark) -> list[Figure]:
    """All figures of one benchmark's page, in the order of the page; keys begin with the page."""
    measurement = benchmark.measurement
    if measurement is None:
        return []
    page = benchmark.page
    figures = []
    if benchmark.comparison is not None:
        figures.append(_old_and_new(page, measurement, benchmark.comparison))
        figures.append(_change(page, benchmark.comparison))
    figures.append(_density(page, measurement))
    if measurement.sampling == "linear":
        figures.append(_regression(page, measurement))
    figures.append(_order(page, measurement))
    if measurement.bootstrap:
        figures.append(_bootstrap(page, measurement))
    return figures


def _strip(panel: Panel, shown: Shown, roles: Sequence[str], low: float, high: float) -> None:
    """The samples as points between two heights, the first taken at the top."""
    count = max(len(shown.times) - 1, 1)
    points: dict[str, list[tuple[float, float]]] = {}
    for index, (time, role) in enumerate(zip(shown.times, roles)):
        kind = role if panel.x.holds(time) else "beyond"
        height = high - (high - low) * index / count
        points.setdefault(kind, []).append((panel.x.clamp(time), height))
    for kind in sorted(points):
        panel.dots(kind, points[kind])


def _density(page: str, measurement: Measurement) -> Figure:
    unit = measurement.unit
    head = measurement.headline
    figure = Figure(
        f"{page}#density",
        f"Density of the time of one iteration; most likely near {time_text(head.point)}.",
    )
    view = density_range(measurement)
    curve = curve_points(measurement.density, unit.ns, view)
    top = max((y for _, y in curve), default=0.0) or 1.0
    shown = shown_samples(measurement.samples, unit)
    panel = Panel(figure, view, Range(-0.5 * top, 1.05 * top))
    panel.x_axis(linear_ticks(view), f"time of one iteration ({unit.name})")
    panel.area("now-fill", curve)
    span = Range(0, 1.05 * top)
    panel.rectangle("band", Range(head.lower / unit.ns, head.upper / unit.ns), span)
    panel.line("now", curve)
    full = Range(-0.5 * top, 1.05 * top)
    for fence, role in zip(
        measurement.outliers.fences_ns, ("fence-severe", "fence-mild", "fence-mild", "fence-severe")
    ):
        panel.vertical(role, fence / unit.ns, full)
    panel.vertical("head", head.point / unit.ns, full)
    classes = [measurement.outliers.class_of(time * unit.ns) or "now" for time in shown.times]
    _strip(panel, shown, classes, -0.44 * top, -0.07 * top)
    panel.draw()
    return figure


def _regression(page: str, measurement: Measurement) -> Figure:
    samples = measurement.samples
    slope = measurement.estimates.get("slope_ns", measurement.headline)
    most = max(samples.iterations)
    unit_ns, unit_name = _total_unit(max(samples.time_ns))
    figure = Figure(
        f"{page}#regression",
        f"Total time of each sample over its iterations; slope {time_text(slope.point)}.",
    )
    top = max(max(samples.time_ns), slope.upper * most) / unit_ns
    x, y = Range(0, most * 1.04), Range(0, top * 1.05 or 1.0)
    panel = Panel(figure, x, y, WITH_Y)
    panel.x_axis(count_ticks(x), "iterations")
    panel.y_axis(linear_ticks(y), f"time of the sample ({unit_name})")
    end = x.high
    wedge = [(0.0, 0.0), (end, slope.lower * end / unit_ns), (end, slope.upper * end / unit_ns)]
    panel.polygon("band", [(a, min(b, y.high)) for a, b in wedge])
    panel.line("head", [(0.0, 0.0), (end, slope.point * end / unit_ns)])
    every = -(-len(samples) // DRAWN_SAMPLES)
    pairs = list(zip(samples.iterations, samples.time_ns))[::every]
    panel.dots("now", [(count, time / unit_ns) for count, time in pairs])
    panel.draw()
    return figure


def _total_unit(ns: float) -> tuple[float, str]:
    for size, name in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if ns >= size:
            return size, name
    return 1.0, "ns"


def _order(page: str, measurement: Measurement) -> Figure:
    unit = measurement.unit
    shown = shown_samples(measurement.samples, unit)
    view = density_range(measurement)
    head = measurement.headline
    figure = Figure(f"{page}#order", "Time of one iteration of each sample, in the order taken.")
    x = Range(0, len(measurement.samples) + 1)
    panel = Panel(figure, x, view, WITH_Y)
    panel.x_axis(count_ticks(x), "sample, in the order taken")
    panel.y_axis(linear_ticks(view), f"time of one iteration ({unit.name})")
    low, high = view.clamp(head.lower / unit.ns), view.clamp(head.upper / unit.ns)
    panel.rectangle("band", x, Range(low, high))
    panel.horizontal("head", head.point / unit.ns)
    switches = measurement.samples.switches
    points: dict[str, list[tuple[float, float]]] = {}
    for order, time in zip(shown.orders, shown.times):
        disturbed = bool(switches) and switches[order - 1] > 0
        kind = "mark" if disturbed else "now" if view.holds(time) else "beyond"
        points.setdefault(kind, []).append((float(order), view.clamp(time)))
    for kind in ("now", "beyond", "mark"):
        panel.dots(kind, points.get(kind, []))
    panel.draw()
    return figure


_PANEL_NAMES = {
    "lowmean_ns": "low mean",
    "mean_ns": "mean",
    "median_ns": "median",
    "slope_ns": "slope",
    "mad_ns": "median abs. deviation",
    "std_dev_ns": "standard deviation",
}


def _bootstrap(page: str, measurement: Measurement) -> Figure:
    names = [name for name in _PANEL_NAMES if _can_draw(name, measurement)]
    rows = (len(names) + 1) // 2
    row_height = 112
    figure = Figure(
        f"{page}#bootstrap",
        "How each estimate spreads over the resamples, with its interval.",
        height=rows * row_height + 8,
    )
    figure.lines.append("set multiplot")
    for place, name in enumerate(names):
        column, row = place % 2, place // 2
        margins = Margins(
            left=12 + column * 240,
            right=12 + (1 - column) * 240,
            top=row * row_height + 24,
            bottom=(rows - 1 - row) * row_height + 32,
        )
        _bootstrap_panel(figure, margins, name, measurement)
    figure.lines.append("unset multiplot")
    return figure


def _can_draw(name: str, measurement: Measurement) -> bool:
    return name in measurement.bootstrap and name in measurement.estimates


def _bootstrap_panel(figure: Figure, margins: Margins, name: str, measurement: Measurement) -> None:
    curve, estimate = measurement.bootstrap[name], measurement.estimates[name]
    unit_ns, unit_name = _total_unit(estimate.point)
    end = curve.start + curve.step * (len(curve.density) - 1)
    view = padded(
        min(curve.start, estimate.lower) / unit_ns, max(end, estimate.upper) / unit_ns, 0.0
    )
    points = curve_points(curve, unit_ns, view, PANEL_POINTS)
    top = max((y for _, y in points), default=0.0) or 1.0
    panel = Panel(figure, view, Range(0, top * 1.08), margins)
    panel.heading(f"{_PANEL_NAMES[name]} ({unit_name})")
    panel.x_axis(_few_ticks(view), "")
    low, high = estimate.lower / unit_ns, estimate.upper / unit_ns
    panel.area("now-fill", [point for point in points if low <= point[0] <= high])
    panel.line("now", points)
    panel.vertical("head", estimate.point / unit_ns, panel.y)
    panel.draw()


def _few_ticks(view: Range) -> list[Tick]:
    """Two or three ticks, or as near to that as round values come."""
    return next(ticks for count in (2, 3, 4, 8) if len(ticks := linear_ticks(view, count)) >= 2)


def _old_and_new(page: str, measurement: Measurement, comparison: Comparison) -> Figure:
    unit = measurement.unit
    figure = Figure(
        f"{page}#compared",
        f"Densities of baseline ({time_text(comparison.lowmean_ns)}) "
        f"and now ({time_text(measurement.headline.point)}).",
        height=330,
    )
    now, old = (shown_samples(item, unit) for item in (measurement.samples, comparison.samples))
    now_range, old_range = density_range(measurement), core_range(old.times)
    view = Range(min(now_range.low, old_range.low), max(now_range.high, old_range.high))
    now_curve = curve_points(measurement.density, unit.ns, view)
    old_curve = curve_points(comparison.density, unit.ns, view)
    top = max((y for _, y in now_curve + old_curve), default=0.0) or 1.0
    panel = Panel(figure, view, Range(-0.82 * top, 1.05 * top))
    panel.x_axis(linear_ticks(view), f"time of one iteration ({unit.name})")
    panel.area("old-fill", old_curve)
    panel.area("now-fill", now_curve)
    panel.line("old", old_curve)
    panel.line("now", now_curve)
    _strip(panel, now, ["now"] * len(now.times), -0.40 * top, -0.06 * top)
    _strip(panel, old, ["old"] * len(old.times), -0.78 * top, -0.46 * top)
    panel.vertical("old", comparison.lowmean_ns / unit.ns, Range(-0.78 * top, 1.05 * top))
    panel.vertical("head", measurement.headline.point / unit.ns, Range(-0.40 * top, 1.05 * top))
    panel.draw()
    return figure


def _change(page: str, comparison: Comparison) -> Figure:
    change = comparison.change
    noise = abs(comparison.smallest_detectable_change)
    figure = Figure(f"{page}#change", "The change with its interval.", height=120)
    ends = [0.0, -noise, noise, change.lower, change.upper, change.point]
    view = padded(min(ends) * 100, max(ends) * 100, 0.08)
    panel = Panel(figure, view, Range(0, 1), Margins(top=8))
    panel.x_axis(linear_ticks(view), "change of the low mean (%)")
    panel.rectangle("noise", Range(-noise * 100, noise * 100), Range(0, 1))
    panel.vertical("zero", 0.0, Range(0, 1))
    bounds = (change.lower * 100, change.point * 100, change.upper * 100)
    effect_span(panel, "change", bounds, 0.5)
    panel.draw()
    return figure
