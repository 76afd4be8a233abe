import numpy as np
import pytest

from analysis.hopfield import basins, hopfield
from brianmem import schemas
from brianmem.errors import InputError
from tests.analysis.rows import lowrank, shares


def table(changes):
    return lowrank(changes, schemas.LOWRANK_HOPFIELD)


def test_shares_of_each_kind_of_network():
    changes = [
        *shares("flip_fraction", {0.2: 3}, 4, (0, 1)),
        *shares("flip_fraction", {0.2: 1}, 4, (2, 3)),
        *shares("flip_fraction", {0.2: 0}, 4, (0, 1, 2, 3), dynamics="binary"),
    ]
    binary, spiking = hopfield(table(changes)).to_dict("records")
    assert (binary["dynamics"], spiking["dynamics"]) == ("binary", "spiking")
    assert spiking["success"] == spiking["all_signs"] == 0.5
    assert 0.25 <= spiking["all_signs_low"] < 0.5 < spiking["all_signs_high"] <= 0.75
    assert (binary["success"], binary["success_low"], binary["success_high"]) == (0, 0, 0)
    assert (spiking["n_networks"], spiking["n_trials"]) == (4, 16)


def test_an_overlap_above_the_criterion_is_not_all_signs():
    [row] = hopfield(table([{"overlap": 0.96, "signs_correct": 0.98}])).to_dict("records")
    assert (row["success"], row["all_signs"]) == (1, 0)


def test_the_order_of_changes():
    """Of 50 latents 10 are flipped, so that 40 could be spoiled; empty cells count for nothing."""
    changes = [
        {"flip_fraction": 0.2, "network_seed": seed, "pattern": k, "n_spoiled": 8 * k}
        | {"first_corrected": first, "stronger_first": stronger}
        for seed in (0, 1)
        for k, (first, stronger) in enumerate([(0.5, None), (1.0, 0.6), (0.75, 0.8)])
    ]
    [row] = hopfield(table(changes)).to_dict("records")
    assert row["spoiled"] == pytest.approx((0 + 8 + 16) / 3 / 40)
    assert row["first_corrected"] == 0.75 and row["stronger_first"] == pytest.approx(0.7)


def test_undamaged_starts_have_nothing_to_correct():
    changes = [{"first_corrected": None, "stronger_first": None, "network_seed": s} for s in (0, 1)]
    [row] = hopfield(table(changes)).to_dict("records")
    assert np.isnan([row["first_corrected"], row["stronger_first"]]).all()
    assert row["success"] == 1


def test_flips_that_half_of_the_starts_bear():
    changes = [
        *shares("flip_fraction", {0.1: 4, 0.2: 4, 0.3: 0}, 4, (0, 1)),
        *shares("flip_fraction", {0.1: 4, 0.2: 0, 0.3: 0}, 4, (0, 1), dynamics="binary"),
        *shares("flip_fraction", {0.1: 4, 0.2: 4, 0.3: 4}, 4, (0, 1), dynamics="graded"),
    ]
    found = basins(table(changes)).set_index(["dynamics", "measure"])
    for measure in ("overlap", "all_signs"):
        row = found.loc["spiking", measure]
        assert row["completed"] == pytest.approx(0.25) and row["reason"] == "separated"
        assert (row["completed_low"], row["completed_high"]) == (0.2, 0.3)
        assert found.loc["binary", measure]["completed"] == pytest.approx(0.15)
        row = found.loc["graded", measure]
        assert np.isnan(row["completed"]) and row["completed_low"] == 0.3
        assert row["reason"] == "beyond the grid"
    assert set(found["n_fractions"]) == {3} and set(found["n_networks"]) == {2}
    stricter = basins(table(changes), criterion=0.75).set_index(["dynamics", "measure"])
    assert stricter.loc["spiking", "overlap"]["completed"] == pytest.approx(0.225)


def test_a_share_that_is_none_is_refused():
    with pytest.raises(InputError, match="must lie between 0 and 1, not at 0"):
        basins(table(shares("flip_fraction", {0.1: 1}, 2)), criterion=0.0)
