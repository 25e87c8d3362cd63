"""Quantities besides time: what a benchmark counts, and what two sides of a comparison count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .schema import Json
from .units import NARROW_SPACE, counter_text, percent, short_percent, signed_percent, visible

TITLES = {
    ("allocator", "allocations"): "Allocations",
    ("allocator", "allocated_bytes"): "Bytes allocated",
    ("allocator", "frees"): "Frees",
    ("allocator", "freed_bytes"): "Bytes freed",
    ("allocator", "peak_live_bytes"): "Most live bytes",
    ("process", "peak_rss_bytes"): "Most resident memory",
    ("valgrind", "instructions"): "Instructions",
    ("valgrind", "loop_instructions"): "Instructions of the loop itself",
    ("latency", "latency_p50"): "Latency p50",
    ("latency", "latency_p90"): "Latency p90",
    ("latency", "latency_p99"): "Latency p99",
    ("latency", "latency_p99_9"): "Latency p99.9",
}
"""Metrics of ours, by who counts them; others are shown by their own names."""

_BRIEF = (
    ("allocator", "allocations"),
    ("allocator", "allocated_bytes"),
    ("valgrind", "instructions"),
)
"""Worth a place in a table of many benchmarks."""


@dataclass(frozen=True)
class Figures:
    """What was counted, an iteration; None for all where `reason` says why nothing was."""

    state: str
    value: float | None
    lower: float | None
    upper: float | None
    scale: float | None
    reason: str

    @staticmethod
    def of(data: Json) -> Figures:
        return Figures(
            data["state"],
            data["value"],
            data["lower"],
            data["upper"],
            data["scale"],
            visible(data["reason"] or ""),
        )


@dataclass(frozen=True)
class Metric:
    """One quantity of a benchmark."""

    source: str
    name: str
    unit: str | None
    figures: Figures

    @staticmethod
    def of(data: Json) -> Metric:
        return Metric(data["source"], data["name"], data["unit"], Figures.of(data))

    @property
    def title(self) -> str:
        return title_of(self.source, self.name)


@dataclass(frozen=True)
class MetricPair:
    """One quantity, before and now."""

    source: str
    name: str
    unit: str | None
    old: Figures
    new: Figures
    change: str
    tolerance: float | None
    failed: bool

    @staticmethod
    def of(data: Json) -> MetricPair:
        return MetricPair(
            data["source"],
            data["name"],
            data["unit"],
            Figures.of(data["old"]),
            Figures.of(data["new"]),
            data["change"],
            data["tolerance"],
            bool(data["failed"]),
        )

    @property
    def title(self) -> str:
        return title_of(self.source, self.name)

    @property
    def is_instructions(self) -> bool:
        return (self.source, self.name) == ("valgrind", "instructions")

    @property
    def exact(self) -> bool:
        """Every lap gave the same on both sides, and it is not the mood of the system."""
        ranges = [(side.lower, side.upper) for side in (self.old, self.new)]
        return self.source != "process" and all(low == high for low, high in ranges)

    @property
    def notable(self) -> bool:
        """It fails its gate, or is an exact count or a latency of every run that changed."""
        moved = self.change in ("more", "less")
        return self.failed or (moved and (self.exact or self.source == "latency"))


@dataclass(frozen=True)
class MetricRow:
    """A row of the table of metrics."""

    title: str
    source: str
    figure: str
    spread: str
    note: str


@dataclass(frozen=True)
class PairRow:
    """A row of the table of metrics of two sides; `kind` is a class that the style sheet knows."""

    title: str
    source: str
    old: str
    new: str
    change: str
    kind: str
    sign: str
    gate: str


def title_of(source: str, name: str) -> str:
    return TITLES.get((source, name), visible(name))


def read_metrics(data: Iterable[Json]) -> list[Metric]:
    return [Metric.of(item) for item in data]


def read_pairs(data: Iterable[Json]) -> list[MetricPair]:
    return [MetricPair.of(item) for item in data]


def figure_text(value: float | None, unit: str | None) -> str:
    if value is None:
        return ""
    return counter_text(value, "bytes" if unit == "B" and value >= 1024 else unit)


def metric_rows(metrics: list[Metric]) -> list[MetricRow]:
    return [_metric_row(metric) for metric in metrics]


def _metric_row(metric: Metric) -> MetricRow:
    figures = metric.figures
    if figures.state == "unavailable":
        return MetricRow(metric.title, metric.source, "not available", "", figures.reason)
    spread = ""
    if figures.lower != figures.upper:
        low, high = (figure_text(bound, metric.unit) for bound in (figures.lower, figures.upper))
        spread = f"{low} to {high}"
    notes = [figures.reason] if figures.reason else []
    if figures.state == "scaled" and figures.scale is not None:
        notes.insert(0, f"scaled: counted {percent(figures.scale)} of the time")
    figure = figure_text(figures.value, metric.unit)
    return MetricRow(metric.title, metric.source, figure, spread, "; ".join(notes))


def brief_counters(metrics: list[Metric]) -> list[tuple[str, str]]:
    """Name and figure of what is worth a place in a table; what is zero is not."""
    return [
        (metric.title.lower(), figure_text(metric.figures.value, metric.unit))
        for metric in metrics
        if (metric.source, metric.name) in _BRIEF and metric.figures.value
    ]


def pair_rows(pairs: list[MetricPair]) -> list[PairRow]:
    return [_pair_row(pair) for pair in pairs]


def growth_text(pair: MetricPair) -> str:
    """ "+3.0 %", or nothing where there is no ratio."""
    if not pair.old.value or pair.new.value is None:
        return ""
    return signed_percent(pair.new.value / pair.old.value - 1)


def _pair_row(pair: MetricPair) -> PairRow:
    sides = [
        figures.reason if figures.value is None else figure_text(figures.value, pair.unit)
        for figures in (pair.old, pair.new)
    ]
    words = {"unknown": "not comparable", "same": "the same", "less": "less", "more": "more"}
    growth = growth_text(pair) if pair.change in ("less", "more") else ""
    kinds = {"more": ("slower", "▲"), "less": ("faster", "▼")}
    kind, sign = kinds.get(pair.change, ("same", "=" if pair.change == "same" else "·"))
    gate = ""
    if pair.tolerance is not None:
        gate = f"may grow by {short_percent(pair.tolerance)}"
        gate += ": beyond it" if pair.failed else ": kept"
    return PairRow(
        pair.title,
        pair.source,
        sides[0],
        sides[1],
        f"{words[pair.change]} {growth}".strip(),
        kind if pair.notable else "same",
        sign,
        gate,
    )


def pair_remark(pair: MetricPair) -> str:
    """In few words: allocations 3 → 4 (+33 %), beyond its gate."""
    old, new = (figure_text(side.value, pair.unit) for side in (pair.old, pair.new))
    growth = growth_text(pair)
    text = f"{pair.title.lower()} {old}{NARROW_SPACE}→{NARROW_SPACE}{new}"
    text += f" ({growth})" if growth else ""
    return text + (", beyond its gate" if pair.failed else "")
