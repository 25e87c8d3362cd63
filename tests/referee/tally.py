"""Counting how often a rule is right, and the statistics of pairs, written without the framework."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

TRIM = 0.2  # of the pairs at each end, as documented
SE_FLOOR = 2e-4  # documented: no standard error of ln(new / old) is believed below this


@dataclass(frozen=True)
class Share:
    """So many of so many, with exact bounds."""

    hits: int
    tries: int

    @property
    def point(self) -> float:
        return self.hits / self.tries if self.tries else math.nan

    def bounds(self, confidence: float = 0.95) -> tuple[float, float]:
        """Clopper-Pearson."""
        if self.tries == 0:
            return 0.0, 1.0
        tail = (1 - confidence) / 2
        misses = self.tries - self.hits
        lower = stats.beta.ppf(tail, self.hits, misses + 1) if self.hits else 0.0
        upper = stats.beta.ppf(1 - tail, self.hits + 1, misses) if misses else 1.0
        return float(lower), float(upper)

    def __add__(self, other: "Share") -> "Share":
        return Share(self.hits + other.hits, self.tries + other.tries)


@dataclass(frozen=True)
class Fit:
    """Of ln(new / old) = theta + order * h over pairs, robust: Yuen's trimmed mean and error."""

    theta: float
    error: float
    df: float

    def reach(self, confidence: float, floor: float = SE_FLOOR) -> float:
        return float(stats.t.ppf(0.5 + confidence / 2, self.df)) * max(self.error, floor)

    def excludes_zero(self, confidence: float, floor: float = SE_FLOOR) -> bool:
        return abs(self.theta) > self.reach(confidence, floor)


def fit_pairs(logs: Sequence[float], orders: Sequence[int], trim: float = TRIM) -> Fit | None:
    """None when there are too few pairs for an interval."""
    values = np.asarray(logs, dtype=float)
    signs = np.asarray(orders, dtype=float)
    both = len(set(orders)) > 1
    if both:
        means = [stats.trim_mean(values[signs == sign], trim) for sign in (1, -1)]
        values = values - signs * (means[0] - means[1]) / 2
    kept = len(values) - 2 * math.floor(trim * len(values))
    df = kept - 1 - int(both)
    if df < 1:
        return None
    winsorised = np.asarray(stats.mstats.winsorize(values, (trim, trim)))
    squares = float(np.sum((winsorised - winsorised.mean()) ** 2))
    lopsided = float(signs.mean()) ** 2 if both else 0.0
    error = math.sqrt(squares / (kept * df) / (1 - lopsided))
    return Fit(float(stats.trim_mean(values, trim)), error, df)


@dataclass(frozen=True)
class Mean:
    """Of some numbers, with its standard error (nan for fewer than two)."""

    value: float
    error: float
    count: int


def mean_of(values: Sequence[float]) -> Mean:
    if not values:
        return Mean(math.nan, math.nan, 0)
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
    return Mean(float(np.mean(values)), spread / math.sqrt(len(values)), len(values))
