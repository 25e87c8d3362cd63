"""Writes vectors.json: reference values for the statistics of Assay, computed with numpy and scipy.

    tests/statistics/make_vectors.py [FILE]

Nothing here shares code with the framework: where scipy has the quantity it is scipy's, otherwise it
is written from its definition. tests/unit/test_statistics_vectors.c and test_resample.c hold the C
functions against the file.
"""

import json
import math
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]
Vectors = dict[str, Any]

QUANTILES = [0.0, 0.01, 0.025, 0.05, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 0.975, 0.999, 1.0]
CURVE_POINTS = 200
KERNEL_REACH = 3.0  # bandwidths that the grid goes beyond the values
BLOCKS = 5
DRIFT_FLOOR = 0.03
MOVED_FROM, MOVED, MOVED_SLOPE = 0.01, 0.06, 0.8


def rounded(values: Array, decimals: int = 4) -> Array:
    return np.round(values, decimals)


def data_sets() -> dict[str, Array]:
    rng = np.random.default_rng(20260131)
    outliers = rng.normal(250, 2, 80)
    outliers[[7, 30, 31, 66]] = [2500.0, 263.0, 1200.0, 221.5]
    return {
        "normal": rounded(rng.normal(100, 3, 50)),
        "lognormal": rounded(rng.lognormal(2, 0.6, 101)),
        "ties": rounded(rng.choice([12.0, 12.5, 13.0, 14.25], 60)),
        "equal": np.full(25, 7.25),
        "two": np.array([3.0, 4.5]),
        "tiny": rounded(rng.normal(40, 1, 10)),
        "thousand": rounded(rng.gamma(9, 5, 1000)),
        "outliers": rounded(outliers),
        "huge": rounded(rng.normal(1e12, 1e10, 64), 0),
        "small": rng.uniform(1, 2, 40) * 1e-12,
        "subnormal": rng.integers(1000, 9000, 30) * 5e-324,
    }


def lowmean(values: Array) -> float:
    n = len(values)
    return float(np.mean(np.sort(values)[math.floor(0.05 * n) : math.floor(0.5 * n)]))


def outliers_of(values: Array) -> Vectors:
    q1, q3 = np.quantile(values, [0.25, 0.75])
    reach = q3 - q1
    fences = [q1 - 3 * reach, q1 - 1.5 * reach, q3 + 1.5 * reach, q3 + 3 * reach]
    low_severe = values < fences[0]
    high_severe = values > fences[3]
    low_mild = (values < fences[1]) & ~low_severe
    high_mild = (values > fences[2]) & ~high_severe
    inside = values[(values >= fences[1]) & (values <= fences[2])]
    some_outside = len(inside) < len(values)
    share = 1 - np.var(inside, ddof=1) / np.var(values, ddof=1) if some_outside else 0.0
    shift = np.mean(values) / np.mean(inside) - 1 if some_outside else 0.0
    counts = [int(np.sum(c)) for c in (low_severe, low_mild, high_mild, high_severe)]
    return {
        "fences": [float(f) for f in fences],
        "counts": counts,
        "variance_share": float(share),
        "mean_shift": float(shift),
    }


def bandwidth_of(values: Array) -> float:
    """Silverman 1986, eq. 3.31, with the fall-backs that analysis/density.h states."""
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    spread = float(stats.iqr(values)) / 1.34
    usable = [s for s in (sd, spread) if s > 0]
    if not usable:
        return 0.01 * abs(float(values[0]))
    return float(0.9 * min(usable) * len(values) ** -0.2)


def density_of(values: Array) -> Vectors:
    q1, q3 = np.quantile(values, [0.25, 0.75])
    h = bandwidth_of(values)
    reach = 3 * (q3 - q1) if q3 > q1 else 3 * np.std(values, ddof=1)
    low = max(values.min(), q1 - reach) - KERNEL_REACH * h
    high = min(values.max(), q3 + reach) + KERNEL_REACH * h
    grid = np.linspace(low, high, CURVE_POINTS)
    sd = np.std(values, ddof=1)
    if sd > 0:
        density = stats.gaussian_kde(values, bw_method=h / sd)(grid)
    else:
        density = stats.norm.pdf(grid, loc=values[0], scale=h)
    return {
        "start": float(low),
        "step": float((high - low) / (CURVE_POINTS - 1)),
        "density": [float(f"{d:.12g}") for d in density],
    }


def point_statistics(values: Array) -> Vectors:
    exact = [float(v) for v in values]
    median = float(np.median(values))
    return {
        "mean": statistics.fmean(exact),
        "variance": float(np.var(values, ddof=1)),
        "std_dev": float(np.std(values, ddof=1)),
        "median": median,
        "quantiles": [[p, float(np.quantile(values, p, method="linear"))] for p in QUANTILES],
        "mad": float(stats.median_abs_deviation(values, scale="normal")),
        "deviation_from_minimum": float(np.median(np.abs(values - values.min()))),
        "lowmean": lowmean(values),
    }


def make_data(values: Array) -> Vectors:
    entry: Vectors = {"values": [float(v) for v in values], "points": point_statistics(values)}
    # Squares of subnormal numbers are zero, and a bandwidth's reciprocal is infinite.
    if values.min() > 1e-300:
        entry["outliers"] = outliers_of(values)
        entry["density"] = density_of(values)
    return entry


def make_fit(x: Array, y: Array) -> Vectors:
    slope = float(np.linalg.lstsq(x[:, np.newaxis], y, rcond=None)[0][0])
    residual = float(np.sum((y - slope * x) ** 2))
    total = float(np.sum((y - np.mean(y)) ** 2))
    return {
        "x": [float(v) for v in x],
        "y": [float(v) for v in y],
        "slope": slope,
        "r_squared": 1 - residual / total,
    }


def make_fits() -> dict[str, Vectors]:
    rng = np.random.default_rng(4)
    x = np.arange(1.0, 101.0) * 37
    noisy = rounded(12.5 * x * rng.lognormal(0, 0.01, 100), 2)
    order = rng.permutation(100)
    return {
        "linear": make_fit(x[order], noisy[order]),
        "with_offset": make_fit(x[:10], 900 + 3.0 * x[:10]),
        "worse_than_constant": make_fit(np.array([1.0, 2.0, 3.0, 4.0]), np.array([9.0, 8, 8, 9])),
    }


def make_normal() -> Vectors:
    zs = [-37.0, -20.0, -10.0, -5.5, -3.0, -1.96, -1.0, -0.1, 0.0, 0.5, 1.0, 1.96, 3.0, 6.0, 9.0]
    ps = [1e-300, 1e-100, 1e-20, 1e-10, 1e-6, 0.001, 0.025, 0.05, 0.07499, 0.075, 0.25]
    ps += [0.49, 0.5, 0.51, 0.75, 0.925, 0.92501, 0.975, 0.995, 0.99995, 0.9999995, 1 - 1e-12]
    return {
        "cdf": [[z, float(stats.norm.cdf(z))] for z in zs],
        "ppf": [[p, float(stats.norm.ppf(p))] for p in ps],
    }


def drift_within(values: Array) -> float:
    size = len(values) // BLOCKS
    if size < 10:
        return 0.0
    blocks = [lowmean(values[i * size : (i + 1) * size]) for i in range(BLOCKS)]
    return float(np.std(np.log(blocks), ddof=1))


def make_comparison(
    old: Array, new: Array, levels: tuple[float, float, float], reference: float = 1.0
) -> Vectors:
    """The verdict that analysis/compare.h describes; resampled lowmeans are drawn here."""
    confidence, significance, noise = levels
    rng = np.random.default_rng(len(old) + len(new))
    low = [lowmean(side) for side in (old, new)]
    resampled = [rounded(m * rng.normal(1, 0.004, 120), 6) for m in low]
    moved = abs(math.log(reference))
    between = DRIFT_FLOOR if moved < MOVED_FROM else MOVED + MOVED_SLOPE * moved
    drift = max(between, drift_within(old), drift_within(new))
    effect = math.log(low[1] / low[0])
    variance = float(np.var(np.log(resampled[1]) - np.log(resampled[0]), ddof=1))
    error = math.sqrt(variance + 2 * drift**2)
    interval = stats.norm.interval(confidence, loc=effect, scale=error)
    half = (interval[1] - interval[0]) / 2
    # A regression is called when the p-value is below the significance and the whole interval
    # lies beyond the threshold: the smallest effect of which both are true.
    smallest = max(math.log1p(noise) + half, float(stats.norm.isf(significance / 2)) * error)
    return {
        "old": [float(v) for v in old],
        "new": [float(v) for v in new],
        "old_lowmeans": [float(v) for v in resampled[0]],
        "new_lowmeans": [float(v) for v in resampled[1]],
        "confidence": confidence,
        "significance": significance,
        "noise_threshold": noise,
        "reference_ratio": reference,
        "drift": drift,
        "change": math.expm1(effect),
        "lower": math.expm1(interval[0]),
        "upper": math.expm1(interval[1]),
        "standard_error": error,
        "p_value": 2 * float(stats.norm.sf(abs(effect) / error)),
        "smallest_detectable_change": math.expm1(smallest),
    }


def make_comparisons() -> dict[str, Vectors]:
    rng = np.random.default_rng(99)
    steady = rounded(rng.normal(100, 1, 60))
    faster = rounded(rng.normal(70, 1, 60))
    drifting = rounded(np.linspace(100, 160, 75) + rng.normal(0, 1, 75))
    few = rounded(rng.normal(103, 1, 20))
    usual = (0.95, 0.05, 0.01)
    return {
        "faster": make_comparison(steady, faster, usual),
        "slower": make_comparison(faster, steady, usual),
        "drifting": make_comparison(steady, drifting, usual),
        "few": make_comparison(few, steady, usual),
        "machine_moved": make_comparison(few, faster, usual, 1.2),
        "machine_moved_far": make_comparison(steady, faster, usual, 0.5),
        "machine_as_before": make_comparison(steady, faster, usual, 1.0095),
        "wide_interval": make_comparison(steady, few, (0.999, 0.05, 0.02)),
        "strict_p_value": make_comparison(steady, few, (0.8, 0.001, 0.02)),
    }


def order_statistic_probabilities(n: int, rank: int) -> Array:
    """P(the rank-th smallest, from 1, of n draws with replacement is the k-th smallest value)."""
    at_most = stats.binom.sf(rank - 1, n, np.arange(n + 1) / n)
    return np.diff(at_most)


def make_bootstrap(values: Array, x: Array) -> Vectors:
    """Exact properties of the bootstrap where they are known, a large simulation otherwise."""
    ordered = np.sort(values)
    n = len(ordered)
    low, high = math.floor(0.05 * n), math.floor(0.5 * n)
    of_median = order_statistic_probabilities(n, (n + 1) // 2)
    centre = float(of_median @ ordered)
    at_most = np.cumsum(of_median)
    ends = [float(ordered[np.searchsorted(at_most, p)]) for p in (0.025, 0.975)]
    expected_lowmean = np.mean(
        [order_statistic_probabilities(n, rank + 1) @ ordered for rank in range(low, high)]
    )
    rng = np.random.default_rng(7)
    drawn = rng.integers(0, n, (200_000, n))
    slopes = np.sum((x * x * values)[drawn], axis=1) / np.sum((x * x)[drawn], axis=1)
    mads = stats.median_abs_deviation(values[drawn], axis=1, scale="normal")
    lows = np.mean(np.sort(values[drawn], axis=1)[:, low:high], axis=1)
    simulated = {"slope": slopes, "mad": mads, "lowmean": lows}
    return {
        "values": [float(v) for v in values],
        "iterations": [float(v) for v in x],
        "mean_standard_error": float(np.std(values, ddof=0) / math.sqrt(n)),
        "expected_variance": float(np.var(values, ddof=0)),
        "expected_lowmean": float(expected_lowmean),
        "median_probabilities": [float(p) for p in of_median],
        "median_standard_error": math.sqrt(float(of_median @ (ordered - centre) ** 2)),
        "median_interval": ends,
        "simulated": {
            name: {
                "mean": float(np.mean(of)),
                "standard_error": float(np.std(of, ddof=1)),
                "lower": float(np.quantile(of, 0.025)),
                "upper": float(np.quantile(of, 0.975)),
            }
            for name, of in simulated.items()
        },
    }


def make_vectors() -> Vectors:
    rng = np.random.default_rng(51)
    return {
        "data": {name: make_data(values) for name, values in data_sets().items()},
        "fits": make_fits(),
        "normal": make_normal(),
        "comparisons": make_comparisons(),
        "bootstrap": make_bootstrap(
            rounded(rng.lognormal(3, 0.25, 51)), 10.0 * rng.permutation(np.arange(1.0, 52.0))
        ),
    }


def main() -> int:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("vectors.json")
    text = json.dumps(make_vectors(), indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
