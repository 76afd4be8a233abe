"""Rows of lowrank.hopfield, beside runs made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from brianmem import schemas, tables
from brianmem.lowrank import hopfield_reference, network, readout
from brianmem.lowrank.memory import store
from brianmem.patterns import draw_binary, flip
from protocols import cli
from protocols.lowrank import loads
from protocols.lowrank.hopfield import DYNAMICS, PROTOCOL, HopfieldTask, run_task
from protocols.protocol import make_tasks, resolve_grid

TASK = HopfieldTask(
    network_seed=0,
    rule="optimised",
    n_neurons=40,
    load=0.15,
    correlation=0.0,
    kappa=3.0,
    duration=6.0,
    backend="numpy",
    model=None,
    gamma=None,
    n_tested=3,
    flip_fraction=(0.0, 0.2),
)
K, N_FLIPS = 20, 4


def table_of(**changes):
    rows = run_task(replace(TASK, **changes))["lowrank_hopfield"]
    return tables.from_rows(schemas.LOWRANK_HOPFIELD, rows)


def by_hand(changes):
    """When each axis first changed, of those that changed in order."""
    return {axis: changes.index(axis) for axis in changes}


@pytest.fixture(scope="module")
def table():
    return table_of()


@pytest.fixture(scope="module")
def starts():
    """Memory, patterns, and their starts with four flips."""
    xi = draw_binary(K, 6, np.random.default_rng(0))
    orders = [np.random.default_rng([0, 1, mu]).permutation(K)[:N_FLIPS] for mu in range(3)]
    damaged = [flip(xi[:, mu], np.isin(np.arange(K), orders[mu])) for mu in range(3)]
    return store(xi, loads.parameters(TASK)), xi, damaged, orders


def rows_of(table, dynamics, part):
    return table[(table["dynamics"] == dynamics) & (table["flip_fraction"] == part)]


def test_every_start_is_run_by_each(table):
    assert list(dict.fromkeys(table["dynamics"])) == list(DYNAMICS)
    assert len(table) == len(DYNAMICS) * 2 * 3
    [column] = [c for c in schemas.LOWRANK_HOPFIELD.columns if c.name == "dynamics"]
    assert column.one_of == tuple(DYNAMICS)
    undamaged = table[table["flip_fraction"] == 0]
    assert undamaged["first_corrected"].isna().all() and (undamaged["n_spoiled"] == 0).all()


def test_rows_of_spikes_are_those_of_a_run_by_hand(table, starts):
    memory, xi, damaged, _ = starts
    rows = rows_of(table, "spiking", 0.2).to_dict("records")
    for mu, (row, start) in enumerate(zip(rows, damaged, strict=True)):
        [spikes] = network.simulate(memory, [start], backend="numpy")
        mean, _ = readout.mean_and_final_latents(memory, spikes)
        cosine = mean @ xi[:, mu] / np.linalg.norm(mean) / np.sqrt(K)
        assert row["overlap"] == pytest.approx(cosine)
        assert row["signs_correct"] == np.mean(mean * xi[:, mu] > 0)
        looks = np.arange(1, 61) / 10
        y = readout.latents(memory, spikes, looks, start)
        right = start == xi[:, mu]
        assert row["n_spoiled"] == (y * start[:, None] < 0)[right].any(axis=1).sum()
        assert row["n_sweeps"] is None or np.isnan(row["n_sweeps"])


@pytest.mark.parametrize("dynamics", ["binary", "largest_first"])
def test_rows_of_binary_networks_are_those_of_their_definition(dynamics, table, starts):
    memory, xi, damaged, orders = starts
    rows = rows_of(table, dynamics, 0.2).to_dict("records")
    for mu, (row, start) in enumerate(zip(rows, damaged, strict=True)):
        if dynamics == "binary":
            rng = np.random.default_rng([0, 4, mu])
            state, changes = hopfield_reference.random_order(memory.decoder, start, rng)
        else:
            state, changes = hopfield_reference.largest_first(memory.decoder, start)
            assert row["n_sweeps"] == len(changes)
        assert row["overlap"] == pytest.approx(state @ xi[:, mu] / K)
        assert row["signs_correct"] == np.mean(state == xi[:, mu])
        changed = by_hand(changes)
        flipped = set(orders[mu].tolist())
        assert row["n_spoiled"] == len(set(changed) - flipped)
        first = list(changed)[: min(N_FLIPS, len(changed))]
        assert row["first_corrected"] == pytest.approx(np.mean([k in flipped for k in first]))
        push = -start * (memory.decoder @ np.concatenate([start > 0, start < 0]))
        pairs = [(push[a], push[b]) for n, a in enumerate(changed) for b in list(changed)[n + 1 :]]
        shares = [0.5 if np.isclose(*pair) else float(pair[0] > pair[1]) for pair in pairs]
        assert row["stronger_first"] == pytest.approx(np.mean(shares))


def test_without_a_field_against_it_nothing_changes(table):
    binary = table[table["dynamics"].isin(["binary", "largest_first"])]
    undamaged = binary[binary["flip_fraction"] == 0]
    assert (undamaged["n_sweeps"] == 0).all() and (undamaged["signs_correct"] == 1).all()


def test_the_rows_are_the_same_on_every_backend(table, runtime_backend):
    found = table_of(backend=runtime_backend)
    assert found.drop(columns="backend").equals(table.drop(columns="backend"))


def test_no_more_patterns_are_tested_than_there_are():
    assert table_of(n_tested=50).equals(table_of(n_tested=6))


@pytest.mark.parametrize("grid", PROTOCOL.grids)
def test_no_network_is_in_two_tasks(grid):
    tasks = make_tasks(PROTOCOL, resolve_grid(PROTOCOL, grid, 0, []), backend="numpy", model=None)
    networks = [(t.network_seed, t.rule, t.n_neurons, t.load) for t in tasks]
    assert len(set(networks)) == len(networks)
    assert all(PROTOCOL.estimate(task).seconds > 0 for task in tasks[:3])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("n_tested=0", "n_tested must be at least 1, not 0"),
        ("flip_fraction=0.1,1.1", "flip_fraction must lie in [0, 1], not 1.1"),
        ("gamma=0", "gamma must be positive for graded states, not 0"),
        ("gamma=-1", "gamma must be positive for graded states, not -1"),
        ("load=0", "load must be positive, not 0.0"),
        ("rule=hopfield", "unknown rule 'hopfield'"),
        ("dynamics=binary", "expected NAME=VALUE with NAME one of network_seed, rule"),
    ],
)
def test_bad_input_is_one_sentence(setting, message, tmp_path, capsys):
    options = ["--set", setting, "--jobs", "0", "--out", str(tmp_path)]
    assert cli.main(PROTOCOL, options) == 2
    [error] = capsys.readouterr().err.strip().splitlines()
    assert error.startswith("protocols.lowrank.hopfield: error: ") and message in error
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_other_equations_change_the_spikes_alone(tmp_path, table):
    path = tmp_path / "model.toml"
    path.write_text('refractory = "1*ms"\n')
    options = ["--equations", str(path), "--jobs", "0", "--backend", "numpy"]
    for name in ("rule", "n_neurons", "load", "duration", "n_tested", "network_seed"):
        options += ["--set", f"{name}={getattr(TASK, name)}"]
    options += ["--set", "flip_fraction=0,0.2", "--out", str(tmp_path)]
    assert cli.main(PROTOCOL, options) == 0
    found = tables.read(schemas.LOWRANK_HOPFIELD, tmp_path)
    spiking = found["dynamics"] == "spiking"
    expected = table.drop(columns="gamma")[~spiking]
    assert found.drop(columns="gamma")[~spiking].round(9).equals(expected.round(9))
    assert not found.loc[spiking, "overlap"].equals(table.loc[spiking, "overlap"])
