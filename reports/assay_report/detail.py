"""What a benchmark's own page says beyond the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from .facts import Fact
from .model import ESTIMATE_NAMES, Benchmark, Cost, Measurement, Samples, Suite
from .plots import DRAWN_SAMPLES
from .schema import Json
from .units import (
    NARROW_SPACE,
    IntervalText,
    TimeUnit,
    bytes_text,
    fixed,
    interval_text,
    percent,
    shell_word,
    significant,
    throughput_text,
    time_text,
    time_unit,
)
from .words import EVICTIONS, STOPPED, count_of, disturbed_count

EXPLAINED = {
    "lowmean_ns": "mean of the samples between the 5\u202f% and the 50\u202f% quantile: the headline, as "
    "it does not feel the slow half, where interference is",
    "mean_ns": "mean of all samples: feels every disturbance",
    "median_ns": "half of the samples took less",
    "slope_ns": "cost of one more iteration: least squares through the origin",
    "mad_ns": "spread that ignores outliers, scaled to compare with the next line",
    "std_dev_ns": "spread of the samples, outliers included",
}


@dataclass(frozen=True)
class EstimateRow:
    name: str
    figures: IntervalText
    standard_error: str
    explained: str
    r_squared: str


@dataclass(frozen=True)
class RegressionRow:
    """A line of one quantity over another; without figures the reason says why."""

    name: str
    reason: str
    slope: str = ""
    slope_interval: str = ""
    intercept: str = ""
    intercept_interval: str = ""
    r_squared: str = ""


@dataclass(frozen=True)
class NumberTable:
    """Rows of numbers; `left_out` says how many are not listed."""

    headings: list[str]
    body: Markup
    left_out: int

    @staticmethod
    def of(columns: Mapping[str, Sequence[str]], left_out: int) -> NumberTable:
        """Cells must be numbers or our own words: escaping each takes most of a page's time."""
        rows = ["<tr><td>" + "<td>".join(cells) for cells in zip(*columns.values())]
        return NumberTable(list(columns), Markup("\n".join(rows)), left_out)


def repeat_command(suite: Suite, benchmark: Benchmark) -> str:
    """The command that measures this benchmark again, in the same order of random choices."""
    program = shell_word(f"build/{suite.variant}/bin/{suite.raw_name}")
    return f"{program} --exact {shell_word(benchmark.raw_id)} --seed {suite.document['seed']}"


def estimate_rows(measurement: Measurement) -> list[EstimateRow]:
    rows = []
    for name, title in ESTIMATE_NAMES.items():
        estimate = measurement.estimates.get(name)
        if estimate is None:
            continue
        spread = name in ("mad_ns", "std_dev_ns")
        unit = time_unit(estimate.point) if spread else measurement.unit
        error_unit = time_unit(estimate.standard_error)
        error = significant(estimate.standard_error / error_unit.ns, 3)
        fit = "" if estimate.r_squared is None else fixed(estimate.r_squared, 5)
        rows.append(
            EstimateRow(
                title,
                interval_text(estimate.point, estimate.lower, estimate.upper, unit),
                f"{error} {error_unit.name}",
                EXPLAINED[name],
                fit,
            )
        )
    return rows


def throughput_rows(benchmark: Benchmark) -> list[tuple[str, str, str, str]]:
    """For each kind: what an iteration handles, throughput, and its bounds."""
    if benchmark.measurement is None or not benchmark.has_figures:
        return []
    head = benchmark.measurement.headline
    rows = []
    for kind, amount in benchmark.throughput:
        bounds = [throughput_text(kind, amount, ns) for ns in (head.point, head.upper, head.lower)]
        if all(bounds):
            noun = kind if amount != 1 else kind[:-1]
            rows.append(
                (f"{fixed(amount, 0)} {noun} an iteration", bounds[0], bounds[1], bounds[2])
            )
    return rows


def sampling_facts(benchmark: Benchmark, measurement: Measurement) -> list[Fact]:
    samples = measurement.samples
    fewest, most = min(samples.iterations), max(samples.iterations)
    spread = fixed(fewest, 0) if fewest == most else f"{fixed(fewest, 0)} to {fixed(most, 0)}"
    mode = {
        "linear": "linear: samples of d, 2d, 3d … iterations in random order",
        "flat": "flat: every sample has the same number of iterations",
    }[measurement.sampling]
    facts = [
        ("Samples", fixed(len(samples), 0)),
        ("Mode", mode),
        ("Iterations a sample", spread),
        ("Iterations in all", fixed(sum(samples.iterations), 0)),
        ("Measured for", time_text(sum(samples.time_ns))),
    ]
    if measurement.warm_up_iterations is not None and measurement.warm_up_ns is not None:
        warm_up = time_text(measurement.warm_up_ns)
        facts.append(
            ("Warm-up", f"{warm_up}, {fixed(measurement.warm_up_iterations, 0)} iterations")
        )
    if measurement.stopped in STOPPED:
        facts.append(("Ended when", STOPPED[measurement.stopped]))
    if samples.switches:
        facts.append(("Disturbed samples", f"{disturbed_count(measurement)} of {len(samples)}"))
    if samples.page_faults:
        facts.append(("Page faults", fixed(sum(samples.page_faults), 0)))
    facts.append(("Threads", str(benchmark.threads)))
    facts += harness_facts(measurement)
    if benchmark.measured_utc:
        facts.append(("Measured", benchmark.measured_utc.replace("T", " ").replace("Z", " UTC")))
    return facts


def _cost_text(cost: Cost) -> str:
    return f"{time_text(cost.point)} ({time_text(cost.lower)} to {time_text(cost.upper)})"


def harness_facts(measurement: Measurement) -> list[Fact]:
    """What of the time is the harness's own, and whether iterations found cold caches."""
    facts = []
    eviction, harness = measurement.eviction, measurement.harness
    if eviction is not None:
        facts.append(("Caches", EVICTIONS[eviction.how].format(bytes_text(eviction.size_bytes))))
    if harness is None:
        return facts
    if harness.batch_iterations is not None:
        facts.append(("Iterations a batch", significant(harness.batch_iterations, 4)))
        facts.append(("Clock reads of a batch", _cost_text(harness.clock_ns)))
    if harness.pause_ns is not None:
        facts.append(("Pauses an iteration", significant(harness.pauses_per_iteration, 4)))
        facts.append(("A pause adds", _cost_text(harness.pause_ns)))
    share = harness.share
    facts.append(
        (
            "Harness in the time",
            f"{percent(share.point)} ({percent(share.lower)} to {percent(share.upper)}): "
            "clock reads and pauses, measured beside the samples, not subtracted",
        )
    )
    return facts


def regression_rows(benchmark: Benchmark) -> list[RegressionRow]:
    """The lines that were asked for."""
    rows = []
    for data in benchmark.regressions:
        name = f"{_QUANTITIES[data['responder']]} over {_QUANTITIES[data['predictor']]}"
        if "r_squared" not in data:
            rows.append(RegressionRow(name, data.get("reason", "")))
            continue
        slope = next(key for key in ("slope_ns", "slope_per_ns", "slope") if key in data)
        intercept = "intercept_ns" if "intercept_ns" in data else "intercept"
        rows.append(
            RegressionRow(
                name,
                "",
                *_line_figure(data[slope], slope),
                *_line_figure(data[intercept], intercept),
                fixed(data["r_squared"], 4),
            )
        )
    return rows


_QUANTITIES = {
    "time": "time",
    "iterations": "iterations",
    "page-faults": "page faults",
    "involuntary-switches": "involuntary switches",
}


def _line_figure(data: Json, key: str) -> tuple[str, str]:
    """A figure with its unit, and its interval."""
    if key.endswith("_ns") and not key.endswith("_per_ns"):
        unit = time_unit(data["point"])
        text = interval_text(data["point"], data["lower"], data["upper"], unit)
        return f"{text.point}{NARROW_SPACE}{unit.name}", f"{text.lower} to {text.upper}"
    suffix = f"{NARROW_SPACE}a{NARROW_SPACE}ns" if key.endswith("_per_ns") else ""
    bounds = f"{significant(data['lower'])} to {significant(data['upper'])}"
    return f"{significant(data['point'])}{suffix}", bounds


def sample_table(samples: Samples, unit: TimeUnit, measurement: Measurement | None) -> NumberTable:
    """The samples in order; `measurement` names outliers, without it none are named."""
    limit = min(len(samples), DRAWN_SAMPLES)
    times = samples.per_iteration_ns[:limit]
    columns: dict[str, list[str]] = {
        "Sample": [str(index + 1) for index in range(limit)],
        "Iterations": [str(count) for count in samples.iterations[:limit]],
        "Time (ns)": [f"{time:.0f}" for time in samples.time_ns[:limit]],
        f"One iteration ({unit.name})": [f"{time / unit.ns:.5g}" for time in times],
    }
    if samples.switches:
        columns["CPU taken away"] = [str(count) for count in samples.switches[:limit]]
    if samples.page_faults:
        columns["Page faults"] = [str(count) for count in samples.page_faults[:limit]]
    if measurement:
        columns["Outlier"] = [measurement.outliers.class_of(time) for time in times]
    return NumberTable.of(columns, len(samples) - limit)
