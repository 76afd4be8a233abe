"""Bisection beside a search that tries every number of flips."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from protocols.lowrank.bisection import NOT_EVEN_UNDAMAGED, most_completed


class Outcomes:
    """Runs whose outcomes are known, shape (n_starts, most + 1, n_criteria); they are counted."""

    def __init__(self, succeeds):
        self.succeeds = np.asarray(succeeds, bool)
        self.n_starts, n_flips, self.n_criteria = self.succeeds.shape
        self.most = n_flips - 1
        self.asked = []

    def run(self, pairs):
        assert pairs
        self.asked += pairs
        return np.array([self.succeeds[pair] for pair in pairs])

    def bisected(self):
        return most_completed(self.run, self.n_starts, self.most, self.n_criteria)


def falling(limits, most):
    """Outcomes that succeed up to a limit of flips and never beyond, limits as they are found."""
    return Outcomes(np.arange(most + 1)[:, None] <= np.asarray(limits)[:, None, :])


def by_trying_all(succeeds):
    """The last number of flips before the first failure."""
    failures = np.concatenate([~succeeds, np.ones_like(succeeds[:, :1])], axis=1)
    return failures.argmax(axis=1) - 1


@st.composite
def monotone(draw):
    most, n_criteria = draw(st.integers(0, 70)), draw(st.integers(1, 3))
    limit = st.integers(NOT_EVEN_UNDAMAGED, most)
    row = st.lists(limit, min_size=n_criteria, max_size=n_criteria)
    return draw(st.lists(row, min_size=1, max_size=6)), most


@given(monotone())
def test_monotone_outcomes_give_what_trying_all_numbers_gives(drawn):
    limits, most = drawn
    outcomes = falling(limits, most)
    completed, n_runs = outcomes.bisected()
    np.testing.assert_array_equal(completed, limits)
    np.testing.assert_array_equal(completed, by_trying_all(outcomes.succeeds))
    # None is made twice, and the undamaged start comes before all others.
    assert len(set(outcomes.asked)) == len(outcomes.asked) == n_runs.sum()
    asked = np.array(outcomes.asked)
    assert asked[: len(limits), 1].tolist() == [0] * len(limits)
    np.testing.assert_array_equal(np.bincount(asked[:, 0]), n_runs)
    assert asked[:, 1].max() <= most


@given(monotone())
def test_the_number_of_runs_grows_with_the_logarithm(drawn):
    limits, most = drawn
    _, n_runs = falling(limits, most).bisected()
    halvings = math.ceil(math.log2(most + 1))
    assert (n_runs <= 1 + len(limits[0]) * halvings).all()
    # Criteria that fall together share their runs.
    alike = [[row[0]] * len(row) for row in limits]
    _, n_runs = falling(alike, most).bisected()
    assert (n_runs <= 1 + halvings).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 3))
def test_other_outcomes_end_at_an_edge(seed, most, n_criteria):
    rng = np.random.default_rng(seed)
    outcomes = Outcomes(rng.random((4, most + 1, n_criteria)) < rng.random())
    completed, _ = outcomes.bisected()
    for start, criterion in np.ndindex(completed.shape):
        succeeds, flips = outcomes.succeeds[start, :, criterion], completed[start, criterion]
        if flips == NOT_EVEN_UNDAMAGED:
            assert not succeeds[0]
        else:
            assert succeeds[flips]
            assert flips == most or not succeeds[flips + 1]


def test_a_start_that_fails_undamaged_has_one_run():
    completed, n_runs = falling([[-1, -1], [-1, 3], [8, 8]], most=8).bisected()
    assert completed.tolist() == [[-1, -1], [-1, 3], [8, 8]]
    assert n_runs[0] == 1 < n_runs[1]


def test_starts_that_are_never_completed_are_not_run_again():
    """Beyond the undamaged starts, what fails there is not among the pairs."""
    outcomes = falling([[-1], [5]], most=16)
    outcomes.bisected()
    assert [flips for start, flips in outcomes.asked if start == 0] == [0]
    assert [flips for start, flips in outcomes.asked if start == 1] == [0, 8, 4, 6, 5]
