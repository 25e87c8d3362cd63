"""Renders the pages: index.html, one page a benchmark, one a group."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from . import curves, detail, facts, growth, latency, metrics, plots, rows, threads, words
from .model import Benchmark, Group, Report, Suite
from .render import Renderer
from .script import Figure
from .units import percent, time_text

_LISTED_CHANGES = 20

Sweeps = dict[str, curves.Sweep | None]
"""What the groups are drawn over, by the page of the group."""


def sweeps_of(report: Report) -> Sweeps:
    return {
        group.page: curves.sweep_of(group)
        for suite in report.suites
        for group in suite.groups
        if group.page is not None
    }


def figures_of(report: Report, sweeps: Sweeps) -> list[Figure]:
    """Every figure of the results' pages; keys begin with the page."""
    figures: list[Figure] = []
    for suite in report.suites:
        for group in suite.groups:
            sweep = sweeps.get(group.page or "")
            if sweep is not None:
                figures += curves.figures_of(group, sweep, growth.families_of(suite, group))
            speed_ups = curves.speed_ups_of(group)
            if speed_ups is not None and group.page is not None:
                figures.append(curves.speed_up_figure(group, speed_ups))
            for benchmark in group.benchmarks:
                figures += plots.figures_of(benchmark) + latency.figures_of(benchmark)
    return figures


def write_pages(report: Report, sweeps: Sweeps, renderer: Renderer) -> None:
    """Writes the index, and a page for each group and benchmark."""
    pages = _Pages(report, renderer, sweeps)
    pages.write_index()
    for suite in report.suites:
        for group in suite.groups:
            if group.page is not None:
                pages.write_group(suite, group)
            for benchmark in group.benchmarks:
                pages.write_benchmark(suite, group, benchmark)


@dataclass(frozen=True)
class _SuiteView:
    suite: Suite
    table: rows.Table
    facts: list[facts.Fact]
    counts: Counter[str]


class _Pages:
    def __init__(self, report: Report, renderer: Renderer, sweeps: Sweeps) -> None:
        self._report = report
        self._renderer = renderer
        self._sweeps = sweeps

    def write_index(self) -> None:
        suites = self._report.suites
        common, own = facts.split_common([facts.facts_of(suite.document) for suite in suites])
        shared, differing = facts.split_common(
            [facts.settings_of(suite.document) for suite in suites]
        )
        views = [
            _SuiteView(suite, rows.table_of(suite), only, _counts(suite.benchmarks))
            for suite, only in zip(suites, own)
        ]
        changed = [item for item in self._report.benchmarks if _is_changed(item)]
        changed.sort(key=_size_of_change)
        broken = [
            item for item in self._report.benchmarks if item.status in ("failed", "interrupted")
        ]
        self._renderer.write(
            "index.html",
            "index.html",
            time_of=time_text,
            views=views,
            counts=_counts(self._report.benchmarks),
            run=_run_summary(suites),
            facts=common,
            settings=shared,
            own_settings=[(suite.name, only) for suite, only in zip(suites, differing) if only],
            stability=facts.stability_of(suites),
            warnings=facts.warnings_of(suites),
            changed=[rows.row_of(item, item.id, None) for item in changed[:_LISTED_CHANGES]],
            more_changed=max(0, len(changed) - _LISTED_CHANGES),
            broken=broken,
            baselines=sorted(
                {item.comparison.baseline for item in self._report.benchmarks if item.comparison}
            ),
            confidence=percent(suites[0].confidence),
        )

    def write_group(self, suite: Suite, group: Group) -> None:
        assert group.page is not None
        sweep = self._sweeps[group.page]
        self._renderer.write(
            "group.html",
            group.page,
            suite=suite,
            group=group,
            sweep=sweep,
            growth=growth.rows_of(suite, group),
            fitted=growth.families_of(suite, group),
            figures=[
                self._renderer.figure(group.page, name) for name in ("time", "elements", "bytes")
            ],
            speed_ups=curves.speed_ups_of(group),
            speed_up_figure=self._renderer.figure(group.page, "speed-up"),
            scaling=threads.scaling_rows(group),
            table_data=rows.table_of_blocks([rows.block_of(group)]),
            confidence=percent(suite.confidence),
        )

    def write_benchmark(self, suite: Suite, group: Group, benchmark: Benchmark) -> None:
        values: dict[str, Any] = {
            "suite": suite,
            "group": group,
            "benchmark": benchmark,
            "row": rows.row_of(benchmark, benchmark.id, None),
            "command": detail.repeat_command(suite, benchmark),
            "confidence": percent(suite.confidence),
            "neighbours": _neighbours(group, benchmark),
            "measurement": benchmark.measurement,
            "comparison": benchmark.comparison,
        }
        if benchmark.measurement is not None:
            values |= self._measured_values(suite, benchmark)
        self._renderer.write("benchmark.html", benchmark.page, **values)

    def _measured_values(self, suite: Suite, benchmark: Benchmark) -> dict[str, Any]:
        measurement, comparison = benchmark.measurement, benchmark.comparison
        assert measurement is not None
        names = ("density", "regression", "order", "bootstrap", "compared", "change", "latency")
        loop = suite.document["loop_ns"]
        beyond = plots.beyond_count(measurement)
        return {
            "figure": {name: self._renderer.figure(benchmark.page, name) for name in names},
            "estimates": detail.estimate_rows(measurement),
            "throughput": detail.throughput_rows(benchmark),
            "sampling": detail.sampling_facts(benchmark, measurement),
            "thread_cards": threads.cards(benchmark),
            "threads": threads.thread_table(benchmark),
            "counted": metrics.metric_rows(benchmark.metrics),
            "counted_pairs": metrics.pair_rows(benchmark.metric_pairs),
            "quantiles": latency.quantile_rows(benchmark),
            "latency_note": latency.latency_note(benchmark),
            "regressions": detail.regression_rows(benchmark),
            "outlier_text": words.outlier_sentences(measurement.outliers, len(measurement.samples)),
            "disturbance_text": words.disturbance_sentence(measurement),
            "beyond_across": words.beyond_sentence(beyond, ("further left", "further right")),
            "beyond_upright": words.beyond_sentence(beyond, ("below", "above")),
            "thinned": plots.shown_samples(measurement.samples, measurement.unit).every,
            "samples": detail.sample_table(measurement.samples, measurement.unit, measurement),
            "old_samples": comparison
            and detail.sample_table(comparison.samples, measurement.unit, None),
            "change_text": comparison and words.change_sentence(comparison, suite.confidence),
            "loop": time_text(loop["point"]) if loop else None,
            "time_text": time_text,
        }


def _neighbours(group: Group, benchmark: Benchmark) -> tuple[Benchmark | None, Benchmark | None]:
    place = group.benchmarks.index(benchmark)
    before = group.benchmarks[place - 1] if place > 0 else None
    after = group.benchmarks[place + 1] if place + 1 < len(group.benchmarks) else None
    return before, after


def _is_changed(benchmark: Benchmark) -> bool:
    return benchmark.comparison is not None and benchmark.comparison.verdict != "no change seen"


def _size_of_change(benchmark: Benchmark) -> tuple[bool, float]:
    """Regressions first, the largest first."""
    assert benchmark.comparison is not None
    return benchmark.comparison.verdict != "regressed", -abs(benchmark.comparison.change.point)


def _counts(benchmarks: list[Benchmark]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for benchmark in benchmarks:
        counts[benchmark.status] += 1
        counts["all"] += 1
        if benchmark.measurement is not None:
            counts["below"] += benchmark.measurement.below_resolution
            counts["outliers"] += benchmark.measurement.outliers.matter
        if benchmark.comparison is not None:
            counts["compared"] += 1
            counts[benchmark.comparison.verdict] += 1
    return counts


def _run_summary(suites: list[Suite]) -> list[str]:
    """The run in a line: how much, when, of which commit, where."""
    documents = [suite.document for suite in suites]
    benchmarks = sum(len(suite.benchmarks) for suite in suites)
    started = min(document["started_utc"] for document in documents)
    parts = [
        f"{words.count_of(benchmarks, 'benchmark')} in {words.count_of(len(suites), 'suite')}",
        started[:16].replace("T", " ") + " UTC",
    ]
    parts += sorted({facts.commit_text(document) for document in documents})[:3]
    parts += sorted({str(document["host"]["name"]) for document in documents})[:3]
    took = sum(document["duration_s"] for document in documents)
    return parts + [f"took {facts.duration_text(took)}"]
