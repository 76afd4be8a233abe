import numpy as np
import pytest

from analysis import robustness as command
from analysis import schemas as results
from analysis.robustness import robustness, tolerance
from brianmem import schemas, tables
from brianmem.tables import write
from tests.analysis.folder import ROBUSTNESS
from tests.analysis.rows import lowrank, shares


def table(changes):
    return lowrank(changes, schemas.LOWRANK_ROBUSTNESS)


def scan(name, successes, n_trials, seeds=(0, 1), **others):
    """Changes for a scan of one perturbation, of which 0 is the baseline."""
    baseline = {0.0: successes[0.0]}
    rest = {strength: n for strength, n in successes.items() if strength}
    return [
        *shares(name, baseline, n_trials, seeds, **others),
        *shares(name, rest, n_trials, seeds, scanned=name, **others),
    ]


def test_every_scan_begins_at_the_baseline():
    found = robustness(table(ROBUSTNESS))
    found = found[(found["rule"] == "optimised") & (found["flip_fraction"] == 0)]
    assert found["perturbation"].tolist() == ["dead_neurons"] * 3 + ["noise"] * 3
    assert found["strength"].tolist() == [0, 0.02, 0.1, 0, 0.1, 0.2]
    assert found["success"].tolist() == found["all_signs"].tolist() == [1, 0.5, 0, 1, 1, 0]
    assert found["overlap"].tolist() == [1, 0.75, 0.5, 1, 1, 0.5]
    assert set(found["n_networks"]) == {3} and set(found["n_trials"]) == {12}


def test_intervals_are_over_networks():
    trials = table(
        [
            *scan("noise", {0.0: 4, 0.1: 4}, 4, seeds=(0, 1)),
            *scan("noise", {0.0: 4, 0.1: 0}, 4, seeds=(2, 3)),
        ]
    )
    clean, noisy = robustness(trials).to_dict("records")
    assert (clean["success_low"], clean["success_high"]) == (1, 1)
    assert (noisy["success"], noisy["overlap"]) == (0.5, 0.75)
    assert 0 <= noisy["success_low"] < 0.5 < noisy["success_high"] <= 1


def test_overlap_without_all_signs():
    trials = table([row | {"signs_correct": 0.99} for row in scan("noise", {0.0: 2, 0.1: 1}, 2)])
    found = robustness(trials)
    assert found["success"].tolist() == [1, 0.5]
    assert found["all_signs"].tolist() == [0, 0]


def test_a_sharp_fall_lies_between_two_strengths():
    found = tolerance(table(scan("tau_spread", {0.0: 4, 0.01: 4, 0.05: 0}, 4)))
    [row] = found.to_dict("records")
    assert (row["perturbation"], row["reason"]) == ("tau_spread", "separated")
    assert 0.01 < row["tolerated"] < 0.05
    assert (row["tolerated_low"], row["tolerated_high"]) == (0.01, 0.05)
    assert (row["tolerated_on_grid"], row["n_strengths"], row["criterion"]) == (0.01, 3, 0.9)


def test_the_fit_does_not_depend_on_how_far_the_strengths_reach():
    """Shares that fall within a thousandth of the range, which a fit along it could not see."""
    successes = {0.0: 20, 0.0001: 18, 0.0002: 10, 0.0005: 2}
    rest = dict.fromkeys([0.001, 0.01, 0.1, 1.0], 0)
    [row] = tolerance(table(scan("lost_synapses", successes | rest, 20))).to_dict("records")
    assert row["reason"] == "fit"
    # Of 20 trials 18 are recalled at 0.0001, and the fit is close.
    assert row["tolerated"] == pytest.approx(0.0001, rel=0.2)
    assert row["tolerated_on_grid"] == 0.0001
    [half] = tolerance(table(scan("lost_synapses", successes | rest, 20)), 0.5).to_dict("records")
    assert half["tolerated"] == pytest.approx(0.0002, rel=0.1)


@pytest.mark.parametrize(
    ("successes", "reason", "limit"),
    [
        ({0.0: 4, 0.1: 4, 0.2: 4}, "beyond the grid", {"tolerated_low": 0.2}),
        ({0.0: 0, 0.1: 0, 0.2: 0}, "below the grid", {"tolerated_high": 0.0}),
    ],
)
def test_what_lies_outside_of_the_strengths_tried(successes, reason, limit):
    [row] = tolerance(table(scan("noise", successes, 4))).to_dict("records")
    assert row["reason"] == reason and np.isnan(row["tolerated"])
    assert {name: row[name] for name in limit} == limit


def test_the_order_of_two_rules_depends_on_the_unit():
    """Twice the noise in kappa q, and a quarter of it in jumps: kappa q is 3 and 3/16."""
    scans = (
        ("optimised", {0.0: 4, 0.1: 4, 0.3: 0}, {"axis_drive": 3.0, "gamma": 1.5}),
        ("extended", {0.0: 4, 0.2: 4, 0.6: 0}, {"axis_drive": 0.1875, "gamma": 0.75}),
    )
    trials = table([row for rule, n, c in scans for row in scan("noise", n, 4, rule=rule, **c)])
    found = tolerance(trials).set_index("rule")
    for rule, low, high, unit in (("optimised", 0.1, 0.3, 2.0), ("extended", 0.2, 0.6, 0.25)):
        row = found.loc[rule]
        assert (row["tolerated_low"], row["tolerated_high"]) == (low, high)
        in_jumps = row[["tolerated_in_jumps_low", "tolerated_in_jumps_high"]].tolist()
        assert in_jumps == pytest.approx([unit * low, unit * high])
        assert row["tolerated_in_jumps"] == pytest.approx(unit * row["tolerated"])
        assert np.isnan(row["gamma"])  # still one configuration, whose networks chose it
    assert found["tolerated"].idxmax() == "extended"
    assert found["tolerated_in_jumps"].idxmax() == "optimised"
    along = robustness(trials).set_index(["rule", "strength"])["strength_in_jumps"]
    assert along["optimised"].tolist() == pytest.approx([0, 0.2, 0.6])
    assert along["extended"].tolist() == pytest.approx([0, 0.05, 0.15])


def test_jumps_are_those_of_each_network():
    """With half the gamma in one of two networks, units are 2 and 4, and their mean 3."""
    rows = scan("threshold_spread", {0.0: 4, 0.1: 4, 0.3: 0}, 4, axis_drive=3.0, gamma=1.5)
    rows = [row | {"gamma": 0.75} if row["network_seed"] else row for row in rows]
    [row] = tolerance(table(rows)).to_dict("records")
    assert row["tolerated_in_jumps_high"] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("name", "gamma"), [("tau_spread", 1.5), ("dead_neurons", 1.5), ("noise", 0.0)]
)
def test_what_has_no_unit_in_jumps(name, gamma):
    """Fractions and relative spreads; networks without self-inhibition."""
    trials = table(scan(name, {0.0: 4, 0.1: 4, 0.3: 0}, 4, gamma=gamma, gamma_chosen=False))
    assert tolerance(trials)["tolerated_in_jumps"].isna().all()
    assert robustness(trials)["strength_in_jumps"].isna().all()
    assert tolerance(trials)["tolerated"].notna().all()


def test_nothing_scanned_is_an_empty_table():
    trials = table(shares("noise", {0.0: 4}, 4))
    assert len(robustness(trials)) == len(tolerance(trials)) == 0


def test_the_command_writes_both_tables(tmp_path, capsys):
    write(table(ROBUSTNESS), schemas.LOWRANK_ROBUSTNESS, tmp_path, {})
    assert command.main(["--tables", str(tmp_path), "--criterion", "0.6"]) == 0
    assert len(tables.read(results.ROBUSTNESS, tmp_path)) == 3 * 2 * 6
    found = tables.read(results.TOLERANCE, tmp_path)
    assert len(found) == 3 * 2 * 2 and set(found["criterion"]) == {0.6}
    assert "tolerance.csv: 12 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--seed", "-1"], "--seed must be at least 0, not -1"),
        (["--criterion", "1"], "the criterion must lie between 0 and 1, not at 1"),
    ],
)
def test_wrong_options_end_with_one_sentence(options, sentence, tmp_path, capsys):
    write(table(ROBUSTNESS), schemas.LOWRANK_ROBUSTNESS, tmp_path, {})
    assert command.main(["--tables", str(tmp_path), *options]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.glob("tolerance*"))
