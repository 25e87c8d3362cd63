"""The figures of a group: time and throughput over a numeric parameter, speed-up over threads."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .growth import Family, visible_part
from .model import Benchmark, Estimate, Group, Parameter
from .scale import Range, Tick, linear_ticks, log_range, log_values, padded, short_count
from .script import SLOT, Figure, Margins, Panel
from .units import LEAST_NS, MINUS, fixed, time_unit

MAX_SERIES = 8
_MARGINS = Margins(left=66, right=18, top=34)


@dataclass(frozen=True)
class Series:
    """One line of the plot: its name in the legend and the benchmarks along it."""

    name: str
    benchmarks: list[Benchmark]


@dataclass(frozen=True)
class Sweep:
    """A group laid out along its numeric axis."""

    axis: str
    series: list[Series]
    left_out: int
    xs: dict[str, float]
    labels: dict[float, str]


def sweep_of(group: Group) -> Sweep | None:
    """The group along its numeric axis with the most values; None when it has none."""
    drawable = [benchmark for benchmark in group.benchmarks if benchmark.has_figures]
    axis = _longest_axis(drawable)
    if axis is None:
        return None
    lines: dict[str, list[Benchmark]] = {}
    xs: dict[str, float] = {}
    labels: dict[float, str] = {}
    for benchmark in drawable:
        value = _value(benchmark, axis)
        number = value.number
        assert number is not None
        xs[benchmark.page] = number
        labels[number] = value.value if isinstance(value.value, str) else _value_label(number)
        lines.setdefault(_rest_of_name(benchmark, axis), []).append(benchmark)
    series = [
        Series(name, sorted(members, key=lambda member: xs[member.page]))
        for name, members in lines.items()
    ]
    name = _value(drawable[0], axis).name or "parameter"
    return Sweep(name, series[:MAX_SERIES], max(0, len(series) - MAX_SERIES), xs, labels)


def _value(benchmark: Benchmark, axis: int) -> Parameter:
    """The value on an axis; axis -1 is the number of threads."""
    return Parameter("threads", benchmark.threads) if axis < 0 else benchmark.parameters[axis]


def _longest_axis(benchmarks: list[Benchmark]) -> int | None:
    """The axis with the most values, all of them numbers; None when nothing numeric varies."""
    if not benchmarks:
        return None
    count = min(len(benchmark.parameters) for benchmark in benchmarks)
    best, most = None, 1
    for axis in [*range(count), -1]:
        values = {_value(benchmark, axis).number for benchmark in benchmarks}
        if len(values) > most and None not in values:
            best, most = axis, len(values)
    return best


def _rest_of_name(benchmark: Benchmark, axis: int) -> str:
    parts = [item.text for index, item in enumerate(benchmark.parameters) if index != axis]
    if axis >= 0 and benchmark.threads > 1:
        parts.append(f"{benchmark.threads} threads")
    return ", ".join(parts)


def speed_ups_of(group: Group) -> Sweep | None:
    """The members that ran on several numbers of threads, along those; None without any."""
    lines: dict[str, list[Benchmark]] = {}
    for benchmark in group.benchmarks:
        if benchmark.scaling is not None and benchmark.has_figures:
            lines.setdefault(_rest_of_name(benchmark, -1), []).append(benchmark)
    series = [
        Series(name, sorted(members, key=lambda member: member.threads))
        for name, members in lines.items()
    ]
    if not series:
        return None
    drawn = [benchmark for line in series for benchmark in line.benchmarks]
    return Sweep(
        "threads",
        series[:MAX_SERIES],
        max(0, len(series) - MAX_SERIES),
        {benchmark.page: float(benchmark.threads) for benchmark in drawn},
        {float(benchmark.threads): str(benchmark.threads) for benchmark in drawn},
    )


def speed_up_figure(group: Group, sweep: Sweep) -> Figure:
    """Speed-up over threads, and what it would be if every thread brought as much as the first."""
    members = [benchmark for series in sweep.series for benchmark in series.benchmarks]
    scalings = {member.page: member.scaling for member in members if member.scaling}
    figures = {page: scaling.speed_up for page, scaling in scalings.items()}
    most = max(member.threads for member in members)
    bases = sorted({scaling.base_threads for scaling in scalings.values()})
    log = most / bases[0] >= 8 and all(estimate.point > 0 for estimate in figures.values())
    figure = Figure(f"{group.page}#speed-up", "speed-up over threads")
    ends = [end for estimate in figures.values() for end in (estimate.lower, estimate.upper)]
    high = max(*ends, most / bases[0])
    if log:
        x, y = log_range(bases[0], most), log_range(min(end for end in ends if end > 0), high)
    else:
        x, y = padded(bases[0], most), padded(0.0, high, 0.0)
        y = Range(y.low, y.high + 0.08 * y.width)
    panel = Panel(figure, x, y, _MARGINS)
    if log:
        panel.log("xy")
    xs = sorted(set(sweep.xs[page] for page in figures))
    panel.x_axis(_x_ticks(xs, x, log, sweep.labels), "threads (log scale)" if log else "threads")
    panel.y_axis(
        _log_ticks(y) if log else linear_ticks(y), "speed-up, log scale" if log else "speed-up"
    )
    for base in bases:
        panel.line("ideal", [(base, 1.0), (most, most / base)])
    for index, series in enumerate(sweep.series):
        _draw_series(panel, f"s{index + 1}", series, sweep, figures, 1.0)
    panel.draw()
    return figure


def figures_of(group: Group, sweep: Sweep, families: list[Family]) -> list[Figure]:
    """Time over the parameter with the curves that were fitted to it and, where the benchmarks state
    it, throughput over the parameter."""
    members = [benchmark for series in sweep.series for benchmark in series.benchmarks]
    times = {
        benchmark.page: benchmark.measurement.headline
        for benchmark in members
        if benchmark.measurement
    }
    page = group.page or ""
    middle = sorted(estimate.point for estimate in times.values())[len(times) // 2]
    unit = time_unit(middle)
    figures = [
        _curve(
            f"{page}#time", sweep, times, f"time of one iteration ({unit.name})", unit.ns, families
        )
    ]
    for kind in ("elements", "bytes"):
        rates = _rates(members, kind)
        if len(rates) == len(members):
            scale, prefix = _rate_scale(rates)
            word = f"{prefix}B/s" if kind == "bytes" else f"{prefix} elements/s".strip()
            figures.append(_curve(f"{page}#{kind}", sweep, rates, f"throughput ({word})", scale))
    return figures


def _rates(members: list[Benchmark], kind: str) -> dict[str, Estimate]:
    rates: dict[str, Estimate] = {}
    for benchmark in members:
        amount = dict(benchmark.throughput).get(kind)
        time = benchmark.measurement.headline if benchmark.measurement else None
        if amount and time and time.lower >= LEAST_NS:
            each = amount * 1e9
            rates[benchmark.page] = Estimate(
                each / time.point, each / time.upper, each / time.lower, 0
            )
    return rates


def _rate_scale(rates: dict[str, Estimate]) -> tuple[float, str]:
    largest = max(rate.point for rate in rates.values())
    for scale, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if largest >= scale:
            return scale, prefix
    return 1.0, ""


def _curve(
    key: str,
    sweep: Sweep,
    figures: dict[str, Estimate],
    title: str,
    scale: float,
    families: Sequence[Family] = (),
) -> Figure:
    figure = Figure(key, f"{title} over {sweep.axis}", axis_name=sweep.axis[:60])
    xs = sorted(set(sweep.xs[page] for page in figures))
    points = [estimate.point / scale for estimate in figures.values()]
    log_x = xs[0] > 0 and xs[-1] / xs[0] >= 8
    log_y = min(points) > 0 and max(points) / min(points) >= 8
    x = log_range(xs[0], xs[-1]) if log_x else padded(xs[0], xs[-1])
    lows = [estimate.lower / scale for estimate in figures.values()]
    highs = [estimate.upper / scale for estimate in figures.values()]
    if log_y:
        low = min((value for value in lows if value > 0), default=min(points))
        y = log_range(low, max(*highs, *points))
    else:
        y = padded(min(0.0, *lows), max(0.0, *highs), 0.0)
        y = Range(y.low, y.high + 0.08 * y.width)
    panel = Panel(figure, x, y, _MARGINS)
    if log_x or log_y:
        panel.log(("x" if log_x else "") + ("y" if log_y else ""))
    panel.x_axis(_x_ticks(xs, x, log_x, sweep.labels), SLOT + (" (log scale)" if log_x else ""))
    ticks = _log_ticks(y) if log_y else linear_ticks(y)
    panel.y_axis(ticks, title + (", log scale" if log_y else ""))
    for index, series in enumerate(sweep.series):
        _draw_series(panel, f"s{index + 1}", series, sweep, figures, scale)
    for series in sweep.series:
        _draw_fit(panel, series, sweep, families, scale)
    panel.draw()
    return figure


def _draw_series(
    panel: Panel,
    role: str,
    series: Series,
    sweep: Sweep,
    figures: dict[str, Estimate],
    scale: float,
) -> None:
    rows = [(sweep.xs[item.page], figures[item.page]) for item in series.benchmarks]
    panel.line(role, [(x, estimate.point / scale) for x, estimate in rows])
    clamp: Callable[[float], float] = panel.y.clamp
    panel.bars(
        role, [(x, clamp(item.lower / scale), clamp(item.upper / scale)) for x, item in rows]
    )
    panel.dots(role, [(x, estimate.point / scale) for x, estimate in rows])


def _draw_fit(
    panel: Panel, series: Series, sweep: Sweep, families: Sequence[Family], scale: float
) -> None:
    """The curve of the family that holds all of the series, over the part that was measured."""
    xs = [x for item in series.benchmarks if (x := sweep.xs[item.page]) > 0]
    for family in families:
        if len(xs) > 1 and all(item.raw_id in family.ids for item in series.benchmarks):
            panel.line("fit", visible_part(family.points(min(xs), max(xs)), scale, panel.y))


def _x_ticks(xs: list[float], span: Range, log: bool, labels: dict[float, str]) -> list[Tick]:
    """The measured values themselves, as far as their labels have room."""

    def place(value: float) -> float:
        low, high = (math.log(span.low), math.log(span.high)) if log else (span.low, span.high)
        return ((math.log(value) if log else value) - low) / (high - low)

    ticks: list[Tick] = []
    for value in xs:
        if not ticks or place(value) - place(ticks[-1].at) >= 0.085:
            ticks.append(Tick(value, labels[value]))
    return ticks


def _log_ticks(span: Range) -> list[Tick]:
    return [Tick(value, _log_label(value)) for value in log_values(span)]


def _log_label(value: float) -> str:
    if 0.001 <= value < 1e6:
        return fixed(value, 0) if value >= 1000 else f"{value:g}"
    power = math.floor(math.log10(value) + 1e-9)
    return f"{value / 10.0**power:.0f}e{power}".replace("-", MINUS)


def _value_label(value: float) -> str:
    """A parameter's value; powers of 1024 stay recognisable: 64Ki, 1Mi."""
    for size, unit in ((1024.0**3, "Gi"), (1024.0**2, "Mi"), (1024.0, "Ki")):
        if value >= size and value % size == 0:
            return f"{value / size:.4g}{unit}"
    return fixed(value, 0) if abs(value) < 100_000 else short_count(value)
