import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from analysis.capacity import capacity
from analysis.lowrank import MEASURES
from tests.analysis.rows import lowrank, shares


def found(changes, measure="overlap", **options):
    table = capacity(lowrank(changes), **options)
    return table[table["measure"] == measure].reset_index(drop=True)


def limits(row):
    return [row["capacity"], row["capacity_low"], row["capacity_high"]]


def test_a_sharp_fall_lies_between_two_loads():
    [row] = found(shares("n_patterns", {20: 5, 30: 5, 40: 0}, 5, seeds=(0, 1))).to_dict("records")
    assert limits(row) == pytest.approx([0.35, 0.3, 0.4])
    assert row["reason"] == "separated"
    assert (row["n_loads"], row["n_networks"], row["criterion"]) == (3, 2, 0.5)
    assert np.isnan(row["random_kept"])


def test_a_gradual_fall_is_fitted():
    # The shares 9/10, 1/2, 1/10 lie on a logistic curve with its middle at 0.3.
    fall = {20: 9, 30: 5, 40: 1}
    [row] = found(shares("n_patterns", fall, 10, seeds=(0, 1, 2))).to_dict("records")
    assert row["reason"] == "fit"
    # All three networks are alike.
    assert limits(row) == pytest.approx([0.3, 0.3, 0.3])
    stricter = found(shares("n_patterns", fall, 10), criterion=0.8)
    assert stricter["capacity"][0] == pytest.approx(0.3 - 0.1 * logit(0.8) / logit(0.9))
    assert stricter["capacity_low"].isna().all()  # one network


def test_loads_that_are_all_recalled_or_none():
    table = found(
        [
            *shares("n_patterns", {20: 5, 30: 5}, 5, rule="optimised"),
            *shares("n_patterns", {20: 0, 30: 0}, 5, rule="hebbian"),
        ]
    )
    hebbian, optimised = table.to_dict("records")
    np.testing.assert_equal(limits(optimised), [np.nan, 0.3, np.nan])
    np.testing.assert_equal(limits(hebbian), [np.nan, np.nan, 0.2])
    assert (optimised["reason"], hebbian["reason"]) == ("beyond the grid", "below the grid")


def test_all_signs_right_is_a_measure_of_its_own():
    changes = shares("n_patterns", {20: 5, 30: 5, 40: 0}, 5, seeds=(0, 1))
    changes = [row | {"signs_correct": 0.99} if row["n_patterns"] == 30 else row for row in changes]
    [by_overlap], [by_signs] = (found(changes, m).to_dict("records") for m in MEASURES)
    assert limits(by_overlap) == pytest.approx([0.35, 0.3, 0.4])
    assert limits(by_signs) == pytest.approx([0.25, 0.2, 0.3])


def test_where_recall_comes_back_the_first_fall_counts():
    [row] = found(shares("n_patterns", {20: 5, 30: 0, 40: 4, 50: 5}, 5, (0, 1))).to_dict("records")
    assert limits(row) == pytest.approx([0.25, 0.2, 0.3])
    assert (row["revival"], row["n_loads"]) == (0.4, 2)
    [in_part] = found(shares("n_patterns", {20: 5, 30: 0, 40: 1}, 5, (0, 1))).to_dict("records")
    assert limits(in_part) == limits(row)
    assert in_part["revival"] == 0.4
    [falls] = found(shares("n_patterns", {20: 4, 30: 5, 40: 1, 50: 1}, 5)).to_dict("records")
    assert np.isnan(falls["revival"])
    [never] = found(shares("n_patterns", {20: 0, 30: 0, 40: 5}, 5)).to_dict("records")
    assert (never["reason"], never["revival"]) == ("below the grid", 0.4)


def test_damaged_starts_and_random_vertices_do_not_count():
    fall = shares("n_patterns", {20: 5, 30: 0}, 5)
    others = [
        *shares("n_patterns", {20: 0, 30: 5}, 5, flip_fraction=0.1),
        *shares("n_patterns", {20: 1, 30: 4}, 5, start="random"),
    ]
    [alone], [together] = (found(rows).to_dict("records") for rows in (fall, fall + others))
    assert together["random_kept"] == 0.8  # at the worse of the two loads
    assert limits(together) == limits(alone)
    assert not len(found(others))


def test_gammas_of_the_grid_stay_apart_and_chosen_ones_together():
    fall = {20: 5, 30: 0}
    table = found(
        [
            *shares("n_patterns", fall, 5, seeds=(0,), gamma=1.41),
            *shares("n_patterns", fall, 5, seeds=(1,), gamma=1.42),
            *shares("n_patterns", fall, 5, gamma=1.2, gamma_chosen=False),
            *shares("n_patterns", fall, 5, gamma=1.3, gamma_chosen=False),
        ]
    )
    np.testing.assert_equal(table["gamma"].to_numpy(), [1.2, 1.3, np.nan])
    assert table["n_networks"].tolist() == [1, 1, 2]


@pytest.mark.slow
@given(st.lists(st.integers(0, 4), min_size=2, max_size=5), st.randoms())
def test_capacity_lies_within_the_loads_in_any_order(successes, random):
    changes = shares("n_patterns", {10 * (k + 1): n for k, n in enumerate(successes)}, 4, (0, 1))
    table = found(changes)
    if table["capacity"].notna().all():
        assert 0.1 <= table["capacity"][0] <= 0.1 * len(successes) + 1e-12
    random.shuffle(changes)
    pd.testing.assert_frame_equal(found(changes), table)
