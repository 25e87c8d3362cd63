"""The figures of a compared benchmark: its effect, its times on both sides, and its pairs."""

from __future__ import annotations

import math
from collections.abc import Iterator

from .plots import WITH_Y, core_range, curve_points, effect_span, widened
from .scale import Range, Tick, count_ticks, linear_ticks, padded, spread_out
from .script import Figure, Margins, Panel
from .units import fixed, time_text, time_unit
from .versus_model import LEAST_RATIO, Entry, Finding, Times, Versus

DRAWN_PAIRS = 1000
"""Pairs that are drawn; of more, every n-th."""
_NEAR = 4.0
"""No change is in view of the pairs when it is no further away than this many times their spread."""


def figures_of(versus: Versus) -> list[Figure]:
    """All figures of all benchmarks; keys begin with the page."""
    entries = versus.entries + [canary.entry for canary in versus.canaries]
    return [figure for entry in entries for figure in _figures_of_entry(entry, versus)]


def _figures_of_entry(entry: Entry, versus: Versus) -> Iterator[Figure]:
    finding = entry.finding
    if finding is None:
        return
    if finding.has_figures:
        yield _effect(entry.page, finding, versus)
    if finding.old.density or finding.new.density:
        yield _times(entry.page, finding)
    if len(finding.pairs):
        yield _pairs(entry.page, finding)


def _effect(page: str, finding: Finding, versus: Versus) -> Figure:
    """The effect, and below it that of the tail, over the guard and the margin."""
    tail = finding.tail
    height = 175 if tail else 125
    figure = Figure(f"{page}#effect", "The effect with its interval.", height=height)
    shown = [finding.effect] + ([tail] if tail else [])
    ends = [end for effect in shown for end in (effect.lower, effect.upper, effect.point)]
    ends += [-versus.margin, versus.margin]
    view = padded(100 * min(ends), 100 * max(ends), 0.08)
    rows = len(shown)
    panel = Panel(figure, view, Range(0, rows), Margins(top=8))
    panel.x_axis(linear_ticks(view), "new / old − 1 (%)")
    for role, reach in (("margin", versus.margin), ("guard", versus.guard)):
        panel.rectangle(role, Range(-100 * reach, 100 * reach), Range(0, rows))
    panel.vertical("zero", 0.0, Range(0, rows))
    for place, (effect, role) in enumerate(zip(shown, ("change", "tail"))):
        bounds = (100 * effect.lower, 100 * effect.point, 100 * effect.upper)
        effect_span(panel, role, bounds, rows - place - 0.5)
    panel.draw()
    return figure


def _times_view(old: Times, new: Times, unit_ns: float) -> Range:
    """Where nine tenths of the slices of either side lie, as far as the densities reach."""
    low, high = min(old.p5, new.p5) / unit_ns, max(old.p95, new.p95) / unit_ns
    curves = [side.density for side in (old, new) if side.density]
    start = min(curve.start for curve in curves) / unit_ns
    end = max(curve.start + curve.step * (len(curve.density) - 1) for curve in curves) / unit_ns
    view = padded(low, high, 0.25)
    if view.clamp(start) < view.clamp(end):
        view = Range(view.clamp(start), view.clamp(end))
    return widened(view, 24 * min(curve.step for curve in curves) / unit_ns)


def _times(page: str, finding: Finding) -> Figure:
    old, new = finding.old, finding.new
    unit = time_unit(old.median)
    figure = Figure(
        f"{page}#times",
        f"Densities of the times of the old side (median {time_text(old.median)}) "
        f"and the new side (median {time_text(new.median)}).",
    )
    view = _times_view(old, new, unit.ns)
    curves = [
        curve_points(side.density, unit.ns, view) if side.density else [] for side in (old, new)
    ]
    top = max((y for curve in curves for _, y in curve), default=0.0) or 1.0
    span = Range(0, 1.06 * top)
    panel = Panel(figure, view, span)
    panel.x_axis(linear_ticks(view), f"time of one iteration ({unit.name})")
    for role, curve in zip(("old", "now"), curves):
        panel.area(f"{role}-fill", curve)
        panel.line(role, curve)
    panel.vertical("old", old.median / unit.ns, span)
    panel.vertical("head", new.median / unit.ns, span)
    panel.line("axis", [(view.low, 0.0), (view.high, 0.0)])
    panel.draw()
    return figure


def pairs_view(finding: Finding) -> Range:
    """Where nearly all pairs and the whole interval lie; with no change when that is near."""
    core = core_range(finding.pairs.log_ratio)
    ends = [core.low, core.high]
    if finding.has_figures:
        low, _, high = finding.effect.logs
        # A vast interval must not press the pairs into a line: the band is cut off instead.
        room = 3 * core.width
        ends += [max(low, core.low - room), min(high, core.high + room)]
    low, high = min(ends), max(ends)
    if low > 0 and low < _NEAR * (high - low):
        low = 0.0
    if high < 0 and -high < _NEAR * (high - low):
        high = 0.0
    return padded(low, high, 0.05)


def beyond_count(finding: Finding) -> tuple[int, int]:
    """How many pairs lie below and above what is drawn."""
    view = pairs_view(finding)
    logs = finding.pairs.log_ratio
    return sum(log < view.low for log in logs), sum(log > view.high for log in logs)


def every_pair(finding: Finding) -> int:
    """One of so many pairs is drawn."""
    return -(-len(finding.pairs) // DRAWN_PAIRS)


def _ratio_ticks(view: Range) -> list[Tick]:
    """Ticks at round changes, where their logarithms lie."""
    low, high = (100 * math.expm1(min(end, 60.0)) for end in (view.low, view.high))
    ticks = [
        Tick(math.log1p(max(tick.at / 100, LEAST_RATIO)), tick.label)
        for tick in linear_ticks(Range(low, high))
    ]
    return spread_out(ticks, 0.06 * view.width)


def _pairs(page: str, finding: Finding) -> Figure:
    pairs = finding.pairs
    figure = Figure(f"{page}#pairs", "The change that each pair shows, in running order.")
    count = len(pairs)
    view, x = pairs_view(finding), Range(0, count + 1)
    panel = Panel(figure, x, view, WITH_Y)
    panel.x_axis(count_ticks(x), "pair, in running order")
    panel.y_axis(_ratio_ticks(view), "new / old − 1 of the pair (%)")
    screening = pairs.screening
    judged = Range(screening + 0.5, count + 0.5) if finding.confirmed else Range(0.5, count + 0.5)
    if finding.has_figures:
        low, point, high = (view.clamp(end) for end in finding.effect.logs)
        panel.rectangle("band", judged, Range(low, high))
        panel.line("head", [(judged.low, point), (judged.high, point)])
    panel.horizontal("zero", 0.0)
    if 0 < screening < count:
        panel.vertical("fence-severe", screening + 0.5, view)
        panel.note("screen", screening + 0.5, "right")
        panel.note("second stage", screening + 0.5, "left")
    points: dict[str, list[tuple[float, float]]] = {}
    for place in range(0, count, every_pair(finding)):
        log = pairs.log_ratio[place]
        stage = "early" if finding.confirmed and not pairs.confirming[place] else "pair"
        role = f"{stage}-{'old' if pairs.old_first[place] else 'new'}"
        kind = role if view.holds(log) else "beyond"
        points.setdefault(kind, []).append((place + 1.0, view.clamp(log)))
    for kind in sorted(points):
        panel.dots(kind, points[kind])
    panel.draw()
    return figure


def pair_columns(finding: Finding) -> dict[str, list[str]]:
    """The table of all pairs by its headings; only numbers and our own words."""
    pairs = finding.pairs
    unit = time_unit(finding.old.median)
    columns: dict[str, list[str]] = {
        "Pair": [str(place + 1) for place in range(len(pairs))],
        "Stage": ["second" if late else "screen" for late in pairs.confirming],
        "Set up first": ["old" if first else "new" for first in pairs.old_first],
        "Addresses": ["shared" if shared else "own" for shared in pairs.shared_addresses],
        "Change (%)": [_change_cell(log) for log in pairs.log_ratio],
    }
    times: tuple[tuple[str, list[float] | list[float | None]], ...] = (
        ("Old", pairs.old_lowmean_ns),
        ("New", pairs.new_lowmean_ns),
        ("Old tail", pairs.old_tail_ns),
        ("New tail", pairs.new_tail_ns),
    )
    for name, values in times:
        columns[f"{name} ({unit.name})"] = [
            "none" if time is None else f"{time / unit.ns:.5g}" for time in values
        ]
    columns["Slices"] = [str(int(number)) for number in pairs.slices]
    columns["Dropped"] = [str(int(number)) for number in pairs.dropped]
    if any(pairs.old_layout) or any(pairs.new_layout):
        columns["Old layout"] = [str(int(number)) for number in pairs.old_layout]
        columns["New layout"] = [str(int(number)) for number in pairs.new_layout]
    return columns


def _change_cell(log: float) -> str:
    return fixed(100 * math.expm1(min(log, 60.0)), 3)
