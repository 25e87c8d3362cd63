"""How others decide that one set of times is slower than another: pure functions on two arrays.

Each follows its source's own definition, not its code. `old` and `new` are times of an iteration (or
means of runs); the answer is "regressed", "improved" or "none".
"""

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]

CRITERION_SIGNIFICANCE = 0.05
CRITERION_NOISE = 0.01
CRITERION_CONFIDENCE = 0.95
MANN_WHITNEY_SIGNIFICANCE = 0.05
MINIMUM_TOLERANCE = 0.05
TANGO_Z = 2.6
TANGO_RATIO = 0.005


def direction(change: float) -> str:
    return "regressed" if change > 0 else "improved"


def welch_t(new: Array, old: Array) -> Array:
    """t along the last axis."""
    spread = new.var(axis=-1, ddof=1) / new.shape[-1] + old.var(axis=-1, ddof=1) / old.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        t: Array = (new.mean(axis=-1) - old.mean(axis=-1)) / np.sqrt(spread)
    return t


def criterion_p(old: Array, new: Array, resamples: int, rng: np.random.Generator) -> float:
    """Two-sided, of Welch's t among its values on resamples of both lists thrown together."""
    pool = np.concatenate([new, old])
    drawn = pool[rng.integers(0, len(pool), (resamples, len(pool)))]
    null = welch_t(drawn[:, : len(new)], drawn[:, len(new) :])
    null = null[np.isfinite(null)]
    if len(null) == 0:
        return 1.0
    below = int(np.sum(null < welch_t(new, old)))
    return 2.0 * min(below, len(null) - below) / len(null)


def criterion_change(
    old: Array, new: Array, resamples: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Percentile interval of mean(new) / mean(old) - 1; each draw of `new` meets many of `old`."""
    outer = math.ceil(math.sqrt(resamples))
    inner = math.ceil(resamples / outer)
    new_means = new[rng.integers(0, len(new), (outer, len(new)))].mean(axis=1)
    old_means = old[rng.integers(0, len(old), (outer, inner, len(old)))].mean(axis=2)
    changes = new_means[:, None] / old_means - 1
    tail = (1 - CRITERION_CONFIDENCE) / 2
    lower, upper = np.quantile(changes, [tail, 1 - tail])
    return float(lower), float(upper)


def criterion_rule(
    old: Array, new: Array, rng: np.random.Generator, resamples: int = 10_000
) -> str:
    """Criterion.rs: bootstrapped Welch test and an interval of the mean's change beyond +-1 %."""
    if criterion_p(old, new, resamples, rng) >= CRITERION_SIGNIFICANCE:
        return "none"
    lower, upper = criterion_change(old, new, resamples, rng)
    if lower > CRITERION_NOISE and upper > CRITERION_NOISE:
        return "regressed"
    if lower < -CRITERION_NOISE and upper < -CRITERION_NOISE:
        return "improved"
    return "none"


def mann_whitney_rule(old: Array, new: Array) -> str:
    """Rank-sum test of the means of runs."""
    result = stats.mannwhitneyu(new, old, alternative="two-sided")
    if not result.pvalue < MANN_WHITNEY_SIGNIFICANCE:
        return "none"
    return direction(float(result.statistic) - len(old) * len(new) / 2)


def minimum_rule(old: Array, new: Array) -> str:
    """The least times, with 5 % of tolerance (the default of BenchmarkTools)."""
    ratio = float(new.min() / old.min())
    if ratio > 1 + MINIMUM_TOLERANCE:
        return "regressed"
    if ratio < 1 - MINIMUM_TOLERANCE:
        return "improved"
    return "none"


def tango_rule(old: Array, new: Array) -> str:
    """Paired differences of slices: |z| >= 2.6 and a mean difference of more than 0.5 %."""
    differences = new - old
    error = float(differences.std(ddof=1)) / math.sqrt(len(differences))
    mean = float(differences.mean())
    far = abs(mean / float(old.mean())) > TANGO_RATIO
    certain = abs(mean) >= TANGO_Z * error and mean != 0
    return direction(mean) if far and certain else "none"
