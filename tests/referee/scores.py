"""What the referee has seen so far, and the figures of its tables."""

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from cells import CELLS, Cell
from driver import Comparison, Judged, class_of
from rivals import RivalCall
from tally import Mean, Share, fit_pairs, mean_of

CLASSES = ("compute", "memory")
CALLED = ("regressed", "improved")


@dataclass
class Results:
    comparisons: dict[str, list[Comparison]] = field(default_factory=dict)
    rivals: list[RivalCall] = field(default_factory=list)

    def add(self, cell: str, comparison: Comparison) -> None:
        self.comparisons.setdefault(cell, []).append(comparison)

    def judged(self, cells: Iterable[str]) -> list[Judged]:
        return [j for c in cells for run in self.comparisons.get(c, []) for j in run.judged]

    def untrusted(self) -> Share:
        runs = [run for runs in self.comparisons.values() for run in runs]
        return Share(sum(not run.trusted for run in runs), len(runs))

    def seconds_a_benchmark(self, cells: Iterable[str]) -> float:
        """nan when none of the cells was run."""
        runs = [run for cell in cells for run in self.comparisons.get(cell, [])]
        count = sum(len(run.judged) for run in runs)
        return sum(run.wall_s for run in runs) / count if count else math.nan


def quiet_cells() -> list[str]:
    return [name for name, cell in CELLS.items() if cell.disturber is None]


def share(judged: Iterable[Judged], hit: Callable[[Judged], bool]) -> Share:
    hits = [hit(j) for j in judged]
    return Share(sum(hits), len(hits))


def is_regressed(judged: Judged) -> bool:
    return judged.verdict == "regressed"


def by_times_regressed(judged: Judged) -> bool:
    """What the times alone say: between copies of one program no layout differs, so that a call
    which was taken back because the code is the same was a false one all the same."""
    return is_regressed(judged) or (judged.layout_alone and judged.point > 0)


def by_times_called(judged: Judged) -> bool:
    return judged.verdict in CALLED or judged.layout_alone


def fires_at_5_percent(judged: Judged, floor: float) -> bool:
    """The 95 % interval of the screen's pairs leaves out 0."""
    fit = fit_pairs(judged.screen.logs, judged.screen.orders)
    return fit is not None and fit.excludes_zero(0.95, floor)


def of_class(judged: Iterable[Judged], name: str) -> list[Judged]:
    return [j for j in judged if class_of(j.kernel) == name]


def injected_only(judged: Iterable[Judged]) -> list[Judged]:
    return [j for j in judged if j.injected > 0]


def unchanged_only(judged: Iterable[Judged]) -> list[Judged]:
    return [j for j in judged if j.injected == 0]


def bias(judged: Iterable[Judged]) -> Mean:
    """Effect less the true one, as ratios.

    From the screen's pairs, which are the same number whatever they show: a benchmark that gets
    more pairs because the first ones were slow would pull the mean.
    """
    misses = []
    for j in judged:
        fit = fit_pairs(j.screen.logs, j.screen.orders)
        if fit is not None:
            misses.append(math.expm1(fit.theta) - j.injected)
    return mean_of(misses)


@dataclass(frozen=True)
class Row:
    """Benchmarks of one class in one cell: those with the same work, or those with more."""

    cell: Cell
    kind: str
    more_work: bool
    tries: int
    regressed: Share
    improved: Share
    unchanged: Share
    inconclusive: Share
    layout_alone: Share  # of the unchanged: called by the times, with the same code on both sides
    fires: Share
    fires_without_floor: Share
    width: float  # median of the 95 % interval's, as a ratio
    bias: Mean
    seconds: float  # of wall time a benchmark, over the whole comparison

    @property
    def per_second(self) -> float:
        """Detections a second of comparing."""
        return self.regressed.point / self.seconds


def make_row(results: Results, cell: Cell, kind: str, more_work: bool) -> Row | None:
    everything = of_class(results.judged([cell.name]), kind)
    judged = injected_only(everything) if more_work else unchanged_only(everything)
    if not judged:
        return None

    def with_verdict(verdict: str) -> Share:
        return share(judged, lambda j: j.verdict == verdict)

    return Row(
        cell=cell,
        kind=kind,
        more_work=more_work,
        tries=len(judged),
        regressed=with_verdict("regressed"),
        improved=with_verdict("improved"),
        unchanged=with_verdict("unchanged"),
        inconclusive=with_verdict("inconclusive"),
        layout_alone=share(judged, lambda j: j.layout_alone),
        fires=share(judged, lambda j: fires_at_5_percent(j, 2e-4)),
        fires_without_floor=share(judged, lambda j: fires_at_5_percent(j, 0.0)),
        width=statistics.median(j.upper - j.lower for j in judged),
        bias=bias(judged),
        seconds=results.seconds_a_benchmark([cell.name]),
    )


def make_rows(results: Results) -> list[Row]:
    rows = []
    for more_work in (False, True):
        for cell in CELLS.values():
            for kind in CLASSES:
                row = make_row(results, cell, kind, more_work)
                if row is not None:
                    rows.append(row)
    return rows


@dataclass(frozen=True)
class RuleRow:
    """A rule's two columns, and what it was given."""

    name: str
    false_alarms: Share  # calls of either direction where nothing differs
    detections: dict[str, Share]  # by cell, "regressed" where more work is done
    seconds: float


def own_row(results: Results, cells: Iterable[str]) -> RuleRow:
    nulls = unchanged_only(results.judged(c for c in quiet_cells() if c != "relinked"))
    detections = {
        cell: share(injected_only(results.judged([cell])), is_regressed) for cell in cells
    }
    return RuleRow(
        "assay compare",
        share(nulls, by_times_called),
        detections,
        results.seconds_a_benchmark(quiet_cells()),
    )


def rival_row(results: Results, name: str, cells: Iterable[str]) -> RuleRow | None:
    calls = [call for call in results.rivals if call.rival == name]
    if not calls:
        return None
    nulls = [call.verdict in CALLED for call in calls if call.injected == 0]
    detections = {}
    for cell in cells:
        found = [call.verdict == "regressed" for call in calls if call.cell == cell]
        detections[cell] = Share(sum(found), len(found))
    seconds = statistics.fmean(call.budget_s for call in calls)
    return RuleRow(name, Share(sum(nulls), len(nulls)), detections, seconds)
