import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brianmem.lowrank.correction import first_changes, first_corrected, stronger_first

NEVER = np.inf


def test_first_changes():
    start = np.array([1, -1, 1, -1])
    states = np.array([[0.5, -0.1, 0.3], [-1, -2, 0], [1, 1, -1], [3, -3, 3]])
    times = [0.1, 0.2, 0.3]
    assert first_changes(states, times, start).tolist() == [0.2, NEVER, 0.3, 0.1]


@pytest.mark.parametrize(
    ("changed_at", "expected"),
    [
        ([1, 2, 3, 4, 5], 1),
        ([4, 5, 1, 2, 3], 0),
        ([2, 9, 1, NEVER, NEVER], 0.5),
        ([NEVER, NEVER, 1, 2, NEVER], 0),
        ([1, NEVER, NEVER, NEVER, NEVER], 1),
        # One is first, and of the three that share the second place one is flipped.
        ([1, 2, 2, 2, NEVER], (1 + 1 / 3) / 2),
        ([3, 3, 3, 3, NEVER], 0.5),
    ],
)
def test_first_corrected(changed_at, expected):
    flipped = np.array([True, True, False, False, False])
    found = first_corrected(np.array(changed_at, float), flipped)
    assert found == pytest.approx(expected)


def test_nothing_to_correct():
    assert np.isnan(first_corrected(np.array([1.0, NEVER]), np.array([False, False])))
    assert np.isnan(first_corrected(np.full(2, NEVER), np.array([True, False])))


@given(st.lists(st.tuples(st.integers(1, 4) | st.just(NEVER), st.integers(-3, 3)), max_size=12))
def test_stronger_first_is_the_share_of_pairs(axes):
    changed_at, push = np.array(axes, float).reshape(-1, 2).T
    shares = [
        0.5 if t == u or p == q else float((t < u) == (p > q))
        for k, (t, p) in enumerate(axes)
        for u, q in axes[:k]
        if np.isfinite([t, u]).all()
    ]
    found = stronger_first(changed_at, push)
    assert np.isnan(found) if not shares else found == pytest.approx(np.mean(shares))
