import numpy as np
import pandas as pd
import pytest

from analysis.overlap import overlap_summary
from brianmem import schemas
from tests.analysis.rows import lowrank


def summary(*changes, schema=schemas.LOWRANK_CAPACITY):
    return overlap_summary(lowrank(changes, schema), schema.name)


def test_networks_weigh_the_same_whatever_their_number_of_trials():
    found = summary(
        {"network_seed": 0, "overlap": 1.0},
        {"network_seed": 0, "overlap": 0.8},
        {"network_seed": 1, "overlap": 0.5},
    )
    assert found[["n_networks", "n_trials"]].to_numpy().tolist() == [[2, 3]]
    assert found["overlap"][0] == pytest.approx((0.9 + 0.5) / 2)
    assert found["success"][0] == pytest.approx((0.5 + 0) / 2)
    assert 0.5 <= found["overlap_low"][0] < 0.7 < found["overlap_high"][0] <= 0.9


def test_one_network_has_no_interval_and_equal_networks_none_to_speak_of():
    one = summary({}, {"pattern": 1, "overlap": 0.5})
    assert one["overlap"][0] == 0.75
    assert one[["overlap_low", "overlap_high", "success_low"]].isna().all(axis=None)
    equal = summary(*({"network_seed": seed, "overlap": 0.97} for seed in range(3)))
    assert equal[["overlap", "overlap_low", "overlap_high"]].eq(0.97).all(axis=None)


def test_configurations_stay_apart():
    found = summary(
        {"overlap": 0.1},
        {"overlap": 0.2, "start": "random"},
        {"overlap": 0.3, "flip_fraction": 0.1},
        {"overlap": 0.4, "gamma": 1.2, "gamma_chosen": False},
        {"overlap": 0.5, "gamma": 1.3, "gamma_chosen": False},
        {"overlap": 0.6, "rule": "hebbian"},
        {"overlap": 0.7, "n_patterns": 20},
    )
    assert sorted(found["overlap"]) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    assert found.set_index("overlap")["gamma"].dropna().to_dict() == {0.4: 1.2, 0.5: 1.3}


def test_chosen_gammas_are_one_configuration():
    found = summary({"gamma": 1.4}, {"gamma": 1.6, "network_seed": 1})
    assert found["n_networks"].tolist() == [2] and found["gamma"].isna().all()


def test_only_exact_runs_count():
    found = summary(
        {"overlap": 0.9},
        {"overlap": 0.1, "dt": 0.01, "simulator": "clock"},
        schema=schemas.LOWRANK_RECALL,
    )
    assert found["overlap"].tolist() == [0.9]
    assert found["source"].tolist() == ["lowrank_recall"]


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(1)
    trials = lowrank(
        [
            {"rule": rule, "network_seed": seed, "overlap": rng.uniform(0.8, 1)}
            for rule in ("hebbian", "optimised")
            for seed in range(4)
        ]
    )
    tables = [overlap_summary(trials.iloc[order], "") for order in (range(8), rng.permutation(8))]
    pd.testing.assert_frame_equal(*tables)


def test_no_trials_give_no_rows():
    assert not len(summary())


def test_limits_do_not_depend_on_what_else_the_table_holds():
    rng = np.random.default_rng(2)
    rows = [
        {"rule": rule, "network_seed": seed, "overlap": rng.uniform(0.8, 1)}
        for rule in ("hebbian", "optimised", "pseudo_inverse")
        for seed in range(5)
    ]
    whole = overlap_summary(lowrank(rows), "")
    for rule in ("hebbian", "optimised", "pseudo_inverse"):
        alone = overlap_summary(lowrank([row for row in rows if row["rule"] == rule]), "")
        pd.testing.assert_frame_equal(
            alone, whole[whole["rule"] == rule].reset_index(drop=True), check_dtype=False
        )
