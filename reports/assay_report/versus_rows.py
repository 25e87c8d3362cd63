"""Rows of the table of effects: in order of interest, all drawn on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .scale import Range, Tick, linear_ticks
from .units import percent, signed_percent
from .versus_model import Entry, Finding, Versus
from .versus_words import (
    OUTCOMES,
    interval_words,
    metric_chips,
    point_words,
    remark,
    suspicion,
    tail_words,
)

_LINEAR_UP_TO = 8.0
"""Largest bound, in margins, up to which the scale is linear all the way."""
_ROOM = 0.04
_CHARACTER = 2.3
"""Width of a character of a label, in per cent of the column."""
_FARTHEST = 3.0
"""Intervals are drawn no further than this many times the largest effect."""


@dataclass(frozen=True)
class Track:
    """Places in per cent of the width."""

    lower: float
    point: float
    upper: float


@dataclass(frozen=True)
class EffectScale:
    """Linear within the margin; beyond it logarithmic when some effects are far larger."""

    span: Range
    margin: float
    guard: float
    log: bool

    def stretched(self, ratio: float) -> float:
        share = ratio / self.margin
        if not self.log or abs(share) <= 1:
            return share
        return math.copysign(1 + math.log(abs(share)), share)

    def place(self, ratio: float) -> float:
        """Where a change lies, in per cent of the width."""
        at = (self.stretched(ratio) - self.span.low) / self.span.width
        return round(100 * min(max(at, 0.0), 1.0), 2)

    def track(self, finding: Finding) -> Track:
        effect = finding.effect
        return Track(self.place(effect.lower), self.place(effect.point), self.place(effect.upper))

    def band(self, reach: float) -> tuple[float, float]:
        """Left edge and width of what lies within `reach` of no change."""
        left, right = self.place(-reach), self.place(reach)
        return left, round(right - left, 2)

    @property
    def zero(self) -> float:
        return self.place(0.0)

    @property
    def ticks(self) -> list[Tick]:
        """Marks for the head of the column; places in per cent of the width."""
        ticks = [
            Tick(self.place(ratio), label)
            for ratio, label in self._round_values()
            if self.span.holds(self.stretched(ratio)) and 4 <= self.place(ratio) <= 94
        ]
        return _without_overlap(ticks, self.zero)

    def _round_values(self) -> list[tuple[float, str]]:
        if self.log:
            reaches = [self.margin * 10.0**decade for decade in range(12)]
            ratios = [0.0] + [sign * reach for reach in reaches for sign in (1, -1)]
        else:
            percents = Range(100 * self.span.low * self.margin, 100 * self.span.high * self.margin)
            ratios = [tick.at / 100 for tick in linear_ticks(percents, 4)]
        return [(ratio, signed_percent(ratio, _tick_decimals(ratio))) for ratio in ratios]


def _tick_decimals(ratio: float) -> int:
    value = abs(ratio) * 100
    return next((digits for digits in range(3) if abs(value - round(value, digits)) < 1e-9), 3)


def _without_overlap(ticks: list[Tick], zero: float) -> list[Tick]:
    """The ticks whose labels have room; those nearest to zero stay."""
    kept: list[Tick] = []
    for tick in sorted(ticks, key=lambda tick: abs(tick.at - zero)):
        room = [_CHARACTER * (len(tick.label) + len(other.label)) / 2 for other in kept]
        if all(abs(tick.at - other.at) >= least for other, least in zip(kept, room)):
            kept.append(tick)
    return sorted(kept, key=lambda tick: tick.at)


@dataclass(frozen=True)
class Row:
    """One benchmark's row; `kind` is the class of its outcome."""

    entry: Entry
    kind: str
    sign: str
    outcome: str
    point: str
    interval: str
    sees: str
    track: Track | None
    chips: list[str]
    remark: str
    search: str

    @property
    def states(self) -> str:
        """Words for the filter."""
        finding = self.entry.finding
        assert finding is not None
        words = [self.outcome.split()[0]]
        words += ["tail"] if finding.tail_slower else []
        words += ["moved"] if finding.layout_alone else []
        words += ["suspected"] if suspicion(finding) and not finding.layout_alone else []
        words += ["gate"] if self.entry.beyond_gate else []
        return " ".join(words)


@dataclass(frozen=True)
class Block:
    """The rows of one outcome."""

    outcome: str
    sign: str
    rows: list[Row]


@dataclass(frozen=True)
class EffectTable:
    blocks: list[Block]
    scale: EffectScale

    @property
    def rows(self) -> list[Row]:
        return [row for block in self.blocks for row in block.rows]


def scale_of(findings: Sequence[Finding], versus: Versus) -> EffectScale:
    """One scale that holds every effect, and the margin with room to both sides.

    It holds the intervals too, unless they reach far beyond all effects and the margin.
    """
    shown = [finding.effect for finding in findings if finding.has_figures]
    largest = max([abs(effect.point) for effect in shown], default=0.0)
    farthest = max(_FARTHEST * largest, 10 * versus.margin)
    low = min([-1.6 * versus.margin, *(max(effect.lower, -farthest) for effect in shown)])
    high = max([1.6 * versus.margin, *(min(effect.upper, farthest) for effect in shown)])
    log = max(-low, high) > _LINEAR_UP_TO * versus.margin
    plain = EffectScale(Range(-1, 1), versus.margin, versus.guard, log)
    ends = Range(plain.stretched(low), plain.stretched(high))
    room = ends.width * _ROOM
    span = Range(ends.low - room, ends.high + room)
    return EffectScale(span, versus.margin, versus.guard, log)


def row_of(entry: Entry, scale: EffectScale | None) -> Row:
    finding = entry.finding
    assert finding is not None
    sign, kind = OUTCOMES[finding.outcome]
    figures = finding.has_figures
    chips = [chip for chip in (tail_words(finding), suspicion(finding)) if chip]
    chips += metric_chips(entry)
    said = remark(entry)
    words = [entry.id, finding.outcome, said, *chips]
    return Row(
        entry=entry,
        kind=kind,
        sign=sign,
        outcome=finding.outcome,
        point=point_words(finding.effect) if figures else "",
        interval=interval_words(finding.effect) if figures else "",
        sees=percent(finding.smallest_detectable) if figures else "",
        track=scale.track(finding) if figures and scale else None,
        chips=chips,
        remark=said,
        search=" ".join(words).lower(),
    )


def _interest(entry: Entry) -> tuple[bool, float, str]:
    """The largest effect first; what has none last."""
    finding = entry.finding
    assert finding is not None
    return not finding.has_figures, -abs(finding.effect.logs[1]), entry.id


def table_of(entries: Sequence[Entry], versus: Versus) -> EffectTable:
    """The compared ones of the entries, by outcome, the largest effects first."""
    compared = [entry for entry in entries if entry.finding]
    scale = scale_of([entry.finding for entry in compared if entry.finding], versus)
    blocks = []
    for outcome, (sign, _) in OUTCOMES.items():
        members = sorted((e for e in compared if e.outcome == outcome), key=_interest)
        if members:
            blocks.append(Block(outcome, sign, [row_of(entry, scale) for entry in members]))
    return EffectTable(blocks, scale)
