"""A comparison of two builds as the report sees it: typed, with a page name for every benchmark."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .metrics import MetricPair, read_pairs
from .model import Curve
from .names import PageNames
from .schema import Json
from .units import visible

LEAST_RATIO = -0.999999
"""No drawn change is nearer to -1: there the logarithm ends."""


@dataclass(frozen=True)
class Effect:
    """new / old - 1 with its interval."""

    point: float
    lower: float
    upper: float

    @staticmethod
    def of(data: Json) -> Effect:
        return Effect(float(data["point"]), float(data["lower"]), float(data["upper"]))

    @property
    def logs(self) -> tuple[float, float, float]:
        """ln(new / old) of the lower bound, the point and the upper bound."""
        bounds = (self.lower, self.point, self.upper)
        low, point, high = (math.log1p(max(bound, LEAST_RATIO)) for bound in bounds)
        return low, point, high


@dataclass(frozen=True)
class Times:
    """Of an iteration, over all slices of a side, in nanoseconds."""

    p5: float
    median: float
    p95: float
    density: Curve | None

    @staticmethod
    def of(data: Json) -> Times:
        times, grid = data["times_ns"], data["density"]
        curve = grid and Curve(float(grid["start_ns"]), float(grid["step_ns"]), grid["density"])
        return Times(float(times["p5"]), float(times["median"]), float(times["p95"]), curve or None)


@dataclass(frozen=True)
class Pairs:
    """A value a pair of processes, in the order in which they ran."""

    confirming: list[bool]
    old_first: list[bool]
    shared_addresses: list[bool]
    log_ratio: list[float]
    old_lowmean_ns: list[float]
    new_lowmean_ns: list[float]
    old_tail_ns: list[float | None]
    new_tail_ns: list[float | None]
    slices: list[int]
    dropped: list[int]
    old_layout: list[int]
    new_layout: list[int]

    @staticmethod
    def of(data: Json) -> Pairs:
        return Pairs(
            data["confirming"],
            [order == 1 for order in data["order"]],
            data["shared_addresses"],
            [float(log) for log in data["log_ratio"]],
            data["old_lowmean_ns"],
            data["new_lowmean_ns"],
            data["old_tail_ns"],
            data["new_tail_ns"],
            data["slices"],
            data["dropped"],
            data["old_layout"],
            data["new_layout"],
        )

    def __len__(self) -> int:
        return len(self.log_ratio)

    @property
    def screening(self) -> int:
        """How many are of the screen."""
        return len(self) - sum(self.confirming)


@dataclass(frozen=True)
class Finding:
    """What was found of a benchmark that was compared."""

    verdict: str
    flagged: bool
    confirmed: bool
    layout_alone: bool
    below_resolution: bool
    note: str
    effect: Effect
    p_value: float
    signed_rank_p_value: float | None
    smallest_detectable: float
    pairs_needed: int | None
    seconds_needed: float | None
    tail_slower: bool
    tail: Effect | None
    iterations_per_slice: int
    pair_s: float
    old: Times
    new: Times
    pairs: Pairs

    @staticmethod
    def of(data: Json) -> Finding:
        tail = data["tail"]["effect_ratio"]
        return Finding(
            verdict=data["verdict"],
            flagged=data["flagged"],
            confirmed=data["confirmed"],
            layout_alone=data.get("layout_alone", False),
            below_resolution=data["below_resolution"],
            note=visible(data["note"] or ""),
            effect=Effect.of(data["effect_ratio"]),
            p_value=float(data["p_value"]),
            signed_rank_p_value=data["signed_rank_p_value"],
            smallest_detectable=float(data["smallest_detectable_ratio"]),
            pairs_needed=data["pairs_needed"],
            seconds_needed=data["seconds_needed"],
            tail_slower=data["tail"]["slower"],
            tail=Effect.of(tail) if tail else None,
            iterations_per_slice=data["iterations_per_slice"],
            pair_s=float(data["pair_s"]),
            old=Times.of(data["old"]),
            new=Times.of(data["new"]),
            pairs=Pairs.of(data["pairs"]),
        )

    @property
    def outcome(self) -> str:
        """The verdict, or "below resolution" where none was given."""
        return "below resolution" if self.below_resolution else self.verdict

    @property
    def called(self) -> bool:
        return self.outcome in ("regressed", "improved")

    @property
    def has_interval(self) -> bool:
        """False when there were too few pairs for one: then no effect was estimated either."""
        return self.smallest_detectable > 0

    @property
    def has_figures(self) -> bool:
        """True when there is an effect to show that is the kernel's own."""
        return self.has_interval and not self.below_resolution


@dataclass(frozen=True)
class Entry:
    """One benchmark of the comparison; `finding` is None unless it was compared."""

    raw_id: str
    id: str
    suite: str
    page: str
    status: str
    reason: str
    finding: Finding | None
    metrics: list[MetricPair]
    work: str

    @property
    def outcome(self) -> str:
        return self.finding.outcome if self.finding else self.status

    @property
    def beyond_gate(self) -> bool:
        """True when a metric grew by more than its gate allows."""
        return any(pair.failed for pair in self.metrics)


@dataclass(frozen=True)
class Canary:
    """A benchmark with a known answer."""

    slower: bool
    misfired: bool
    entry: Entry


@dataclass(frozen=True)
class Side:
    """One of the two builds."""

    name: str
    document: Json

    @property
    def build(self) -> Json:
        build: Json = self.document["build"]
        return build


@dataclass(frozen=True)
class Versus:
    """A whole comparison."""

    document: Json
    old: Side
    new: Side
    entries: list[Entry]
    canaries: list[Canary]
    only_old: list[str]
    only_new: list[str]
    confidence: float
    guard: float
    margin: float

    @property
    def title(self) -> str:
        return f"{self.new.name} against {self.old.name}"

    @property
    def trusted(self) -> bool:
        return bool(self.document["trusted"]) and not any(c.misfired for c in self.canaries)


def build_versus(document: Json) -> Versus:
    """The model of a comparison; the document must have been validated."""
    names = PageNames()
    settings = document["settings"]
    return Versus(
        document=document,
        old=_side(document["old"]),
        new=_side(document["new"]),
        entries=[_entry(data, names) for data in document["benchmarks"]],
        canaries=[
            Canary(data["slower"], data["misfired"], _entry(data["benchmark"], names))
            for data in document["canaries"]
        ],
        only_old=[visible(name) for name in document["only_old"]],
        only_new=[visible(name) for name in document["only_new"]],
        confidence=float(settings["confidence_level"]),
        guard=float(settings["guard_ratio"]),
        margin=float(settings["margin_ratio"]),
    )


def _side(data: Json) -> Side:
    return Side(visible(data["name"]) or "(no name)", data)


def _entry(data: Json, names: PageNames) -> Entry:
    compared = data["status"] == "compared"
    return Entry(
        raw_id=data["id"],
        id=visible(data["id"]),
        suite=visible(data["suite"]),
        page=names.page("c/", data["id"]) + ".html",
        status=data["status"],
        reason=visible(data["reason"] or ""),
        finding=Finding.of(data) if compared else None,
        metrics=read_pairs(data.get("metrics", [])),
        work=data.get("work", ""),
    )
