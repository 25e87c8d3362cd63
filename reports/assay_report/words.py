"""Sentences about the figures."""

from __future__ import annotations

from .model import Benchmark, Comparison, Measurement, Outliers
from .units import fixed, percent, signed_percent

_EFFECT = {
    "none": "They do not matter",
    "slight": "They hardly matter",
    "moderate": "They matter",
    "severe": "They matter a lot",
}

VERDICTS = {
    "regressed": ("slower", "▲"),
    "improved": ("faster", "▼"),
    "no change seen": ("no change seen", "="),
}
"""The word and the sign for each verdict: the sign says which way the time went."""

HARNESS_MATTERS = 0.1
"""A larger part of the time that is the harness's own is said in the tables."""

STATUS = {
    "failed": "failed",
    "skipped": "skipped",
    "interrupted": "not measured: interrupted",
}

STOPPED = {
    "complete": "all samples were taken",
    "precision": "the target precision was reached",
    "time": "the measurement time was used up",
}


EVICTIONS = {
    "flushed": "cold: {} were flushed before every iteration",
    "swept": "cold: swept by reading {} before every iteration",
    "swept in part": "cold in part: swept by reading {} before every iteration, less than the "
    "last-level cache",
}

STABILITY = {
    "A": "Steady: the machine alone moves a stored time by less than 1\u202f%",
    "B": "Nearly steady: the machine alone moves a stored time by about 1\u202f%",
    "C": "Usual for a shared machine: it alone moves a stored time by about 3\u202f%, and means by more",
    "D": "Unsteady: the machine alone moves a stored time by up to 10\u202f%, and means by far more. "
    "Compare versions side by side (assay compare)",
    "E": "Restless: the machine alone moves a stored time by more than 10\u202f%. Compare versions side "
    "by side (assay compare)",
}
"""What a grade means to somebody who holds these figures against others."""


def count_of(number: int, noun: str) -> str:
    """1 sample, 2 samples."""
    return f"1 {noun}" if number == 1 else f"{fixed(number, 0)} {noun}s"


def outlier_sentences(outliers: Outliers, samples: int) -> str:
    """How many there are, on which side, and whether they matter."""
    if outliers.count == 0:
        return f"None of the {samples} samples is an outlier."
    kinds = [
        (outliers.low_severe, "far below"),
        (outliers.low_mild, "below"),
        (outliers.high_mild, "above"),
        (outliers.high_severe, "far above"),
    ]
    listed = ", ".join(f"{number} {word}" for number, word in kinds if number)
    verb = "is an outlier" if outliers.count == 1 else "are outliers"
    shift = signed_percent(outliers.mean_shift)
    share = percent(outliers.variance_share)
    return (
        f"{outliers.count} of {samples} samples {verb} ({listed} the rest). "
        f"{_EFFECT[outliers.effect]}: {share} of the variance is theirs, "
        f"and they move the mean by {shift}. "
        "The headline leaves the slow half of the samples out, so it does not feel slow outliers."
    )


def disturbed_count(measurement: Measurement) -> int:
    return sum(1 for switches in measurement.samples.switches if switches > 0)


def disturbance_sentence(measurement: Measurement) -> str:
    """How often the kernel took the CPU away; empty when it was not recorded."""
    if not measurement.samples.switches:
        return "Whether samples were disturbed was not recorded."
    count = disturbed_count(measurement)
    if count == 0:
        return "No sample was disturbed by the kernel taking the CPU away."
    return (
        f"In {count_of(count, 'sample')} of {len(measurement.samples)} the kernel took the CPU "
        "away; those are crossed."
    )


def change_sentence(comparison: Comparison, confidence: float) -> str:
    """The verdict in words."""
    change = comparison.change
    lower, upper = signed_percent(change.lower), signed_percent(change.upper)
    span = f"{percent(confidence)} interval {lower} to {upper}"
    smallest = percent(abs(comparison.smallest_detectable_change))
    drift = percent(comparison.drift)
    if comparison.verdict == "no change seen":
        first = (
            f"No change seen: the low mean moved by {signed_percent(change.point)} ({span}). "
            f"A change smaller than {smallest} would not have been called."
        )
    else:
        word = VERDICTS[comparison.verdict][0]
        size = signed_percent(abs(change.point)).lstrip("+")
        first = (
            f"{word.capitalize()} by {size} ({span}). "
            f"Changes from {smallest} on can be told from noise here."
        )
    return (
        f"{first} The interval allows for {drift} of drift between the two runs, as the machine "
        "may have changed in between."
    )


def beyond_sentence(beyond: tuple[int, int], sides: tuple[str, str], noun: str = "sample") -> str:
    """Says what a figure cuts off below and above; empty when all samples are in view."""
    parts = [f"{count_of(count, noun)} {side}" for count, side in zip(beyond, sides) if count]
    return f"Triangles at the edge: {' and '.join(parts)}." if parts else ""


def row_note(benchmark: Benchmark) -> str:
    """What a reader of the index must know about the samples."""
    measurement = benchmark.measurement
    notes = ["more threads than CPUs"] if benchmark.oversubscribed else []
    if measurement is None:
        return ", ".join(notes)
    if measurement.eviction is not None:
        notes.append(f"cold ({measurement.eviction.how})")
    if measurement.harness is not None and measurement.harness.share.point > HARNESS_MATTERS:
        notes.append(f"harness {percent(measurement.harness.share.point)} of the time")
    if measurement.outliers.matter:
        outliers = measurement.outliers
        shift = signed_percent(outliers.mean_shift)
        notes.append(f"{count_of(outliers.count, 'outlier')}: mean {shift}")
    return "; ".join(notes)
