import warnings
from dataclasses import astuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from analysis import statistics
from analysis.statistics import (
    BELOW,
    BEYOND,
    FIT,
    NO_FALL,
    SEPARATED,
    last_of_run,
    mean_interval,
    reached_interval,
    share_interval,
)
from analysis.statistics import binomial_crossing as crossing
from brianmem.errors import InputError

LOADS = np.arange(0.05, 0.6, 0.05)


def interval(values, seed=0, **options):
    return mean_interval(values, seed, **options)


def one_group(x, successes, n_trials, criterion=0.5):
    return crossing(x, successes, n_trials, 0, criterion)


def test_bootstrap_covers_the_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    found = [mean_interval(rng.normal(3, 1, 20), seed) for seed in range(300)]
    covered = np.mean([i.low <= 3 <= i.high for i in found])
    # 300 intervals of twenty values: a standard deviation of 0.013, and a bias of about -0.02.
    assert 0.89 <= covered <= 0.98
    # The interval of a normal mean has the half width 1.96 / sqrt(20) = 0.44.
    assert np.mean([i.high - i.low for i in found]) == pytest.approx(0.88, abs=0.08)
    assert np.mean([i.value for i in found]) == pytest.approx(3, abs=0.05)


def test_a_higher_confidence_gives_a_wider_interval():
    values = np.random.default_rng(1).normal(size=10)
    narrow, wide = interval(values, confidence=0.5), interval(values, confidence=0.99)
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


def test_the_interval_is_skewed_with_the_values():
    found = interval([1, 1, 1, 1, 1, 1, 1, 1, 1, 0])
    assert found.value == 0.9
    assert found.value - found.low > 2 * (found.high - found.value)


def test_a_share_has_an_interval_even_if_all_agree():
    # Wilson's limits of 0 of 20: z^2 / (n + z^2) with z = 1.96.
    width = 1.959964**2 / (20 + 1.959964**2)
    none, every = share_interval([False] * 20), share_interval([True] * 20)
    np.testing.assert_allclose(astuple(none), [0, 0, width], atol=1e-6)
    np.testing.assert_allclose(astuple(every), [1, 1 - width, 1], atol=1e-6)
    assert share_interval([True, False]).value == 0.5
    assert np.isnan(share_interval([]).value)


def test_means_without_spread_or_without_values():
    assert interval([0.1, 0.1, 0.1]) == statistics.Interval(0.1, 0.1, 0.1)
    single = interval([0.7])
    assert single.value == 0.7 and np.isnan([single.low, single.high]).all()
    assert np.isnan(interval([]).value)


def test_the_percentiles_stand_in_for_bca(monkeypatch):
    bootstrap = statistics.stats.bootstrap

    def without_bca(*arguments, method, **options):
        result = bootstrap(*arguments, method="percentile", **options)
        if method == "BCa":
            object.__setattr__(result, "confidence_interval", (np.nan, np.nan))
        return result

    monkeypatch.setattr(statistics.stats, "bootstrap", without_bca)
    found = interval([1.0, 2.0, 3.0])
    assert 1 <= found.low < 2 < found.high <= 3


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=8), st.randoms())
def test_the_interval_lies_within_the_values_in_any_order(values, random):
    found = interval(values)
    shuffled = list(values)
    random.shuffle(shuffled)
    np.testing.assert_equal(astuple(interval(shuffled)), astuple(found))
    assert not found.low < min(values) - 1e-12 and not found.high > max(values) + 1e-12


def draws(rng, n_groups, slope, spread, n_trials):
    """Successes of networks that share their deviation; the crossing at 0.5 is at 0.3."""
    deviation = rng.normal(0, spread, (n_groups, 1))
    successes = rng.binomial(n_trials, expit(-slope * (LOADS - 0.3) + deviation))
    x, groups = np.tile(LOADS, n_groups), np.repeat(np.arange(n_groups), len(LOADS))
    return x, successes.ravel(), n_trials, groups


@pytest.mark.slow
@pytest.mark.parametrize(("n_groups", "spread"), [(20, 0.0), (20, 1.0), (5, 1.0)])
def test_crossings_are_covered_about_as_often_as_the_intervals_say(n_groups, spread):
    rng = np.random.default_rng(1)
    found = [crossing(*draws(rng, n_groups, 25, spread, 10), 0.5) for _ in range(200)]
    assert {reason for _, reason in found} == {FIT}
    covered = np.mean([not (i.low > 0.3 or i.high < 0.3) for i, _ in found])
    # 200 intervals: a standard deviation of 0.015, and with few groups Student's quantile is rough.
    assert 0.91 <= covered <= 1
    assert np.mean([i.value for i, _ in found]) == pytest.approx(0.3, abs=0.01)


def test_networks_that_differ_widen_the_interval():
    x, successes, n, groups = draws(np.random.default_rng(2), 20, 25, 1.0, 10)
    clustered, _ = crossing(x, successes, n, groups, 0.5)
    independent, _ = crossing(x, successes, n, np.arange(len(x)), 0.5)
    assert clustered.value == pytest.approx(independent.value)
    assert clustered.high - clustered.low > 1.3 * (independent.high - independent.low)


def test_the_crossing_of_a_known_curve():
    share = expit(-20 * (LOADS - 0.3))
    n_trials = 10**9  # so that rounding the successes changes nothing
    for criterion in (0.2, 0.5, 0.9):
        found, reason = one_group(LOADS, np.round(share * n_trials), n_trials, criterion)
        assert reason == FIT
        assert found.value == pytest.approx(0.3 - logit(criterion) / 20, abs=1e-6)
        assert np.isnan([found.low, found.high]).all()  # one network alone


def test_fieller_against_the_test_that_it_inverts():
    coefficients, covariance = np.array([5.0, -12.0]), np.array([[1.2, -2.0], [-2.0, 4.0]])
    low, high = statistics._fieller(coefficients, covariance, logit(0.9), 2.5)
    for x in (low, high):
        design = np.array([1, x])
        error = np.sqrt(design @ covariance @ design)
        assert abs(design @ coefficients - logit(0.9)) == pytest.approx(2.5 * error)
    assert low < (logit(0.9) - 5) / -12 < high


def test_the_covariance_is_the_sandwich_of_the_scores_of_networks():
    x, successes, n, groups = draws(np.random.default_rng(4), 6, 25, 1.0, 10)
    rows = pd.DataFrame({"x": x, "successes": successes, "trials": n, "group": groups})
    coefficients, covariance = statistics._logistic_fit(rows, x)
    design = np.column_stack([np.ones_like(x), x])
    p = expit(design @ coefficients)
    bread = np.linalg.inv(design.T @ (design * (n * p * (1 - p))[:, None]))
    scores = design * (successes - n * p)[:, None]
    np.testing.assert_allclose(scores.sum(axis=0), 0, atol=1e-6)
    of_networks = np.array([scores[groups == g].sum(axis=0) for g in range(6)])
    expected = 6 / 5 * bread @ of_networks.T @ of_networks @ bread
    np.testing.assert_allclose(covariance, expected, rtol=1e-5)  # the fit stops at 1e-8


def test_x_far_from_a_steep_fall_change_nothing():
    """There the curve is 0 or 1 to the last bit, and has no variance to divide by."""
    near = np.arange(0.42, 0.495, 0.01)
    of_20 = [[20, 20, 16, 19, 16, 11, 0, 0], [20, 20, 20, 16, 9, 18, 9, 0]]
    of_20 += [[20, 20, 19, 19, 16, 2, 0, 0], [20, 20, 20, 20, 16, 12, 1, 0]]
    of_20 += [[20, 20, 20, 19, 6, 7, 9, 0]]
    far = np.array([0.05, 0.1, 0.2, 0.3, 0.8])
    found = []
    for x, all_or_none in ((near, []), (np.concatenate([near, far]), 20 * (far < 0.4))):
        successes = np.concatenate([[*of_network, *all_or_none] for of_network in of_20])
        groups = np.repeat(np.arange(5), len(x))
        interval, reason = crossing(np.tile(x, 5), successes, 20, groups, 0.5)
        assert reason == FIT and interval.low < interval.value < interval.high < 0.48
        found.append(astuple(interval))
    np.testing.assert_allclose(*found, rtol=1e-4)


def test_a_slope_that_may_be_zero_leaves_limits_open():
    shares = np.array([[6, 5, 5, 5], [4, 6, 4, 5], [6, 5, 5, 4]])
    found, reason = crossing(
        np.tile([1, 2, 3, 4], 3), shares.ravel(), 10, np.repeat([0, 1, 2], 4), 0.5
    )
    assert reason == FIT
    assert 1 <= found.value <= 4
    assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize(
    ("successes", "expected", "reason"),
    [
        ((5, 5, 5, 5), (np.nan, 4, np.nan), BEYOND),
        ((0, 0, 0, 0), (np.nan, np.nan, 1), BELOW),
        ((5, 5, 0, 0), (2.5, 2, 3), SEPARATED),
        ((5, 0, 0, 0), (1.5, 1, 2), SEPARATED),
        ((5, 5, 1, 0), (2.625, 2, 4), SEPARATED),
        ((4, 0, 0, 0), (1.375, np.nan, 2), SEPARATED),
        ((5, 5, 5, 4), (np.nan, 3, np.nan), BEYOND),
        ((5, 5, 5, 1), (3.625, 3, np.nan), SEPARATED),
        ((1, 0, 0, 0), (np.nan, np.nan, 2), BELOW),
        ((0, 0, 5, 5), (np.nan, np.nan, np.nan), NO_FALL),
        ((0, 0, 0, 1), (np.nan, np.nan, np.nan), BELOW),
        ((1, 2, 3, 4), (np.nan, np.nan, np.nan), NO_FALL),
    ],
)
def test_crossings_without_a_fit(successes, expected, reason):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, why = one_group([1, 2, 3, 4], successes, 5)
    assert why == reason
    np.testing.assert_allclose((found.value, found.low, found.high), expected)


def test_curves_that_do_not_reach_the_criterion():
    x, groups = np.tile(LOADS, 10), np.repeat(np.arange(10), len(LOADS))
    rng = np.random.default_rng(3)
    high = rng.binomial(20, np.tile(np.linspace(0.99, 0.9, len(LOADS)), 10))
    found, reason = crossing(x, high, 20, groups, 0.5)
    assert reason == BEYOND and np.isnan(found.value) and found.low == LOADS[-1]
    found, reason = crossing(x, 20 - high[::-1], 20, groups, 0.5)
    assert reason == BELOW and np.isnan(found.value) and found.high == LOADS[0]
    # At a criterion next to the last share, it is not sure that the last loads are above.
    found, reason = crossing(x, high, 20, groups, 0.89)
    assert reason == BEYOND and LOADS[0] < found.low < LOADS[-1]


def test_a_criterion_that_is_none():
    for criterion in (0, 1, 1.5):
        with pytest.raises(InputError, match="criterion must lie between 0 and 1"):
            one_group([1, 2], [1, 0], 1, criterion)


cells = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=25
)


def cells_of(result):
    return [*astuple(result[0]), result[1]]


@given(cells, st.sampled_from((0.3, 0.5, 0.9)), st.randoms())
def test_invariants_of_crossings(rows, criterion, random):
    x, groups, successes = np.array(rows).T
    found, reason = crossing(x / 10, successes, 4, groups, criterion)
    if reason in (FIT, SEPARATED):
        assert x.min() / 10 - 1e-9 <= found.value <= x.max() / 10 + 1e-9
        assert not found.low > found.value + 1e-9 and not found.high < found.value - 1e-9
    else:
        assert np.isnan(found.value)
    assert reason == BEYOND or reason in (FIT, SEPARATED) or np.isnan(found.low)
    assert reason == BELOW or reason in (FIT, SEPARATED) or np.isnan(found.high)

    order = list(range(len(x)))
    random.shuffle(order)
    again = crossing(x[order] / 10, successes[order], 4, groups[order], criterion)
    np.testing.assert_equal(cells_of(again), cells_of((found, reason)))

    # Trials one by one say the same as their number.
    single = np.array([k < n for n in successes for k in range(4)])
    again = crossing(np.repeat(x / 10, 4), single, 1, np.repeat(groups, 4), criterion)
    np.testing.assert_equal(cells_of(again), cells_of((found, reason)))


def test_the_value_that_nine_of_ten_reach():
    values = np.arange(1, 21) / 100
    found = reached_interval(values, np.repeat([0, 1, 2, 3], 5), 0.9)
    assert found.value == 0.03  # which 18 of 20 reach
    assert reached_interval(values, 0 * values, 0.5).value == 0.11
    # 95 % of twenty are nineteen, though 0.05 * 20 is not quite one.
    assert reached_interval(values, 0 * values, 0.95).value == 0.02
    assert np.isnan([*astuple(reached_interval(values, 0 * values, 0.9))[1:]]).all()
    assert np.isnan(astuple(reached_interval([], [], 0.9))).all()


def test_limits_are_those_of_resampled_networks():
    """Of two networks one in four draws has the worse one alone, one in four the better one."""
    found = reached_interval([0.1, 0.1, 0.3, 0.3], [0, 0, 1, 1], 0.9)
    assert astuple(found) == (0.1, 0.1, 0.3)
    # Limits of half the draws leave these out, above; both together still reach 0.1 alone.
    assert reached_interval([0.1, 0.1, 0.3, 0.3], [0, 0, 1, 1], 0.9, 0.4).high == 0.1
    same = reached_interval([0.1, 0.2] * 5, np.repeat(range(5), 2), 0.5)
    assert astuple(same) == (0.2, 0.2, 0.2)


def test_resampling_networks_covers_the_value_about_as_often_as_it_says():
    """Networks share a deviation; what nine of ten reach is a quantile of normal numbers."""
    rng, truth = np.random.default_rng(5), -1.2816 * np.sqrt(2)
    covered = []
    for _ in range(100):
        values = rng.normal(size=(20, 1)) + rng.normal(size=(20, 10))
        groups = np.repeat(range(20), 10)
        found = reached_interval(values.ravel(), groups, 0.9, n_resamples=199)
        covered.append(found.low <= truth <= found.high)
    # A standard deviation of 0.02; percentiles of few networks are a little too narrow.
    assert 0.85 <= np.mean(covered) <= 1


@pytest.mark.parametrize("criterion", [0, 1, -0.5, 2, np.nan])
def test_a_share_that_is_none(criterion):
    with pytest.raises(InputError, match="criterion must lie between 0 and 1"):
        reached_interval([1.0, 2.0], [0, 1], criterion)


reached = st.lists(st.tuples(st.integers(-1, 8), st.integers(0, 3)), min_size=1, max_size=20)


@given(reached, st.sampled_from((0.1, 0.5, 0.9)), st.randoms())
def test_invariants_of_what_is_reached(rows, criterion, random):
    values, groups = np.array(rows, float).T
    found = reached_interval(values, groups, criterion, n_resamples=99)
    assert found.value in values
    assert np.mean(values >= found.value) >= criterion - 1e-9
    assert found.value == values.max() or np.mean(values > found.value) < criterion + 1e-9
    if len(np.unique(groups)) == 1:
        assert np.isnan([found.low, found.high]).all()
    else:
        assert found.low in values and found.high in values
        assert values.min() <= found.low <= found.high <= values.max()
        stricter = reached_interval(values, groups, 0.95, n_resamples=99)
        assert stricter.value <= found.value and stricter.low <= found.low
        wider = reached_interval(values, groups, criterion, 0.99, n_resamples=99)
        assert wider.low <= found.low and found.high <= wider.high
    shuffled = list(rows)
    random.shuffle(shuffled)
    again = reached_interval(*np.array(shuffled, float).T, criterion, n_resamples=99)
    np.testing.assert_equal(astuple(again), astuple(found))
    # In another unit, and with a constant added.
    other = reached_interval(2 * values + 1, groups, criterion, n_resamples=99)
    np.testing.assert_allclose(astuple(other), 2 * np.array(astuple(found)) + 1)


def test_last_of_run():
    assert last_of_run([1, 2, 3, 4], [True, True, False, True]) == 2
    assert last_of_run([3, 2, 1], [True, True, True]) == 1
    assert np.isnan(last_of_run([1, 2], [False, True]))
    assert np.isnan(last_of_run([], []))


def test_a_fall_too_steep_for_a_slope_is_bracketed_by_its_neighbours():
    """All networks cross between .4875 and .5; a logistic curve has no such corner."""
    loads = [0.05, 0.2, 0.4, 0.45, 0.475, 0.4875, 0.5, 0.525, 0.55, 0.6]
    shares = [[1, 1, 1, 1, first, second, 0, 0, 0, 0] for first, second in CORNERS]
    x, successes = np.tile(loads, 3), 100 * np.concatenate(shares)
    found, reason = crossing(x, successes, 100, np.repeat([0, 1, 2], 10), 0.5)
    assert reason == FIT and 0.4875 < found.value < 0.5
    assert (found.low, found.high) == (0.4875, 0.5)
    one, _ = crossing(x[:10], successes[:10], 100, np.zeros(10), 0.5)
    assert np.isnan([one.low, one.high]).all()


CORNERS = ((0.99, 0.9), (0.99, 0.87), (0.97, 0.91))
