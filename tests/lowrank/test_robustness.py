"""The protocol lowrank.robustness."""

import numpy as np
import pandas as pd
import pytest

from brianmem import schemas, tables
from protocols import cli
from protocols.lowrank.robustness import PROTOCOL, SCANS

TINY = [
    *("--set", "network_seed=0", "--set", "rule=optimised", "--set", "n_neurons=40"),
    *("--set", "load=0.1", "--set", "duration=2", "--set", "n_tested=2", "--backend", "numpy"),
    *("--set", "flip_fraction=0,0.1", "--jobs", "0"),
]


def run(folder, *settings, options=()):
    changes = [word for setting in settings for word in ("--set", setting)]
    return cli.main(PROTOCOL, [*TINY, *changes, *options, "--out", str(folder)])


def strengths(**values):
    """Settings in which only these perturbations have other strengths than 0."""
    return [f"{name}={','.join(map(str, [0, *values.get(name, [])]))}" for name in SCANS]


def read(folder):
    return tables.read(schemas.LOWRANK_ROBUSTNESS, folder)


def test_one_strength_at_a_time_differs_from_the_baseline(tmp_path):
    assert run(tmp_path, *(f"{name}=0,0.04,0.1" for name in SCANS)) == 0
    table = read(tmp_path)
    assert set(table["scanned"]) == {"none", *SCANS}
    for scanned, rows in table.groupby("scanned"):
        for name in SCANS:
            assert set(rows[name]) == ({0.04, 0.1} if name == scanned else {0.0})
    # Two patterns from two starts each.
    assert (table.groupby(["scanned", *SCANS]).size() == 4).all()
    assert set(table["flip_fraction"]) == {0.0, 0.1} and set(table["start"]) == {"stored"}
    # Undisturbed, undamaged patterns stay, and each perturbation changes spikes.
    baseline = table[table["scanned"] == "none"]
    assert (baseline.loc[baseline["flip_fraction"] == 0, "overlap"] > 0.95).all()
    for name in SCANS:
        strongest = table[table[name] == 0.1]
        assert (strongest["overlap"].to_numpy() != baseline["overlap"].to_numpy()).all()
    assert not table["ran_away"].any()
    # The optimised rule meets its constraints: an axis gets 1 from the others, times kappa = 3.
    assert table["axis_drive"].to_numpy() == pytest.approx(3.0)


def test_the_table_is_the_same_on_every_backend(tmp_path, runtime_backend):
    scans = strengths(noise=[0.1], weight_spread=[0.1], threshold_spread=[0.1], tau_spread=[0.01])
    for name in ("numpy", runtime_backend):
        assert run(tmp_path / name, *scans, options=["--backend", name]) == 0
    expected, found = (
        read(tmp_path / name).drop(columns="backend") for name in ("numpy", runtime_backend)
    )
    # Where neurons differ, NumPy's own log and exp have other last digits than those of C.
    differ = expected["scanned"].isin(["threshold_spread", "tau_spread"])
    pd.testing.assert_frame_equal(found[~differ], expected[~differ], check_exact=True)
    pd.testing.assert_frame_equal(found[differ], expected[differ], rtol=1e-9)


def test_trials_share_their_defects_but_not_their_noise(tmp_path):
    """Two equal starts: with defects they run alike, with noise they do not."""
    scans = strengths(noise=[0.1], weight_spread=[0.1])
    assert run(tmp_path, *scans, "flip_fraction=0,0.001", "n_tested=1") == 0
    for scanned, rows in read(tmp_path).groupby("scanned"):
        assert len(rows) == 2
        assert rows["overlap"].nunique() == (2 if scanned == "noise" else 1)


def test_networks_that_run_away_are_rows_without_recall(tmp_path):
    """A weight spread of 5 leaves many neurons without self-inhibition."""
    assert run(tmp_path, *strengths(weight_spread=[0.01, 5])) == 0
    table = read(tmp_path).set_index("weight_spread")
    assert not table.loc[[0, 0.01], "ran_away"].any()
    away = table.loc[5]
    assert away["ran_away"].all()
    assert (away[["overlap", "signs_correct", "n_spikes"]] == 0).all(axis=None)


def test_all_neurons_dead(tmp_path):
    assert run(tmp_path, *strengths(dead_neurons=[1])) == 0
    dead = read(tmp_path).query("dead_neurons == 1")
    assert (dead["n_spikes"] == 0).all() and (dead["overlap"] == 0).all()
    assert not dead["ran_away"].any()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("noise=-1", "noise must be at least 0 and finite, not -1.0"),
        ("tau_spread=inf", "tau_spread must be at least 0 and finite, not inf"),
        ("dead_neurons=0,1.5", "dead_neurons must lie in [0, 1], not 1.5"),
        ("n_tested=0", "n_tested must be at least 1, not 0"),
        ("load=0", "load must be positive, not 0.0"),
        ("rule=hopfield", "unknown rule 'hopfield'"),
        ("flip_fraction=2", "flip_fraction must lie in [0, 1], not 2.0"),
    ],
)
def test_bad_input_is_one_sentence(setting, message, tmp_path, capsys):
    assert run(tmp_path, setting) == 2
    assert message in capsys.readouterr().err.strip().splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_grids_go_from_no_effect_to_failure():
    for grid in PROTOCOL.grids.values():
        for name in SCANS:
            assert grid[name][0] == 0 and (np.diff(grid[name]) > 0).all()


def test_noise_needs_time_and_memory():
    from protocols.protocol import make_tasks, resolve_grid

    blocks = resolve_grid(PROTOCOL, "smoke", 0, ["n_neurons=400"])
    tasks = make_tasks(PROTOCOL, blocks, backend="cython")
    cost = {task.scanned: PROTOCOL.estimate(task) for task in tasks}
    for slower in ("noise", "tau_spread", "threshold_spread"):
        assert cost[slower].seconds > 1.5 * cost["none"].seconds
    assert cost["noise"].memory_mb > cost["none"].memory_mb + 50
