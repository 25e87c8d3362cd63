"""What is said of benchmarks on several threads: speed-up, efficiency, fairness, each thread's part."""

from __future__ import annotations

from dataclasses import dataclass

from .model import Benchmark, Estimate, Group, Samples
from .units import fixed, prefixed, time_text
from .words import count_of

LISTED_THREADS = 64


@dataclass(frozen=True)
class ScalingRow:
    """A benchmark on one number of threads beside the others of its family."""

    benchmark: Benchmark
    rate: str
    speed_up: str
    span: str
    efficiency: str
    fairness: str


@dataclass(frozen=True)
class ThreadRow:
    """What one thread did in all samples together; `width` is its rate, 100 for the fastest."""

    name: str
    iterations: str
    each: str
    share: str
    width: float


@dataclass(frozen=True)
class ThreadTable:
    rows: list[ThreadRow]
    left_out: int


def ratio_text(value: float) -> str:
    """A speed-up, an efficiency or a fairness: 1.97; small ones keep two digits."""
    return fixed(value, 2) if value >= 0.1 or value == 0 else f"{value:.2g}"


def span_text(estimate: Estimate) -> str:
    return f"{ratio_text(estimate.lower)} to {ratio_text(estimate.upper)}"


def rate_text(estimate: Estimate) -> str:
    figure, prefix = prefixed(estimate.point)
    return f"{figure}\u202f{prefix}/s"


def scaling_rows(group: Group) -> list[ScalingRow]:
    rows = []
    for benchmark in group.benchmarks:
        scaling = benchmark.scaling
        if scaling is None:
            continue
        is_base = benchmark.threads == scaling.base_threads
        rows.append(
            ScalingRow(
                benchmark,
                rate_text(scaling.iterations_per_s),
                f"×{ratio_text(scaling.speed_up.point)}",
                "" if is_base else span_text(scaling.speed_up),
                ratio_text(scaling.efficiency.point),
                ratio_text(benchmark.fairness.point) if benchmark.fairness else "",
            )
        )
    return rows


def cards(benchmark: Benchmark) -> list[tuple[str, str, str]]:
    """What it is, the figure and what to know of it."""
    made = []
    scaling = benchmark.scaling
    if scaling is not None and benchmark.threads != scaling.base_threads:
        made.append(
            (
                f"Speed-up over {count_of(scaling.base_threads, 'thread')}",
                f"×{ratio_text(scaling.speed_up.point)}",
                f"{span_text(scaling.speed_up)}; efficiency {ratio_text(scaling.efficiency.point)}",
            )
        )
    if benchmark.fairness is not None:
        made.append(
            (
                "Fairness: slowest thread over fastest",
                ratio_text(benchmark.fairness.point),
                f"{span_text(benchmark.fairness)}; 1 is fair",
            )
        )
    return made


def _rate(samples: Samples) -> float:
    """Iterations a nanosecond; 0 when it took no time."""
    total_ns = sum(samples.time_ns)
    return sum(samples.iterations) / total_ns if total_ns > 0 else 0.0


def thread_table(benchmark: Benchmark) -> ThreadTable | None:
    """A row a thread; None when the document says nothing of single threads."""
    threads = benchmark.thread_samples
    if not threads:
        return None
    rates = [_rate(samples) for samples in threads]
    fastest = max(rates)
    rows = [
        ThreadRow(
            str(index),
            fixed(sum(samples.iterations), 0),
            time_text(1 / rate) if rate > 0 else "",
            ratio_text(rate / fastest) if fastest > 0 else "",
            round(100 * rate / fastest, 1) if fastest > 0 else 0.0,
        )
        for index, (samples, rate) in enumerate(zip(threads, rates))
    ]
    return ThreadTable(rows[:LISTED_THREADS], max(0, len(rows) - LISTED_THREADS))
