"""Sentences about a comparison."""

from __future__ import annotations

from .facts import duration_text
from .metrics import pair_remark
from .units import NARROW_SPACE, fixed, percent, short_percent, signed_percent, significant
from .versus_model import Effect, Entry, Finding, Versus
from .words import count_of

OUTCOMES = {
    "regressed": ("▲", "slower"),
    "improved": ("▼", "faster"),
    "inconclusive": ("?", "open"),
    "unchanged": ("=", "same"),
    "below resolution": ("·", "same"),
}
"""For each outcome its sign, and the class that the style sheet knows it by; in order of interest."""

BELOW = "too fast to be told from an empty loop, so it was not judged"
IDENTICAL = "the code and constants that it reaches are the same bytes on both sides"


def interval_words(effect: Effect) -> str:
    """The bounds with as many decimals as their distance asks for."""
    decimals = effect_decimals(effect)
    lower, upper = (signed_percent(bound, decimals) for bound in (effect.lower, effect.upper))
    return f"{lower} to {upper}"


def effect_decimals(effect: Effect) -> int:
    """Decimals of a percentage that tell the bounds apart."""
    width = abs(effect.upper - effect.lower) * 100
    if abs(effect.point) >= 1 and width < 5:
        return 1
    return 2 if width < 5 else 1 if width < 50 else 0


def point_words(effect: Effect) -> str:
    return signed_percent(effect.point, effect_decimals(effect))


def p_words(p: float) -> str:
    return "p < 0.0001" if p < 1e-4 else f"p = {fixed(p, 4) if p < 0.1 else significant(p, 2)}"


def around(share: float) -> str:
    """A bound to both sides of no change: ±0.3 %."""
    return f"±{short_percent(share)}"


def settlement(finding: Finding) -> str:
    """What would settle an inconclusive one; empty when nothing is known."""
    if finding.pairs_needed is None:
        return ""
    pairs = count_of(finding.pairs_needed, "more pair")
    if finding.seconds_needed is None:
        return f"{pairs} would settle it"
    return f"{pairs} (about {duration_text(max(finding.seconds_needed, 0.1))}) would settle it"


def tail_words(finding: Finding) -> str:
    if not finding.tail_slower:
        return ""
    return f"tail slower {point_words(finding.tail)}" if finding.tail else "tail slower"


def suspicion(finding: Finding) -> str:
    """Said of what the screen suspected and the verdict does not call."""
    if not finding.flagged or finding.called or finding.below_resolution:
        return ""
    if finding.layout_alone:
        return "moved by layout alone"
    return "suspected, not confirmed"


def metric_chips(entry: Entry) -> list[str]:
    """What the counts say beside the time; of instructions, whether the work explains it."""
    chips = []
    for pair in entry.metrics:
        if not pair.is_instructions:
            chips += [pair_remark(pair)] if pair.notable else []
            continue
        work = _work_words(entry)
        if work or pair.failed:
            chips.append(f"{pair_remark(pair)}: {work}" if work else pair_remark(pair))
    return chips


def _work_words(entry: Entry) -> str:
    called = entry.finding is not None and entry.finding.called
    if entry.work in ("more", "less"):
        return f"{entry.work} work"
    if entry.work == "same" and called and entry.finding is not None:
        return f"same work, {OUTCOMES[entry.finding.outcome][1]}"
    return ""


def remark(entry: Entry) -> str:
    """What else a reader of the table must know, in one line."""
    finding = entry.finding
    if finding is None:
        return entry.reason or (IDENTICAL if entry.status == "identical" else "")
    if finding.below_resolution:
        return BELOW
    return "; ".join(part for part in (finding.note, settlement(finding)) if part)


def verdict_sentences(finding: Finding, versus: Versus) -> list[str]:
    """The verdict and what it rests on."""
    if finding.below_resolution:
        return [
            f"Below resolution: {BELOW}. The compiler may have removed the work, or it is too "
            "cheap to compare this way."
        ]
    said = [_first_sentence(finding, versus), _stages(finding)]
    if finding.note and finding.has_interval and not finding.layout_alone:
        said.append(f"What stood against a verdict: {finding.note}.")
    settled = settlement(finding)
    if settled:
        said.append(f"{settled}.")
    if finding.tail_slower:
        said.append(_tail_sentence(finding))
    return [sentence for sentence in said if sentence]


def _first_sentence(finding: Finding, versus: Versus) -> str:
    guard, margin = around(versus.guard), around(versus.margin)
    span = f"{percent(versus.confidence)} interval {interval_words(finding.effect)}"
    if finding.called:
        word = "Slower" if finding.verdict == "regressed" else "Faster"
        size = signed_percent(abs(finding.effect.point), effect_decimals(finding.effect))
        return (
            f"{word} by {size.lstrip('+')} ({span}): more than the guard of {guard}, and the "
            "signed-rank test agrees."
        )
    if finding.layout_alone:
        word = "Slower" if finding.effect.point > 0 else "Faster"
        size = signed_percent(abs(finding.effect.point), effect_decimals(finding.effect))
        return (
            f"{word} by {size.lstrip('+')} ({span}), but by its place in memory alone: the code "
            "and constants that it reaches are the same on both sides. So it counts as unchanged."
        )
    if finding.verdict == "unchanged":
        return f"Shown to be unchanged: any change is smaller than the margin of {margin} ({span})."
    if not finding.has_interval:
        return "Inconclusive: there were too few pairs for an interval."
    return (
        f"Inconclusive: neither shown to be beyond the guard of {guard} nor to be within the "
        f"margin of {margin} ({span})."
    )


def _stages(finding: Finding) -> str:
    """Which pairs said so."""
    fresh = sum(finding.pairs.confirming)
    screen = count_of(finding.pairs.screening, "pair")
    if finding.confirmed:
        count = count_of(fresh, "fresh pair")
        if finding.called or finding.layout_alone:
            return f"The screen of {screen} suspected it, and {count} confirmed it."
        return (
            f"The screen of {screen} suspected a change, and {count} did not confirm it; the "
            "figures are those of the fresh pairs alone."
        )
    if finding.flagged:
        return f"The screen of {screen} suspected a change; no second stage could confirm it."
    if not finding.has_interval:
        return ""
    return f"The screen of {screen} gave no reason to suspect a change."


def _tail_sentence(finding: Finding) -> str:
    if finding.tail is None:
        return "The slow half of the slices became slower."
    return (
        f"The tail is slower: the mean between the 5{NARROW_SPACE}% and the 95{NARROW_SPACE}% "
        f"quantile, which sees the slow half of the slices too, moved by "
        f"{point_words(finding.tail)} ({interval_words(finding.tail)})."
    )


def p_basis(finding: Finding, versus: Versus) -> str:
    """What the p-value was held against."""
    if finding.confirmed:
        return f"one-sided t-test against the guard of {around(versus.guard)}"
    return "one-sided t-test against no change; of the screen alone"


def distrust(versus: Versus) -> list[str]:
    """Each canary that misfired, in words."""
    said = []
    for canary in versus.canaries:
        if canary.misfired:
            work = f"2{NARROW_SPACE}% more work" if canary.slower else "the same work"
            finding = canary.entry.finding
            effect = f", {point_words(finding.effect)}" if finding and finding.has_figures else ""
            said.append(f"{canary.entry.id} ({work}) came out as {canary.entry.outcome}{effect}")
    return said
