import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import prediction
from analysis import schemas as results
from analysis.prediction import OUTCOMES, agreement, confusion, main, outcomes, reasons
from brianmem import schemas, tables
from brianmem.lowrank.prediction import LEAST_MARGIN, MOST_SPREAD
from tests.analysis.rows import lowrank


def trials(n, stable, recalled, **others):
    """n trials of network 0 with a prediction and an outcome."""
    change = {
        "predicted_stable": stable,
        "prediction": "stable" if stable else "repelling",
        "predicted_overlap": 0.99,
        "overlap": 0.98 if recalled else 0.3,
        "eigenvalue": 0.5,
    }
    return [change | {"pattern": k} | others for k in range(n)]


def table(changes):
    return lowrank(changes, schemas.LOWRANK_PREDICTION)


FOUR = [
    *trials(6, True, True),
    *trials(2, False, True, rule="hebbian"),
    *trials(1, True, False, start="random"),
    *trials(3, False, False, start="random", predicted_overlap=None),
]


def test_counts_and_shares():
    found = confusion(table(FOUR))
    row = found.iloc[0]
    assert (row["by"], row["value"]) == ("all", "all")
    counts = ["true_positives", "false_negatives", "false_positives", "true_negatives"]
    assert row[counts].tolist() == [6, 2, 1, 3]
    assert row["agreement"] == 0.75
    assert (row["sensitivity"], row["specificity"]) == (0.75, 0.75)
    # Wilson's limits of 6 of 8, by hand: (p + z^2/2n -+ z sqrt(p q/n + z^2/4n^2)) / (1 + z^2/n).
    assert [row["sensitivity_low"], row["sensitivity_high"]] == pytest.approx(
        [0.4093, 0.9285], abs=1e-4
    )
    assert row["n_networks"] == 2 and row["networks_right"] == 0


@pytest.mark.parametrize(
    ("n_recalled", "n_lost", "base_rate"), [(8, 4, 2 / 3), (4, 8, 2 / 3), (6, 6, 0.5), (0, 5, 1.0)]
)
def test_the_base_rate_is_that_of_the_better_constant(n_recalled, n_lost, base_rate):
    """Always stable or never, whatever was predicted; agreement below it is worse than a guess."""
    changes = [*trials(n_recalled, True, True), *trials(n_lost, True, False)]
    row = confusion(table(changes)).iloc[0]
    assert row["base_rate"] == pytest.approx(base_rate)
    assert row["agreement"] == pytest.approx(n_recalled / (n_recalled + n_lost))
    assert agreement(table(changes))["base_rate"][0] == pytest.approx(base_rate)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_no_constant_prediction_does_better_than_the_base_rate(outcomes):
    changes = [row for there in outcomes for row in trials(1, *there)]
    row = confusion(table(changes)).iloc[0]
    for constant in (True, False):
        same = confusion(table([change | {"predicted_stable": constant} for change in changes]))
        assert same["agreement"][0] <= row["base_rate"] == same["base_rate"][0]
    assert row["base_rate"] >= 0.5


def test_parts_add_up_and_are_named():
    found = confusion(table(FOUR))
    for _, part in found.groupby("by"):
        assert part["n_trials"].sum() == 12
        assert part["true_positives"].sum() == 6
    assert found[found["by"] == "rule"]["value"].tolist() == ["hebbian", "optimised"]
    assert found[found["by"] == "load"]["value"].tolist() == ["0.1"]


def test_what_nothing_is_known_of_is_empty():
    random = confusion(table(FOUR)).set_index(["by", "value"]).loc[("start", "random")]
    assert random["specificity"] == 0.75
    unknown = ["sensitivity", "sensitivity_low", "error_median", "error_90", "error_most"]
    assert np.isnan(random[unknown].astype(float)).all()


def test_errors_are_those_of_true_positives():
    overlaps = [0.99, 0.98, 0.96]
    changes = [row for overlap in overlaps for row in trials(1, True, True, overlap=overlap)]
    changes += trials(1, True, False) + trials(1, False, True, overlap=0.951)
    row = confusion(table(changes)).iloc[0]
    assert row["error_median"] == pytest.approx(0.01)
    assert row["error_most"] == pytest.approx(0.03)


def test_a_network_is_right_if_all_its_trials_are():
    changes = [
        *trials(3, True, True, network_seed=0),
        *trials(3, True, True, network_seed=1),
        *trials(1, False, True, network_seed=1),
    ]
    row = confusion(table(changes)).iloc[0]
    assert (row["n_networks"], row["networks_right"]) == (2, 0.5)


def test_damaged_starts_and_clocks_do_not_count():
    others = [
        *trials(5, True, False, flip_fraction=0.1),
        *trials(5, True, False, simulator="clock", dt=0.001),
    ]
    assert confusion(table(FOUR + others)).equals(confusion(table(FOUR)))


def test_chosen_gammas_stay_together():
    changes = [
        *trials(1, True, True, gamma=1.41),
        *trials(1, True, True, gamma=1.42, network_seed=1),
        *trials(1, True, True, gamma=1.2, gamma_chosen=False),
        *trials(1, True, True, gamma=0.8, gamma_chosen=False),
    ]
    found = confusion(table(changes))
    gamma = found[found["by"] == "gamma"]
    assert gamma["value"].tolist() == ["chosen", "0.8", "1.2"]
    assert gamma["n_trials"].tolist() == [2, 1, 1]


def test_trivial_memories_stand_apart():
    changes = [*FOUR, *trials(4, False, True, rule="pseudo_inverse", trivial=True)]
    found = confusion(table(changes)).set_index(["by", "value"])["agreement"]
    assert found["trivial", "no"] == 0.75 and found["trivial", "yes"] == 0


def test_every_trial_has_one_outcome():
    counts = outcomes(table(FOUR)).value_counts()
    assert counts.reindex(OUTCOMES).tolist() == [6, 1, 2, 3]


def test_what_decided_the_most_frequent_first():
    others = trials(5, True, True, flip_fraction=0.1)
    found = reasons(table(FOUR + others))
    assert found["prediction"].tolist() == ["stable", "repelling"]
    assert found["n_trials"].tolist() == [7, 5] and found["n_recalled"].tolist() == [6, 2]


def test_agreement_weighs_networks_alike():
    """The optimised rule's network has 9 of 10 trials right, the Hebbian one none of 2."""
    found = agreement(table(FOUR)).set_index(["by", "value"])
    row = found.loc[("all", "all")]
    assert row["agreement"] == pytest.approx((0.9 + 0) / 2)
    assert (row["n_networks"], row["n_trials"]) == (2, 12)
    assert found.loc[("rule", "optimised"), "agreement"] == pytest.approx(0.9)
    # Recalled are 6 of 10 and 2 of 2: 8 of 12 trials, and 0.8 as a mean of networks.
    assert row["base_rate"] == pytest.approx(0.8)
    assert confusion(table(FOUR))["base_rate"][0] == pytest.approx(8 / 12)
    assert found["agreement_low"].isna()["rule", "optimised"]  # of one network


def test_agreement_has_the_rows_of_the_confusion():
    keys = ["by", "value", "n_networks", "n_trials"]
    found, expected = agreement(table(FOUR)), confusion(table(FOUR))
    assert found[keys].to_numpy().tolist() == expected[keys].to_numpy().tolist()


def test_the_limits_are_those_of_the_prediction():
    assert (prediction.MOST_SPREAD, prediction.LEAST_MARGIN) == (MOST_SPREAD, LEAST_MARGIN)


def test_the_command_writes_a_table_that_can_be_read(tmp_path, capsys):
    tables.write(table(FOUR), schemas.LOWRANK_PREDICTION, tmp_path, {})
    assert main(["--tables", str(tmp_path)]) == 0
    assert len(tables.read(results.PREDICTION_CONFUSION, tmp_path)) == 10
    assert "10 rows" in capsys.readouterr().out
    assert main(["--tables", str(tmp_path / "none")]) == 2
