import numpy as np
import pandas as pd
import pytest

from analysis import delay, lowrank
from analysis.select import DELAY, first_of_all, first_of_each


def delay_rows(**columns):
    network = dict.fromkeys(DELAY, 1) | {"learner": "hebbian", "n_delays": 2}
    return pd.DataFrame(
        [network | dict(zip(columns, v, strict=True)) for v in zip(*columns.values(), strict=True)]
    )


def test_f1_by_network_pools_the_patterns():
    table = delay_rows(
        seed=[0, 0, 1],
        true_positives=[3, 1, 0],
        false_positives=[1, 0, 0],
        false_negatives=[0, 2, 0],
    )
    scores = delay.f1_by_network(table)
    assert list(scores["seed"]) == [0, 1]
    assert scores["f1"][0] == pytest.approx(8 / (8 + 1 + 2))
    assert np.isnan(scores["f1"][1])  # nothing to recall, nothing recalled


def test_f1_along_time_slides_over_the_steps_after_the_cue():
    table = delay_rows(
        step=range(6),
        true_positives=[9, 9, 1, 0, 1, 1],
        false_positives=[9, 9, 0, 1, 0, 0],
        false_negatives=[0, 0, 0, 1, 0, 0],
    )
    curve = delay.f1_along_time(table, window=3).set_index("step")["f1"]
    assert list(curve.index) == [2, 3, 4, 5]
    assert curve[2] == pytest.approx(2 / (2 + 2))
    assert curve[3] == pytest.approx(4 / (4 + 2))
    assert curve[5] == 1


def lowrank_rows():
    rows = []
    for seed, overlaps in ((0, (0.99, 0.96)), (1, (0.99, 0.90))):
        for pattern, overlap in enumerate(overlaps):
            for simulator, dt, error, n in (("exact", 0.0, 0.0, 100), ("clock", 0.01, 0.02, 110)):
                rows.append(
                    {
                        "rule": "optimised",
                        "n_neurons": 20,
                        "n_patterns": 2,
                        "gamma": 1.5,
                        "kappa": 5.0,
                        "network_seed": seed,
                        "duration": 20.0,
                        "pattern": pattern,
                        "start": "stored",
                        "flip_fraction": 0.0,
                        "overlap": overlap - error,
                        "n_spikes": n,
                        "simulator": simulator,
                        "dt": dt,
                        "first_wrong_spike": None if simulator == "exact" else 2,
                        "spikes_in_shared_steps": 0.5,
                    }
                )
    return pd.DataFrame(rows)


def test_success_and_networks_that_recall_all():
    exact = lowrank_rows().query("simulator == 'exact'")
    success = lowrank.success(exact, ["rule", "flip_fraction"])
    assert success["n_trials"][0] == 4
    assert success["recalled"][0] == 0.75
    networks = lowrank.networks_recalling_all(exact, 0.0)
    assert list(networks["all_recalled"]) == [True, False]


def test_clock_error_compares_trial_by_trial():
    errors = lowrank.clock_error(lowrank_rows())
    assert len(errors) == 4
    np.testing.assert_allclose(errors["overlap_error"], -0.02)
    np.testing.assert_allclose(errors["spikes_error"], 0.1)
    assert (errors["dt"] == 0.01).all()


def test_first_of_each_picks_one_configuration_per_group():
    table = pd.DataFrame(
        {
            "rule": ["a", "a", "a", "b", "b"],
            "kappa": [1, 1, 2, 2, 1],
            "gamma": [0.1, 0.2, 0.1, 0.3, 0.3],
        }
    )
    picked = first_of_each(table, ["rule", "kappa", "gamma"], ["rule"])
    assert list(picked.index) == [0, 3]


def test_first_of_all_takes_each_value_from_what_the_earlier_ones_left():
    table = pd.DataFrame(
        {
            "kappa": [2, 1, 2, 2, 2],
            "duration": [20, 10, 20, 10, 20],
            "rule": ["a", "a", "b", "b", "c"],
        }
    )
    assert list(first_of_all(table, ["kappa"]).index) == [0, 2, 3, 4]
    assert list(first_of_all(table, ["kappa", "duration"]).index) == [0, 2, 4]
    # The first of the second column is that of the rows which are left.
    assert list(first_of_all(table[1:], ["duration", "kappa"]).index) == [1]
    assert list(first_of_all(table[::-1], ["kappa", "duration"]).index) == [4, 2, 0]
    assert first_of_all(table, []).equals(table)
    assert not len(first_of_all(table[:0], ["kappa", "duration"]))
