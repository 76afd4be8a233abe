import numpy as np
import pytest
from scipy.special import logit

from analysis.completion import completion
from tests.analysis.rows import lowrank, shares


def found(changes, **options):
    return completion(lowrank(changes), **options)


def test_a_sharp_fall_lies_between_two_flip_fractions():
    changes = shares("flip_fraction", {0.0: 5, 0.1: 5, 0.2: 0}, 5, seeds=(0, 1))
    [row] = found(changes).to_dict("records")
    assert row["completed"] == pytest.approx(0.15)
    assert (row["completed_low"], row["completed_high"]) == (0.1, 0.2)
    assert (row["completed_on_grid"], row["reason"]) == (0.1, "separated")
    assert (row["n_flip_fractions"], row["n_networks"], row["criterion"]) == (3, 2, 0.9)


def test_the_value_on_the_grid_stops_at_the_first_failure():
    changes = shares("flip_fraction", {0.0: 10, 0.1: 9, 0.2: 8, 0.3: 10, 0.4: 0}, 10)
    assert found(changes)["completed_on_grid"][0] == 0.1
    assert found(changes, criterion=0.8)["completed_on_grid"][0] == 0.3


def test_a_gradual_fall_is_fitted():
    # The shares 9/10, 1/2, 1/10 lie on a logistic curve.
    changes = shares("flip_fraction", {0.1: 9, 0.2: 5, 0.3: 1}, 10, seeds=(0, 1))
    [row] = found(changes, criterion=0.8).to_dict("records")
    assert row["completed"] == pytest.approx(0.2 - 0.1 * logit(0.8) / logit(0.9))
    assert row["reason"] == "fit"
    assert found(changes, criterion=0.5)["completed"][0] == pytest.approx(0.2)


def test_what_is_never_completed():
    [row] = found(shares("flip_fraction", {0.0: 0, 0.1: 0}, 5)).to_dict("records")
    assert row["reason"] == "below the grid" and row["completed_high"] == 0
    assert np.isnan([row["completed"], row["completed_on_grid"]]).all()


def test_each_load_has_its_own_row_and_random_vertices_none():
    table = found(
        [
            *shares("flip_fraction", {0.0: 5, 0.1: 5, 0.2: 0}, 5, n_patterns=10),
            *shares("flip_fraction", {0.0: 5, 0.1: 0, 0.2: 0}, 5, n_patterns=20),
            *shares("flip_fraction", {0.0: 0}, 5, n_patterns=30, start="random"),
        ]
    )
    assert table["load"].tolist() == [0.1, 0.2]
    assert table["completed"].tolist() == pytest.approx([0.15, 0.05])
