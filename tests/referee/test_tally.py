"""Counts and fits of the referee against textbook numbers."""

import math

import numpy as np
import pytest
from scipy import stats

from tally import Share, fit_pairs, mean_of


def test_share_without_a_hit_has_the_rule_of_three() -> None:
    """1 - 0.025 ** (1 / n)."""
    lower, upper = Share(0, 200).bounds()
    assert lower == 0
    assert upper == pytest.approx(1 - 0.025 ** (1 / 200))


def test_share_of_all_hits_mirrors_none() -> None:
    lower, upper = Share(40, 40).bounds()
    assert upper == 1
    assert lower == pytest.approx(0.025 ** (1 / 40))


def test_share_bounds_are_where_the_binomial_tails_are_2_5_percent() -> None:
    lower, upper = Share(7, 50).bounds()
    assert stats.binom.sf(6, 50, lower) == pytest.approx(0.025)
    assert stats.binom.cdf(7, 50, upper) == pytest.approx(0.025)


def test_share_of_nothing() -> None:
    assert Share(0, 0).bounds() == (0, 1)
    assert math.isnan(Share(0, 0).point)


def test_fit_with_equal_orders_and_no_trimming_is_the_one_sample_t_interval() -> None:
    values = [0.010, 0.013, 0.008, 0.011, 0.012]
    fit = fit_pairs(values, [1] * 5, trim=0)
    assert fit is not None
    expected = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert fit.theta - fit.reach(0.95, 0) == pytest.approx(expected[0])
    assert fit.theta + fit.reach(0.95, 0) == pytest.approx(expected[1])


def test_fit_takes_the_order_out() -> None:
    """Values that are theta + order * h and nothing else leave no error."""
    orders = [1, -1, 1, -1, 1, -1, 1, 1]
    fit = fit_pairs([0.02 + 0.005 * order for order in orders], orders)
    assert fit is not None
    assert fit.theta == pytest.approx(0.02)
    assert fit.error == pytest.approx(0, abs=1e-12)
    assert fit.df == 4


def test_fit_without_trimming_is_least_squares() -> None:
    values = np.array([0.01, 0.02, 0.015, 0.03, 0.012, 0.021, 0.019])
    orders = [1, -1, 1, -1, 1, -1, 1]
    line = stats.linregress(orders, values)
    fit = fit_pairs(list(values), orders, trim=0)
    assert fit is not None
    assert fit.theta == pytest.approx(line.intercept)
    assert fit.error == pytest.approx(line.intercept_stderr)


def test_fit_is_yuens() -> None:
    """Ten values by hand: two of each end go, however far away."""
    fit = fit_pairs([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 1000.0], [1] * 10)
    assert fit is not None
    assert fit.theta == pytest.approx(5.5)
    # 3 3 3 4 5 6 7 8 8 8: squares of the distances to 5.5.
    squares = 6 * 2.5**2 + 2 * 1.5**2 + 2 * 0.5**2
    assert fit.error == pytest.approx(math.sqrt(squares / (6 * 5)))
    assert fit.df == 5


def test_fit_of_too_few_pairs() -> None:
    assert fit_pairs([0.1, 0.2], [1, -1]) is None
    assert fit_pairs([0.1], [1]) is None


def test_floor_keeps_tiny_differences_quiet() -> None:
    fit = fit_pairs([3e-4, 3.01e-4, 2.99e-4, 3e-4, 3e-4], [1] * 5)
    assert fit is not None
    assert fit.excludes_zero(0.95, 0)
    assert not fit.excludes_zero(0.95)


def test_mean_and_its_error() -> None:
    found = mean_of([1.0, 2.0, 4.0])
    assert found.value == pytest.approx(7 / 3)
    assert found.error == pytest.approx(stats.sem([1.0, 2.0, 4.0]))
    assert math.isnan(mean_of([1.0]).error)
    assert mean_of([]).count == 0
