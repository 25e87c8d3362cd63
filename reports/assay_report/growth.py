"""How a group's time grows with its first parameter: the curves that were fitted, in words and drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from .model import Group, Suite
from .scale import Range
from .schema import Json
from .units import IntervalText, interval_text, percent, time_unit

CURVES: dict[str, tuple[str, str, Callable[[float], float]]] = {
    "1": ("O(1)", "", lambda n: 1.0),
    "log n": ("O(log n)", "log\u2082 n", math.log2),
    "n": ("O(n)", "n", lambda n: n),
    "n log n": ("O(n log n)", "n log\u2082 n", lambda n: n * math.log2(n)),
    "n^2": ("O(n\u00b2)", "n\u00b2", lambda n: n * n),
    "n^3": ("O(n\u00b3)", "n\u00b3", lambda n: n**3),
}
"""What a curve is called, what its coefficient is multiplied by, and its value."""
DRAWN_POINTS = 80


@dataclass(frozen=True)
class Family:
    """Benchmarks that differ in one parameter, and the curve that fits them best."""

    name: str
    ids: frozenset[str]
    curve: str
    coefficient_ns: float

    def points(self, low: float, high: float) -> list[tuple[float, float]]:
        """The curve in nanoseconds between two values of the parameter above zero."""
        value = CURVES[self.curve][2]
        ratio = high / low
        places = [low * ratio ** (step / DRAWN_POINTS) for step in range(DRAWN_POINTS + 1)]
        return [(n, self.coefficient_ns * value(n)) for n in places]


@dataclass(frozen=True)
class Row:
    """A line of the table: figures, or why there are none."""

    name: str
    reason: str
    curve: str = ""
    formula: str = ""
    figures: IntervalText | None = None
    rms: str = ""
    next_curve: str = ""
    next_rms: str = ""
    close: bool = False


def _data_of(suite: Suite, group: Group) -> list[Json]:
    ids = {benchmark.raw_id for benchmark in group.benchmarks}
    return [
        family
        for family in suite.document.get("complexity", [])
        if not ids.isdisjoint(family["ids"])
    ]


def families_of(suite: Suite, group: Group) -> list[Family]:
    """The families that have a curve."""
    families = []
    for data in _data_of(suite, group):
        if data.get("fits"):
            best = data["fits"][0]
            families.append(
                Family(data["name"], frozenset(data["ids"]), best["curve"], best["coefficient_ns"])
            )
    return families


def rows_of(suite: Suite, group: Group) -> list[Row]:
    rows = []
    for data in _data_of(suite, group):
        if not data.get("fits"):
            rows.append(Row(data["name"], data.get("reason", "")))
            continue
        best, second = data["fits"][:2]
        name, formula, _ = CURVES[best["curve"]]
        point = best["coefficient_ns"]
        rows.append(
            Row(
                data["name"],
                "",
                name,
                formula,
                interval_text(point, best["lower_ns"], best["upper_ns"], time_unit(point)),
                percent(best["rms"]),
                CURVES[second["curve"]][0],
                percent(second["rms"]),
                data.get("close", False),
            )
        )
    return rows


def visible_part(
    points: list[tuple[float, float]], scale: float, y: Range
) -> list[tuple[float, float]]:
    """The points of a curve that lie inside the axes."""
    return [(n, ns / scale) for n, ns in points if y.holds(ns / scale)]
