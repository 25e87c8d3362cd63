"""The results as the report sees them: typed, in order, with a page name for everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .metrics import Metric, MetricPair, read_metrics, read_pairs
from .names import PageNames
from .schema import Json
from .units import TimeUnit, size_of, time_unit, visible

ESTIMATE_NAMES = {
    "lowmean_ns": "Low mean",
    "mean_ns": "Mean",
    "median_ns": "Median",
    "slope_ns": "Slope",
    "mad_ns": "Median absolute deviation",
    "std_dev_ns": "Standard deviation",
}
"""Estimates in the order in which they are shown."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its bootstrap interval; times in nanoseconds, changes as shares."""

    point: float
    lower: float
    upper: float
    standard_error: float
    r_squared: float | None = None

    @staticmethod
    def of(data: Json) -> Estimate:
        return Estimate(
            float(data["point"]),
            float(data["lower"]),
            float(data["upper"]),
            float(data["standard_error"]),
            data.get("r_squared"),
        )


@dataclass(frozen=True)
class Samples:
    """Samples in the order in which they were taken."""

    iterations: list[int]
    time_ns: list[float]
    switches: list[int]
    page_faults: list[int]

    @staticmethod
    def of(data: Json) -> Samples:
        return Samples(
            data["iterations"],
            data["time_ns"],
            data.get("involuntary_switches", []),
            data.get("page_faults", []),
        )

    @property
    def per_iteration_ns(self) -> list[float]:
        return [time / count for time, count in zip(self.time_ns, self.iterations)]

    def __len__(self) -> int:
        return len(self.time_ns)


@dataclass(frozen=True)
class Curve:
    """A density on an even grid."""

    start: float
    step: float
    density: list[float]

    @staticmethod
    def of(data: Json) -> Curve:
        return Curve(float(data["start"]), float(data["step"]), data["density"])


@dataclass(frozen=True)
class Outliers:
    """How many samples lie beyond the fences and what they do to the figures."""

    low_severe: int
    low_mild: int
    high_mild: int
    high_severe: int
    fences_ns: list[float]
    variance_share: float
    mean_shift: float
    effect: str

    @property
    def count(self) -> int:
        return self.low_severe + self.low_mild + self.high_mild + self.high_severe

    @property
    def matter(self) -> bool:
        return self.effect in ("moderate", "severe")

    def class_of(self, ns: float) -> str:
        """ "severe", "mild" or "" for a time of one iteration."""
        low_severe, low_mild, high_mild, high_severe = self.fences_ns
        if ns < low_severe or ns > high_severe:
            return "severe"
        return "mild" if ns < low_mild or ns > high_mild else ""


@dataclass(frozen=True)
class Comparison:
    """The verdict against a stored baseline."""

    baseline: str
    measured_utc: str
    commit: str | None
    samples: Samples
    lowmean_ns: float
    density: Curve
    change: Estimate
    p_value: float
    verdict: str
    smallest_detectable_change: float
    drift: float
    latency: Json | None

    @staticmethod
    def of(data: Json) -> Comparison:
        old = data["baseline"]
        return Comparison(
            visible(old["name"]),
            visible(old["measured_utc"]),
            visible(old["commit"]) if old["commit"] else None,
            Samples.of(old["samples"]),
            float(old["lowmean_ns"]),
            Curve.of(old["density"]),
            Estimate.of(data["change"]),
            float(data["p_value"]),
            data["verdict"],
            float(data["smallest_detectable_change"]),
            float(data["drift"]),
            old.get("latency_ns"),
        )


@dataclass(frozen=True)
class Scaling:
    """What so many threads bring over the fewest that were measured."""

    base_threads: int
    iterations_per_s: Estimate
    speed_up: Estimate
    efficiency: Estimate

    @staticmethod
    def of(data: Json) -> Scaling:
        return Scaling(
            data["base_threads"],
            Estimate.of(data["iterations_per_s"]),
            Estimate.of(data["speed_up"]),
            Estimate.of(data["efficiency"]),
        )


@dataclass(frozen=True)
class Parameter:
    """One axis' value: a number or a size in words (64KiB) can be plotted over, other words cannot."""

    name: str
    value: int | str

    @property
    def number(self) -> float | None:
        return size_of(self.value) if isinstance(self.value, str) else float(self.value)

    @property
    def text(self) -> str:
        value = visible(str(self.value))
        return f"{self.name}\u00a0=\u00a0{value}" if self.name else value


@dataclass(frozen=True)
class Cost:
    """What several probes of the harness measured: their median and their middle 95 %."""

    point: float
    lower: float
    upper: float

    @staticmethod
    def of(data: Json) -> Cost:
        return Cost(float(data["point"]), float(data["lower"]), float(data["upper"]))


@dataclass(frozen=True)
class Harness:
    """Clock reads and pauses that are part of the time; `share` is their part of the headline."""

    batch_iterations: float | None
    clock_ns: Cost
    pauses_per_iteration: float
    pause_ns: Cost | None
    share: Cost

    @staticmethod
    def of(data: Json) -> Harness:
        pause = data["pause_ns"]
        return Harness(
            data["batch_iterations"],
            Cost.of(data["clock_ns"]),
            float(data["pauses_per_iteration"]),
            Cost.of(pause) if pause else None,
            Cost.of(data["share"]),
        )


@dataclass(frozen=True)
class Eviction:
    """How the caches were made cold before every iteration."""

    how: str
    size_bytes: int


@dataclass
class Measurement:
    """What a benchmark that ran to its end holds beyond its name."""

    sampling: str
    samples: Samples
    estimates: dict[str, Estimate]
    outliers: Outliers
    density: Curve
    bootstrap: dict[str, Curve]
    unit: TimeUnit
    below_resolution: bool
    warm_up_iterations: int | None
    warm_up_ns: float | None
    stopped: str | None
    harness: Harness | None
    eviction: Eviction | None

    @property
    def headline(self) -> Estimate:
        return self.estimates["lowmean_ns"]


@dataclass
class Benchmark:
    """One benchmark; `measurement` is None unless it was measured."""

    raw_id: str
    id: str
    page: str
    bench: str
    parameters: list[Parameter]
    threads: int
    tags: list[str]
    status: str
    reason: str
    measured_utc: str
    throughput: list[tuple[str, int]]
    counters: list[tuple[str, float, str | None]]
    latency: Json | None
    regressions: list[Json]
    measurement: Measurement | None
    comparison: Comparison | None
    metrics: list[Metric]
    metric_pairs: list[MetricPair]
    metric_baseline: str
    oversubscribed: bool
    thread_samples: list[Samples]
    fairness: Estimate | None
    scaling: Scaling | None

    @property
    def has_figures(self) -> bool:
        """True when the headline is the kernel's own and not that of the empty loop."""
        return self.measurement is not None and not self.measurement.below_resolution

    @property
    def label(self) -> str:
        """What tells it from the others of its group."""
        parts = [parameter.text for parameter in self.parameters]
        if self.threads > 1:
            parts.append(f"{self.threads} threads")
        elif self.scaling is not None:
            parts.append("1 thread")
        return ", ".join(parts) or self.bench


@dataclass
class Group:
    """The benchmarks that share one body: all values of its parameters."""

    name: str
    page: str | None
    benchmarks: list[Benchmark]


@dataclass
class Suite:
    """One document."""

    name: str
    raw_name: str
    anchor: str
    document: Json
    groups: list[Group]
    confidence: float

    @property
    def benchmarks(self) -> list[Benchmark]:
        return [benchmark for group in self.groups for benchmark in group.benchmarks]

    @property
    def variant(self) -> str:
        variant = self.document["build"]["variant"]
        return variant if isinstance(variant, str) else "release"


@dataclass
class Report:
    """Everything that goes into the pages."""

    title: str
    suites: list[Suite]

    @property
    def benchmarks(self) -> list[Benchmark]:
        return [benchmark for suite in self.suites for benchmark in suite.benchmarks]


def build_report(documents: list[Json], title: str) -> Report:
    """The model of a report; the documents must have been validated."""
    names = PageNames()
    return Report(visible(title), [_build_suite(document, names) for document in documents])


def _build_suite(document: Json, names: PageNames) -> Suite:
    grouped: dict[str, list[Json]] = {}
    for data in document["benchmarks"]:
        grouped.setdefault(data["bench"], []).append(data)
    groups = []
    for bench, members in grouped.items():
        benchmarks = [_build_benchmark(data, names) for data in members]
        _sort_by_parameters(benchmarks)
        page = names.page("g/", document["suite"], bench) + ".html" if len(benchmarks) > 1 else None
        groups.append(Group(visible(bench), page, benchmarks))
    confidence = document["settings"].get("confidence_level")
    usable = isinstance(confidence, float) and 0 < confidence < 1
    return Suite(
        visible(document["suite"]),
        document["suite"],
        names.page("suite-", document["suite"]),
        document,
        groups,
        confidence if usable else 0.95,
    )


def _sort_by_parameters(benchmarks: list[Benchmark]) -> None:
    """Words in the order in which they first appear, numbers by size, threads last."""
    words: dict[str, int] = {}

    def order(benchmark: Benchmark) -> list[float]:
        key = []
        for parameter in benchmark.parameters:
            number = parameter.number
            if number is None:
                number = float(words.setdefault(str(parameter.value), len(words)))
            key.append(number)
        return [*key, float(benchmark.threads)]

    benchmarks.sort(key=order)


def _build_benchmark(data: Json, names: PageNames) -> Benchmark:
    measured = data["status"] == "measured"
    comparison = data.get("comparison") if measured else None
    counted: Json = data.get("metric_comparison", {"baseline": "", "pairs": []})
    return Benchmark(
        raw_id=data["id"],
        id=visible(data["id"]),
        page=names.page("b/", data["id"]) + ".html",
        bench=visible(data["bench"]),
        parameters=[
            Parameter(visible(parameter["name"] or ""), parameter["value"])
            for parameter in data["parameters"]
        ],
        threads=data["threads"],
        tags=[visible(tag) for tag in data["tags"]],
        status=data["status"],
        reason=visible(data["reason"] or ""),
        measured_utc=visible(data.get("measured_utc", "")),
        throughput=[(item["kind"], item["per_iteration"]) for item in data.get("throughput", [])],
        counters=[
            (visible(item["name"]), float(item["value"]), item["unit"])
            for item in data.get("counters", [])
        ],
        latency=data.get("latency_ns") if measured else None,
        regressions=data.get("regressions", []) if measured else [],
        measurement=_build_measurement(data) if measured else None,
        comparison=Comparison.of(comparison) if comparison else None,
        metrics=read_metrics(data.get("metrics", [])),
        metric_pairs=read_pairs(counted["pairs"]),
        metric_baseline=visible(counted["baseline"]),
        oversubscribed=bool(data.get("oversubscribed", False)),
        thread_samples=[Samples.of(item) for item in data.get("thread_samples", [])],
        fairness=Estimate.of(data["fairness"]) if "fairness" in data else None,
        scaling=Scaling.of(data["scaling"]) if "scaling" in data else None,
    )


def _build_measurement(data: Json) -> Measurement:
    estimates: dict[str, Any] = data["estimates"]
    outliers: dict[str, Any] = data["outliers"]
    warm_up: dict[str, Any] = data.get("warm_up", {})
    return Measurement(
        sampling=data["sampling"],
        samples=Samples.of(data["samples"]),
        estimates={
            name: Estimate.of(estimates[name]) for name in ESTIMATE_NAMES if estimates.get(name)
        },
        outliers=Outliers(**{name: outliers[name] for name in Outliers.__dataclass_fields__}),
        density=Curve.of(data["density"]),
        bootstrap={
            name: Curve.of(curve)
            for name, curve in data.get("bootstrap", {}).items()
            if name in ESTIMATE_NAMES
        },
        unit=time_unit(float(estimates["lowmean_ns"]["point"]), data.get("unit")),
        below_resolution=bool(data.get("below_resolution", False)),
        warm_up_iterations=warm_up.get("iterations"),
        warm_up_ns=warm_up.get("time_ns"),
        stopped=data.get("stopped"),
        harness=Harness.of(data["harness"]) if data.get("harness") else None,
        eviction=Eviction(data["eviction"]["how"], data["eviction"]["bytes"])
        if data.get("eviction")
        else None,
    )
