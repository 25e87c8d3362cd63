"""Writes vectors.json: reference values for the statistics of Assay, computed with numpy and scipy.

    tests/statistics/make_vectors.py [FILE]

Nothing here shares code with the framework: where scipy has the quantity it is scipy's, otherwise it
is written from its definition. tests/unit/test_statistics_vectors.c, test_resample.c, test_student.c,
test_scaling.c, test_paired.c, test_latency.c, test_complexity.c and test_regress.c hold the C functions
against the file.
"""

import argparse
import itertools
import json
import math
import statistics
import sys
from pathlib import Path

import numpy as np
from scipy import stats

from fit_vectors import (
    Array,
    Vectors,
    make_growths,
    make_latency_ranks,
    make_lines,
    rounded,
    student_quantile,
)
from stability_vectors import lowmean, make_stabilities

QUANTILES = [0.0, 0.01, 0.025, 0.05, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 0.975, 0.999, 1.0]
CURVE_POINTS = 200
KERNEL_REACH = 3.0  # bandwidths that the grid goes beyond the values
BLOCKS = 5
DRIFT_FLOOR = 0.03
MOVED_FROM, MOVED, MOVED_SLOPE = 0.01, 0.06, 0.8
ERROR_FLOOR = 2e-4
PAIRS_MIN, PAIRS_MAX = 4, 1_000_000


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


def make_estimate(centre: float, spread: float, level: float) -> list[float]:
    """Point, bounds and standard error of an estimate whose logarithm is normal."""
    lower, upper = stats.norm.interval(level, loc=math.log(centre), scale=spread)
    return [centre, math.exp(lower), math.exp(upper), centre * spread]


def make_ratio(a: list[float], b: list[float]) -> Vectors:
    """a / b as analysis/scaling.h describes it; for logarithms that are normal it must be exact."""
    (pa, la, ua, sa), (pb, lb, ub, sb) = a, b
    logs = np.log([pa, la, ua, pb, lb, ub])
    theta = logs[0] - logs[3]
    lower = theta - np.linalg.norm([logs[0] - logs[1], logs[5] - logs[3]])
    upper = theta + np.linalg.norm([logs[2] - logs[0], logs[3] - logs[4]])
    variance = sa**2 / pb**2 + sb**2 * pa**2 / pb**4
    return {"a": a, "b": b, "ratio": [pa / pb, *np.exp([lower, upper]), math.sqrt(variance)]}


def make_normal_ratio(a: tuple[float, float], b: tuple[float, float], level: float) -> Vectors:
    centre = math.log(a[0] / b[0])
    bounds = stats.norm.interval(level, loc=centre, scale=math.hypot(a[1], b[1]))
    error = a[0] / b[0] * math.hypot(a[1], b[1])
    of = [make_estimate(*side, level) for side in (a, b)]
    return {"a": of[0], "b": of[1], "ratio": [a[0] / b[0], *np.exp(bounds), error]}


def make_fairness() -> Vectors:
    """Samples of three threads, and the median over them of slowest over fastest rate."""
    rng = np.random.default_rng(16)
    iterations = rng.integers(50, 4000, (3, 31))
    times = rounded(rng.uniform(1e5, 2e5, (3, 31)), 2)
    rates = iterations / times
    values = np.sort(rates.min(axis=0) / rates.max(axis=0))
    at_most = np.cumsum(order_statistic_probabilities(31, 16))
    ends = [float(values[np.searchsorted(at_most, p)]) for p in (0.025, 0.975)]
    return {
        "iterations": iterations.T.flatten().tolist(),
        "time_ns": times.T.flatten().tolist(),
        "point": float(np.median(values)),
        "lower": ends[0],
        "upper": ends[1],
    }


def make_scaling() -> Vectors:
    return {
        "ratios": [
            make_normal_ratio((250.0, 0.004), (252.5, 0.003), 0.95),
            make_normal_ratio((1e9, 0.2), (3.0, 0.05), 0.99),
            make_ratio([10.0, 9.0, 14.0, 1.0], [5.0, 4.875, 5.0, 0.03125]),
            make_ratio([1.0, 1.0, 1.0, 0.0], [40.0, 36.0, 41.0, 1.5]),
        ],
        "fairness": make_fairness(),
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


def make_student() -> Vectors:
    dfs = [1.0, 2.0, 2.5, 6.0, 28.0, 1000.0]
    ts = [-1e6, -300.0, -40.0, -11.0, -7.0, -5.0, -3.5, -2.5, -2.0, -1.75, -1.7, -1.5, -1.2, -1.0]
    ts += [-0.5, -0.1, -1e-3, -1e-9, 0.0, 1e-3, 0.3, 1.0, 1.72, 1.74, 2.0, 4.0, 12.0, 1e3]
    ps = [1e-12, 1e-9, 1e-6, 1e-4, 0.001, 0.01, 0.025, 0.05, 0.1, 0.16, 0.2, 0.25, 0.3, 0.4, 0.49]
    ps += [0.4999, 0.6, 0.75, 0.84, 0.9, 0.95, 0.975, 0.99, 0.999, 1 - 1e-6, 1 - 1e-12]
    cdf = [[t, df, float(stats.t.cdf(t, df))] for df in dfs for t in ts]
    return {
        "cdf": [entry for entry in cdf if entry[2] > 1e-290],
        "ppf": [[p, df, student_quantile(p, df)] for df in dfs for p in ps],
    }


def yuen(values: Array, trim: float) -> tuple[float, float, float]:
    """Trimmed mean, Yuen's standard error of it, values kept: out of scipy's test against a group
    that is constant, which adds nothing to the error."""
    kept = len(values) - 2 * int(trim * len(values))
    theta = float(stats.trim_mean(values, trim))
    if np.ptp(values) == 0:
        return theta, 0.0, kept
    moved = values - (theta - 1)
    t = stats.ttest_ind(moved, np.zeros(len(values)), equal_var=False, trim=trim).statistic
    return theta, 1 / float(t), kept


def paired_fit(logs: Array, orders: Array, trim: float) -> Vectors:
    both = len(set(orders)) == 2
    n, lost = len(logs), int(both)
    imbalance = float(np.mean(orders)) if both else 0.0
    order_effect = 0.0
    if both:
        groups = [stats.trim_mean(logs[orders == sign], trim) for sign in (1, -1)]
        order_effect = float(groups[0] - groups[1]) / 2
    theta, error, kept = yuen(logs - orders * order_effect, trim)
    df = kept - 1 - lost
    error = error * math.sqrt((kept - 1) / df / (1 - imbalance**2))
    if trim == 0:
        columns = [np.ones(n), orders] if both else [np.ones(n)]
        design = np.stack(columns, axis=1)
        solution, squares, _, _ = np.linalg.lstsq(design, logs, rcond=None)
        theta, order_effect = float(solution[0]), float(solution[1]) if both else 0.0
        error = math.sqrt(squares[0] / df * np.linalg.inv(design.T @ design)[0, 0])
    return {
        "effect": theta,
        "error": max(error, ERROR_FLOOR),
        "deviation": error * math.sqrt(n),
        "order_effect": order_effect,
        "df": float(df),
    }


def signed_rank(values: Array, limit: float) -> float:
    """P(W+ >= observed): all patterns of signs where there are few, else scipy's exact test."""
    off = values - limit
    off = off[off != 0]
    if len(off) > 14:
        assert len(set(abs(off))) == len(off)
        return float(stats.wilcoxon(off, alternative="greater", method="exact").pvalue)
    ranks = stats.rankdata(abs(off))
    patterns = np.array(list(itertools.product((0, 1), repeat=len(off))))
    return float(np.mean(patterns @ ranks >= np.sum(ranks[off > 0])))


def pairs_needed(fit: Vectors, pairs: int, margin: float, alpha: float, power: float) -> int:
    for numbers in (np.arange(PAIRS_MIN, 300), np.arange(300, 30_000)):
        df = np.maximum(1.0, (fit["df"] + 2) * numbers / pairs - 2)
        error = np.maximum(fit["deviation"] / np.sqrt(numbers), ERROR_FLOOR)
        enough = (stats.t.isf(alpha, df) + stats.t.ppf(power, df)) * error <= margin
        if np.any(enough):
            return int(numbers[np.argmax(enough)])
    # The fewest that the sets below need is beyond the scan only where the floor is in the way.
    assert (stats.norm.isf(alpha) + stats.norm.ppf(power)) * ERROR_FLOOR > margin
    return PAIRS_MAX


def make_pairs(logs: Array, orders: list[int], trim: float) -> Vectors:
    fit = paired_fit(logs, np.array(orders, dtype=float), trim)
    effect, error, df = fit["effect"], fit["error"], fit["df"]
    limits = [0.0, 0.003, -0.01, 0.05]
    questions = [
        (0.01, 0.05, 0.8),
        (0.004, 0.025, 0.9),
        (0.02, 0.001, 0.9),
        (0.0005, 0.05, 0.8),
        (0.0004, 0.05, 0.8),
    ]
    equivalent = []
    for margin in (0.001, 0.005, 0.01, 0.05):
        for alpha in (0.05, 0.005):
            interval = stats.t.interval(1 - 2 * alpha, df, loc=effect, scale=error)
            equivalent.append([margin, alpha, int(-margin < interval[0] and interval[1] < margin)])
    return {
        "logs": [float(v) for v in logs],
        "orders": orders,
        "trim": trim,
        "fit": fit,
        "above": [[limit, float(stats.t.sf((effect - limit) / error, df))] for limit in limits],
        "below": [[limit, float(stats.t.cdf((effect - limit) / error, df))] for limit in limits],
        "reach": [[c, -student_quantile((1 - c) / 2, df) * error] for c in (0.5, 0.9, 0.95, 0.999)],
        "equivalent": equivalent,
        "detectable": [
            [
                limit,
                alpha,
                power,
                limit + (student_quantile(power, df) - student_quantile(alpha, df)) * error,
            ]
            for limit, alpha, power in questions
        ],
        "needed": [[*question, pairs_needed(fit, len(logs), *question)] for question in questions],
        "signed_rank": [[limit, signed_rank(logs, limit)] for limit in limits],
    }


def paired_sets() -> dict[str, tuple[Array, list[int]]]:
    rng = np.random.default_rng(808)
    turns = [1, -1, -1, 1]
    coins = [1, 1, -1, 1, -1, 1, 1, 1, -1, 1, 1]
    unlucky = rounded(rng.normal(0.02, 0.004, 30), 8)
    unlucky[[3, 17]] = [0.15, -0.11]
    return {
        "balanced": (rounded(rng.normal(0, 0.003, 8), 6), turns * 2),
        "unbalanced": (rounded(rng.normal(0.01, 0.005, 11) + 0.004 * np.array(coins), 6), coins),
        "old_first": (rounded(rng.normal(-0.004, 0.002, 9), 6), [1] * 9),
        "new_first": (rounded(rng.normal(0.006, 0.002, 10), 6), [-1] * 10),
        "lone": (rounded(rng.normal(0.002, 0.002, 7), 6), [-1, -1, -1, 1, -1, -1, -1]),
        "fewest": (np.array([0.011, 0.014, 0.009, 0.012]), turns),
        "five": (np.array([0.021, -0.004, 0.009, 0.012, 0.007]), [1, -1, 1, -1, 1]),
        "unlucky": (unlucky, turns * 7 + [1, -1]),
        "steady": (np.array([0.00401, 0.00402, 0.00401, 0.004, 0.00402, 0.00401]), [1, -1] * 3),
        "equal": (np.full(8, 0.0078125), turns * 2),
        "ties": (np.array([0, 1, 1, -1, 3, 4, -3, 4, 0, 2, 5, -1]) / 1024, turns * 3),
    }


def make_paired() -> dict[str, Vectors]:
    sets = paired_sets()
    made = {
        f"{name}, trim {trim}": make_pairs(logs, orders, trim)
        for name, (logs, orders) in sets.items()
        for trim in (0.0, 0.2)
    }
    return {**made, "unlucky, trim 0.45": make_pairs(*sets["unlucky"], 0.45)}


def make_holm(p_values: list[float], level: float) -> Vectors:
    """By adjusted p-values."""
    m = len(p_values)
    order = np.argsort(p_values)
    adjusted = np.maximum.accumulate(np.array(p_values)[order] * np.arange(m, 0, -1))
    rejected = [0] * m
    for i, p in zip(order, adjusted, strict=True):
        rejected[int(i)] = int(p <= level)
    return {"p": p_values, "level": level, "rejected": rejected}


def make_holms() -> list[Vectors]:
    rng = np.random.default_rng(1979)
    mixed = np.concatenate([rng.uniform(0, 1, 12), rng.uniform(0, 0.004, 9)])
    return [
        make_holm([0.01, 0.04, 0.03, 0.005], 0.05),
        make_holm([0.012, 0.04, 0.02, 0.005], 0.05),
        make_holm([0.001, 0.001, 0.9, 0.001], 0.01),
        make_holm([0.02, 0.001], 0.01),
        make_holm([0.009], 0.01),
        make_holm([0.011], 0.01),
        make_holm([float(p) for p in rng.permutation(mixed)], 0.05),
    ]


def make_side(times: Array, undisturbed: Array) -> Vectors:
    return {
        "times": [float(v) for v in times],
        "undisturbed": [float(v) for v in undisturbed],
        "lowmean": lowmean(times),
        "tail": float(stats.trim_mean(undisturbed, 0.05)),
    }


def make_sides() -> list[Vectors]:
    rng = np.random.default_rng(95)
    times = rounded(rng.lognormal(3, 0.2, 137))
    return [make_side(times, times[times < 30]), make_side(times[:20], times[:20])]


def make_quads(old: Array, new: Array) -> Vectors:
    whole = len(old) // 2 * 2
    least = [np.min(side[:whole].reshape(-1, 2), axis=1) for side in (old, new)]
    return {
        "old": [float(v) for v in old],
        "new": [float(v) for v in new],
        "log_ratio": float(np.median(np.log(least[1] / least[0]))),
    }


def make_log_ratios() -> list[Vectors]:
    rng = np.random.default_rng(22)
    old, new = rounded(rng.lognormal(3, 0.1, 61)), rounded(rng.lognormal(3.02, 0.1, 61))
    return [make_quads(old[:n], new[:n]) for n in (2, 3, 4, 40, 42, 61)]


def make_vectors() -> Vectors:
    rng = np.random.default_rng(51)
    return {
        "data": {name: make_data(values) for name, values in data_sets().items()},
        "fits": make_fits(),
        "normal": make_normal(),
        "student": make_student(),
        "paired": make_paired(),
        "holm": make_holms(),
        "sides": make_sides(),
        "log_ratios": make_log_ratios(),
        "stability": make_stabilities(),
        "latency_ranks": make_latency_ranks(),
        "growths": make_growths(),
        "lines": make_lines(),
        "comparisons": make_comparisons(),
        "scaling": make_scaling(),
        "bootstrap": make_bootstrap(
            rounded(rng.lognormal(3, 0.25, 51)), 10.0 * rng.permutation(np.arange(1.0, 52.0))
        ),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "file", nargs="?", type=Path, default=Path(__file__).with_name("vectors.json")
    )
    path: Path = parser.parse_args().file
    text = json.dumps(make_vectors(), indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
