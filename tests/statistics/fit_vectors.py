"""Reference values of fitted curves, lines and ranks for make_vectors.py, and what it shares with them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]
Vectors = dict[str, Any]


def rounded(values: Array, decimals: int = 4) -> Array:
    return np.round(values, decimals)


def student_quantile(p: float, df: float) -> float:
    """scipy's inverse is good to about ten digits; Newton's method gives the others."""
    t = float(stats.t.ppf(p, df))
    for _ in range(4):
        off = stats.t.cdf(t, df) - p if p < 0.5 else (1 - p) - stats.t.sf(t, df)
        t -= float(off / stats.t.pdf(t, df))
    return t


def make_latency_ranks() -> list[list[float]]:
    """[n, q, confidence, lower, upper]: ranks from 1; 0 or n + 1 where no value is far enough out."""
    rows = []
    for n in (
        1,
        2,
        5,
        6,
        37,
        100,
        367,
        368,
        3687,
        3688,
        3689,
        20_000,
        1_000_003,
        300_000_000,
        2 * 10**11,
    ):
        for q in (0.5, 0.9, 0.99, 0.999):
            for confidence in (0.9, 0.95, 0.99):
                part = (1 - confidence) / 2
                lower = stats.binom.ppf(part, n, q)
                upper = stats.binom.isf(part, n, q) + 1
                assert stats.binom.cdf(lower - 1, n, q) <= part < stats.binom.cdf(lower, n, q)
                assert stats.binom.sf(upper - 1, n, q) <= part < stats.binom.sf(upper - 2, n, q)
                rows.append([float(v) for v in (n, q, confidence, lower, upper)])
    return rows


GROWTH: dict[str, Callable[[Array], Array]] = {
    "1": np.ones_like,
    "log n": np.log2,
    "n": np.copy,
    "n log n": lambda n: n * np.log2(n),
    "n^2": np.square,
    "n^3": lambda n: n**3,
}


def make_growth_fit(n: Array, times: Array, name: str, confidence: float) -> Vectors:
    """Weighted least squares with the weights 1 / y^2, by way of a plain solver."""
    scaled = (GROWTH[name](n) / times)[:, np.newaxis]
    ones = np.ones(len(n))
    coefficient = float(np.linalg.lstsq(scaled, ones, rcond=None)[0][0])
    relative = coefficient * GROWTH[name](n) / times - 1
    variance = float(relative @ relative) / (len(n) - 1)
    error = math.sqrt(variance * float(np.linalg.inv(scaled.T @ scaled)[0, 0]))
    reach = -student_quantile((1 - confidence) / 2, len(n) - 1.0) * error
    return {
        "coefficient": coefficient,
        "lower": coefficient - reach,
        "upper": coefficient + reach,
        "standard_error": error,
        "rms": float(np.sqrt(np.mean(relative**2))),
    }


def make_growth(n: Array, times: Array, confidence: float) -> Vectors:
    fits = {name: make_growth_fit(n, times, name, confidence) for name in GROWTH}
    order = sorted(fits, key=lambda name: float(fits[name]["rms"]))
    akaike = 2 * len(n) * math.log(fits[order[1]]["rms"] / fits[order[0]]["rms"])
    return {
        "n": [float(v) for v in n],
        "times": [float(v) for v in times],
        "confidence": confidence,
        "fits": [fits[name] for name in GROWTH],
        "best": list(GROWTH).index(order[0]),
        "next": list(GROWTH).index(order[1]),
        "close": int(akaike <= 4),
    }


def make_growths() -> dict[str, Vectors]:
    rng = np.random.default_rng(16)
    powers = 2.0 ** np.arange(4, 17)
    wide = np.array([1.0, 10, 100, 1000, 10_000])
    narrow = np.array([900.0, 1000, 1100, 1250])

    def noisy(times: Array, share: float) -> Array:
        return rounded(times * rng.normal(1, share, len(times)))

    return {
        "constant": make_growth(powers, noisy(np.full(13, 35.0), 0.02), 0.95),
        "logarithm": make_growth(powers, noisy(4.2 * np.log2(powers), 0.02), 0.95),
        "line": make_growth(wide, noisy(3.5 * wide, 0.03), 0.9),
        "sorting": make_growth(powers, noisy(1.7 * powers * np.log2(powers), 0.03), 0.95),
        "square": make_growth(wide[1:], noisy(0.25 * wide[1:] ** 2, 0.05), 0.99),
        "cube": make_growth(wide[1:4], noisy(2.0 * wide[1:4] ** 3, 0.01), 0.95),
        "between": make_growth(narrow, noisy(narrow**1.07, 0.03), 0.95),
        "repeated": make_growth(
            np.array([8.0, 8, 64, 64, 512]), np.array([80.0, 82, 650, 630, 5200]), 0.95
        ),
    }


def make_line(x: Array, y: Array) -> Vectors:
    fit = stats.linregress(x, y)
    rng = np.random.default_rng(3)
    drawn = rng.integers(0, len(x), (100_000, len(x)))
    means = [np.mean(side[drawn], axis=1) for side in (x, y)]
    moved = [side[drawn] - mean[:, np.newaxis] for side, mean in zip((x, y), means, strict=True)]
    slopes = np.sum(moved[0] * moved[1], axis=1) / np.sum(moved[0] ** 2, axis=1)
    intercepts = means[1] - slopes * means[0]
    return {
        "x": [float(v) for v in x],
        "y": [float(v) for v in y],
        "slope": float(fit.slope),
        "intercept": float(fit.intercept),
        "r_squared": float(fit.rvalue) ** 2,
        "simulated": {
            name: [
                float(np.quantile(of, 0.025)),
                float(np.quantile(of, 0.975)),
                float(np.std(of, ddof=1)),
            ]
            for name, of in (("slope", slopes), ("intercept", intercepts))
        },
    }


def make_lines() -> dict[str, Vectors]:
    rng = np.random.default_rng(61)
    x = 100.0 * rng.permutation(np.arange(1.0, 41.0))
    return {
        "steep": make_line(x, rounded(850 + 12.5 * x + rng.normal(0, 400, 40), 2)),
        "falling": make_line(x, rounded(90_000.0 - 3.0 * x * rng.lognormal(0, 0.2, 40), 2)),
        "loose": make_line(x + 1e6, rounded(rng.lognormal(8, 0.5, 40), 2)),
    }
