"""Flips that are completed, beside runs with every number of flips."""

from dataclasses import replace

import numpy as np
import pytest

from brianmem import schemas, tables
from brianmem.criteria import RECALLED
from brianmem.lowrank import network, readout
from brianmem.lowrank.memory import store
from brianmem.patterns import draw_binary, flip
from protocols import cli
from protocols.lowrank import loads
from protocols.lowrank.completion import PROTOCOL, CompletionTask, run_task
from protocols.lowrank.starts import random_starts
from protocols.protocol import make_tasks, resolve_grid

TASK = CompletionTask(
    network_seed=0,
    rule="optimised",
    n_neurons=30,
    load=0.1,
    correlation=0.0,
    kappa=3.0,
    duration=6.0,
    backend="numpy",
    model=None,
    gamma=None,
    n_tested=3,
)
K = 15
MOST = K // 2


def rows_of(**changes):
    return run_task(replace(TASK, **changes))["lowrank_completion"]


def table_of(**changes):
    return tables.from_rows(schemas.LOWRANK_COMPLETION, rows_of(**changes))


def outcomes(task):
    """By start: success by each measure with 0 to K/2 flips, shape (K/2 + 1, 2).

    Flips are the first elements of a permutation that is drawn for each pattern.
    """
    seed = task.network_seed
    xi = draw_binary(K, round(task.load * 2 * K), np.random.default_rng(seed))
    memory = store(xi, loads.parameters(task, task.gamma))
    n_tested = min(task.n_tested, xi.shape[1])
    vertices = {("stored", mu): (xi[:, mu], [seed, 1, mu]) for mu in range(n_tested)}
    for trial in random_starts(xi, n_tested, seed):
        vertices["random", trial.pattern] = (trial.start, [seed, 3, trial.pattern])
    found = {}
    for name, (vertex, stream) in vertices.items():
        order = np.random.default_rng(stream).permutation(K)
        damaged = [flip(vertex, np.isin(np.arange(K), order[:n])) for n in range(MOST + 1)]
        rows = []
        for start in damaged:
            [spikes] = network.simulate(memory, [start], backend="numpy")
            mean, _ = readout.mean_and_final_latents(memory, spikes)
            cosine = mean @ vertex / np.linalg.norm(mean) / np.sqrt(K)
            rows.append((cosine > RECALLED, (mean * vertex > 0).all()))
        found[name] = np.array(rows)
    return found


def monotone(succeeds):
    return not (np.diff(succeeds.astype(int)) > 0).any()


@pytest.mark.filterwarnings("ignore::brianmem.errors.CapacityWarning")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        pytest.param({"network_seed": 1, "load": 0.2, "n_tested": 6}, marks=pytest.mark.slow),
        {"network_seed": 2, "load": 0.3, "rule": "extended"},
        {"network_seed": 3, "load": 0.2, "gamma": 1.2, "kappa": 1.0},
        {"rule": "hebbian", "load": 0.3},
        {"rule": "pseudo_inverse", "load": 0.6},
    ],
    ids=["few", "more", "extended", "gamma", "hebbian", "trivial"],
)
def test_completed_flips_are_those_of_trying_every_number(changes):
    task = replace(TASK, **changes)
    rows, tried = run_task(task)["lowrank_completion"], outcomes(task)
    assert [(row["start"], row["pattern"]) for row in rows] == list(tried)
    n_monotone = 0
    for row in rows:
        for measure, column in enumerate(("completed", "completed_exactly")):
            succeeds = tried[row["start"], row["pattern"]][:, measure]
            if np.isnan(row[column]):
                assert not succeeds[0]
                continue
            flips = row[column] * K
            assert flips == pytest.approx(round(flips))
            flips = round(flips)
            # An edge; where success does not come back, the only one.
            assert succeeds[flips]
            assert flips == MOST or not succeeds[flips + 1]
            if monotone(succeeds):
                n_monotone += 1
                assert flips == np.flatnonzero(succeeds).max()
        assert 1 <= row["n_runs"] <= 1 + 2 * 3  # eight numbers of flips are halved three times
    # Of most patterns it does not, but with the Hebbian rule, which recalls none.
    assert n_monotone >= task.n_tested or task.rule == "hebbian"


def test_every_row_is_of_an_undamaged_pattern():
    table = table_of()
    assert (table["dt"] == 0).all() and table["gamma_chosen"].all()
    assert table["start"].tolist() == ["stored"] * 3 + ["random"] * 3
    stored, random = (table[table["start"] == kind] for kind in ("stored", "random"))
    np.testing.assert_allclose(stored["completed"] * K, [6, 5, 1])
    assert random["completed"].isna().all() and (random["n_runs"] == 1).all()


def test_no_more_patterns_are_tested_than_there_are():
    assert table_of(n_tested=50).equals(table_of(n_tested=3))
    assert len(table_of(n_tested=1)) == 2


def test_the_rows_are_the_same_on_every_backend(runtime_backend):
    expected, found = (table_of(backend=b, load=0.2) for b in ("numpy", runtime_backend))
    assert found.drop(columns="backend").equals(expected.drop(columns="backend"))


@pytest.mark.parametrize("grid", PROTOCOL.grids)
def test_no_trial_is_in_two_tasks(grid):
    tasks = make_tasks(PROTOCOL, resolve_grid(PROTOCOL, grid, 0, []), backend="numpy", model=None)
    networks = [
        (t.network_seed, t.rule, t.n_neurons, t.load, t.correlation, t.kappa, t.duration, t.gamma)
        for t in tasks
    ]
    assert len(set(networks)) == len(networks)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("n_tested=0", "n_tested must be at least 1, not 0"),
        ("load=0", "load must be positive, not 0.0"),
        ("correlation=1", "correlation must lie in [0, 1), not at 1.0"),
        ("gamma=much", "'much' is not a number"),
        ("flip_fraction=0.1", "expected NAME=VALUE with NAME one of network_seed, rule"),
        ("duration=-1", "duration must be"),
    ],
)
def test_bad_input_is_one_sentence(setting, message, tmp_path, capsys):
    options = ["--set", setting, "--jobs", "0", "--out", str(tmp_path)]
    assert cli.main(PROTOCOL, options) == 2
    [error] = capsys.readouterr().err.strip().splitlines()
    assert error.startswith("protocols.lowrank.completion: error: ") and message in error
    assert not list(tmp_path.iterdir())
