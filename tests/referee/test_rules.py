"""The rules of others, on numbers whose answer is known without them."""

import math

import numpy as np
import pytest
from scipy import stats

import rules


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def noisy(mean: float, deviation: float, count: int, seed: int) -> rules.Array:
    return np.random.default_rng(seed).normal(mean, deviation, count)


def test_welch_t_is_that_of_scipy() -> None:
    old, new = noisy(100, 2, 40, 1), noisy(101, 5, 60, 2)
    expected = stats.ttest_ind(new, old, equal_var=False).statistic
    assert rules.welch_t(new, old) == pytest.approx(expected)


def test_criterion_p_is_near_welchs() -> None:
    """With many normal values the bootstrapped null is Student's."""
    for seed in range(5):
        old, new = noisy(100, 2, 100, 10 + seed), noisy(100.4, 2, 100, 20 + seed)
        expected = stats.ttest_ind(new, old, equal_var=False).pvalue
        assert rules.criterion_p(old, new, 20_000, rng()) == pytest.approx(expected, abs=0.04)


def test_criterion_p_can_be_0_and_at_most_1() -> None:
    """There is no +1 in the count."""
    old = noisy(100, 1, 50, 1)
    assert rules.criterion_p(old, old + 50, 1000, rng()) == 0
    assert rules.criterion_p(old, old, 1000, rng()) == pytest.approx(1, abs=0.05)


def test_criterion_p_of_constant_times() -> None:
    """Resamples of equal values have no t at all."""
    assert rules.criterion_p(np.full(10, 5.0), np.full(10, 5.0), 1000, rng()) == 1


def test_criterion_change_covers_the_ratio_of_means() -> None:
    old, new = noisy(100, 2, 100, 3), noisy(104, 2, 100, 4)
    lower, upper = rules.criterion_change(old, new, 10_000, rng())
    change = new.mean() / old.mean() - 1
    # Half the width of the interval by the delta method: 1.96 standard errors of the ratio.
    reach = 1.96 * math.hypot(new.std(ddof=1) / 104, old.std(ddof=1) / 100) / 10 * 1.04
    assert lower == pytest.approx(change - reach, abs=0.1 * reach)
    assert upper == pytest.approx(change + reach, abs=0.1 * reach)


@pytest.mark.parametrize(
    ("mean", "verdict"),
    [(100, "none"), (100.9, "none"), (103, "regressed"), (97, "improved")],
)
def test_criterion_rule_wants_both_ends_beyond_1_percent(mean: float, verdict: str) -> None:
    """100.9 is significant (t = 4.5 and more), but within the noise threshold."""
    old, new = noisy(100, 1, 100, 5), noisy(mean, 1, 100, 6)
    assert rules.criterion_rule(old, new, rng()) == verdict


def test_criterion_rule_at_1_percent_with_an_uncertain_change() -> None:
    """A change of 1.5 % whose interval begins below 1 % is no change."""
    old = np.tile([95.0, 105.0], 50)
    assert rules.criterion_p(old, old * 1.015, 10_000, rng()) < 0.05
    assert rules.criterion_rule(old, old * 1.015, rng()) == "none"


def test_mann_whitney_rule_of_ten_and_ten() -> None:
    """U <= 23 of 100 is the critical value of the two-sided 5 % test for 10 and 10."""
    old = np.arange(1.0, 11.0)
    assert rules.mann_whitney_rule(old, old + 20) == "regressed"
    assert rules.mann_whitney_rule(old, old - 20) == "improved"
    ranks = np.arange(20.0)
    lower = ranks[:10].copy()
    upper = ranks[10:].copy()
    assert rules.mann_whitney_rule(lower, upper) == "regressed"
    swapped_23 = swap_until(lower, upper, 23)
    assert rules.mann_whitney_rule(*swapped_23) == "regressed"
    swapped_24 = swap_until(lower, upper, 24)
    assert rules.mann_whitney_rule(*swapped_24) == "none"


def swap_until(
    lower: rules.Array, upper: rules.Array, inversions: int
) -> tuple[rules.Array, rules.Array]:
    """Moves values of `upper` below those of `lower` until so many pairs are the wrong way round."""
    old, new = lower.copy(), upper.copy()
    for i in range(10):
        below = min(inversions, 10)
        inversions -= below
        new[i] = 9.5 - below + i / 100
    assert inversions == 0
    return old, new


def test_minimum_rule_has_5_percent_of_tolerance() -> None:
    old = np.array([120.0, 100.0, 300.0])
    assert rules.minimum_rule(old, np.array([104.9, 900.0])) == "none"
    assert rules.minimum_rule(old, np.array([105.1, 900.0])) == "regressed"
    assert rules.minimum_rule(old, np.array([95.1, 900.0])) == "none"
    assert rules.minimum_rule(old, np.array([94.9, 900.0])) == "improved"


def with_z(z: float, mean: float) -> tuple[rules.Array, rules.Array]:
    """100 pairs around 100 whose differences have this mean and mean / standard error."""
    pattern = np.tile([-1.0, 1.0], 50)
    pattern /= pattern.std(ddof=1)
    old = np.full(100, 100.0)
    return old, old + mean + pattern * (mean / z) * 10


@pytest.mark.parametrize(
    ("z", "mean", "verdict"),
    [
        (2.65, 1.0, "regressed"),
        (2.55, 1.0, "none"),
        (2.65, -1.0, "improved"),
        (50.0, 0.49, "none"),
        (50.0, 0.51, "regressed"),
    ],
)
def test_tango_rule_wants_certainty_and_half_a_percent(z: float, mean: float, verdict: str) -> None:
    assert rules.tango_rule(*with_z(abs(z), mean)) == verdict


def test_tango_rule_without_any_spread() -> None:
    old = np.full(10, 100.0)
    assert rules.tango_rule(old, old) == "none"
    assert rules.tango_rule(old, old + 1.0) == "regressed"
