"""Rows of the tables on the index and the group pages."""

from __future__ import annotations

from dataclasses import dataclass

from .bars import Bar, Scale, scale_of
from .metrics import brief_counters
from .model import Benchmark, Comparison, Group, Suite
from .units import (
    IntervalText,
    counter_text,
    interval_text,
    percent,
    signed_percent,
    throughput_text,
)
from .words import STATUS, VERDICTS, row_note


@dataclass(frozen=True)
class Change:
    """A verdict in a cell: `kind` is "slower", "faster" or "same"."""

    kind: str
    sign: str
    word: str
    figure: str
    detail: str


@dataclass(frozen=True)
class Row:
    """One benchmark's row."""

    benchmark: Benchmark
    label: str
    state: str
    headline: IntervalText | None
    bar: Bar | None
    throughput: list[str]
    counters: list[tuple[str, str]]
    note: str
    change: Change | None
    search: str


@dataclass(frozen=True)
class Block:
    """Rows with one scale: a group, or the benchmarks without parameters."""

    name: str
    page: str | None
    scale: Scale | None
    rows: list[Row]


@dataclass(frozen=True)
class Table:
    """All rows of a suite and which columns they need."""

    blocks: list[Block]
    has_throughput: bool
    has_counters: bool
    has_change: bool

    @property
    def columns(self) -> int:
        return 3 + self.has_throughput + self.has_counters + self.has_change


def change_of(comparison: Comparison) -> Change:
    word, sign = VERDICTS[comparison.verdict]
    change = comparison.change
    if comparison.verdict == "no change seen":
        smallest = percent(abs(comparison.smallest_detectable_change))
        return Change("same", sign, word, signed_percent(change.point), f"(limit {smallest})")
    detail = f"{signed_percent(change.lower)} to {signed_percent(change.upper)}"
    return Change(word, sign, word, signed_percent(change.point), detail)


def state_of(benchmark: Benchmark) -> str:
    """One word for a class name and the filter."""
    if benchmark.measurement is None:
        return benchmark.status
    if benchmark.measurement.below_resolution:
        return "below"
    return "measured"


def throughput_of(benchmark: Benchmark) -> list[str]:
    """Throughput at the headline; nothing when the headline is not the kernel's own."""
    if benchmark.measurement is None or not benchmark.has_figures:
        return []
    point = benchmark.measurement.headline.point
    texts = [throughput_text(kind, amount, point) for kind, amount in benchmark.throughput]
    return [text for text in texts if text]


def headline_text(benchmark: Benchmark) -> IntervalText | None:
    if benchmark.measurement is None or not benchmark.has_figures:
        return None
    head = benchmark.measurement.headline
    return interval_text(head.point, head.lower, head.upper, benchmark.measurement.unit)


def row_of(benchmark: Benchmark, label: str, scale: Scale | None) -> Row:
    change = change_of(benchmark.comparison) if benchmark.comparison else None
    note = row_note(benchmark)
    words = [benchmark.id, *benchmark.tags, STATUS.get(benchmark.status, ""), note]
    words.append(change.word if change else "")
    return Row(
        benchmark=benchmark,
        label=label,
        state=state_of(benchmark),
        headline=headline_text(benchmark),
        bar=scale.bar(benchmark) if scale else None,
        throughput=throughput_of(benchmark),
        counters=[(name, counter_text(value, unit)) for name, value, unit in benchmark.counters]
        + brief_counters(benchmark.metrics),
        note=note,
        change=change,
        search=" ".join(word for word in words if word).lower(),
    )


def block_of(group: Group) -> Block:
    scale = scale_of(group.benchmarks)
    rows = [row_of(benchmark, benchmark.label, scale) for benchmark in group.benchmarks]
    return Block(group.name, group.page, scale, rows)


def _single_label(benchmark: Benchmark) -> str:
    label = benchmark.label
    return label if label == benchmark.bench else f"{benchmark.bench}, {label}"


def table_of_blocks(blocks: list[Block]) -> Table:
    rows = [row for block in blocks for row in block.rows]
    return Table(
        blocks,
        any(row.throughput for row in rows),
        any(row.counters for row in rows),
        any(row.change for row in rows),
    )


def table_of(suite: Suite) -> Table:
    """Benchmarks that stand alone share the first block; each group with several has its own."""
    alone = [group.benchmarks[0] for group in suite.groups if len(group.benchmarks) == 1]
    blocks = []
    if alone:
        scale = scale_of(alone)
        blocks.append(
            Block("", None, scale, [row_of(item, _single_label(item), scale) for item in alone])
        )
    blocks += [block_of(group) for group in suite.groups if len(group.benchmarks) > 1]
    return table_of_blocks(blocks)
