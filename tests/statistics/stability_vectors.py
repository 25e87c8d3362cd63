"""Grades of a machine's stability, from their definition: a part of make_vectors.py."""

import math

import numpy as np

from fit_vectors import Array, Vectors, rounded

STABILITY_LIMITS = np.array(
    [
        [0.005, 0.02, 0.01, 0.001, 5],
        [0.01, 0.10, 0.05, 0.01, 20],
        [0.03, 0.30, 0.15, 0.03, 60],
        [0.10, 0.60, 0.40, 0.10, 400],
    ]
)


def lowmean(values: Array) -> float:
    n = len(values)
    return float(np.mean(np.sort(values)[math.floor(0.05 * n) : math.floor(0.5 * n)]))


def make_stability(at_s: Array, work: Array, steal: float = 0.0, switches: float = 0.0) -> Vectors:
    """Levels of quarter-second windows with 8 observations or more; at least four of them.

    Grades are 1 (A) to 5 (E); 0: not graded.
    """
    at_ns = np.round(at_s * 1e9)
    windows = np.floor((at_ns - at_ns[0]) / 0.25e9)
    groups = [work[windows == window] for window in np.unique(windows)]
    levels = [lowmean(group) for group in groups if len(group) >= 8]
    result: Vectors = {
        "at_ns": at_ns.tolist(),
        "work_ns": work.tolist(),
        "steal_share": steal,
        "switches_per_s": switches,
        "seconds": float(at_ns[-1] - at_ns[0]) / 1e9,
        "grade": 0,
    }
    if len(levels) < 4:
        return result
    best = np.quantile(levels, 0.1)
    measures = [
        float(np.quantile(levels, 0.9) / best - 1),
        float(np.mean(work > best * 1.03)),
        float(np.mean(work > best * 1.10)),
    ]
    fits = np.all(np.array([*measures, steal, switches]) <= STABILITY_LIMITS, axis=1)
    grade = 1 + int(np.argmax(fits)) if fits.any() else 5
    names = ("variation", "slowed_share", "slowed_10_share")
    return result | dict(zip(names, measures)) | {"grade": grade}


def make_stabilities() -> list[Vectors]:
    rng = np.random.default_rng(8)
    at = np.sort(rng.uniform(5, 8, 240))
    calm = rounded(rng.normal(1000, 0.5, 240))
    drift = rounded(calm * (1 + 0.02 * (at - 5) / 3))
    spikes = rounded(calm * np.where(rng.random(240) < 0.07, 1.4, 1.0))
    half = rounded(calm * np.where(rng.random(240) < 0.5, 1.2, 1.0))
    steps = rounded(calm * np.where(at > 6.5, 1.15, 1.0))
    gap = np.where(at > 6.2, at + 100, at)
    return [
        make_stability(at, calm),
        make_stability(gap, calm, switches=4.9),
        make_stability(at, calm, switches=5.1),
        make_stability(at, calm, steal=0.04),
        make_stability(at, drift),
        make_stability(at, spikes),
        make_stability(at, half),
        make_stability(at, steps),
        make_stability(at, calm, switches=450.0),
        make_stability(at[:70], calm[:70]),
        make_stability(np.linspace(0, 10, 200), calm[:200]),
    ]
