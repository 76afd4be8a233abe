"""Starts and rows of the protocol of capacity, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brianmem import schemas, tables
from brianmem.lowrank import network, readout
from brianmem.lowrank.memory import store
from brianmem.patterns import draw_binary, draw_correlated
from protocols import cli
from protocols.lowrank import loads
from protocols.lowrank.capacity import PROTOCOL, CapacityTask, estimate, run_task, starts
from protocols.lowrank.capacity_grids import SMOKE, near_full_rank
from protocols.protocol import make_tasks, resolve_grid

TASK = CapacityTask(
    network_seed=3,
    rule="optimised",
    n_neurons=30,
    load=0.2,
    correlation=0.0,
    kappa=2.0,
    duration=4.0,
    backend="numpy",
    model=None,
    gamma=(None, 1.3, 1.9),
    n_tested=4,
    n_controls=2,
    n_flips=(1, 2, 3),
)


def rows_of(**changes):
    return run_task(replace(TASK, **changes))["lowrank_capacity"]


@pytest.fixture(scope="module")
def rows():
    return rows_of()


def test_rows_of_each_gamma_are_those_of_a_task_of_its_own(rows):
    alone = [row for gamma in TASK.gamma for row in rows_of(gamma=(gamma,))]
    assert rows == alone
    assert [row["gamma_chosen"] for row in rows] == [True] * 12 + [False] * 24
    found = {(row["gamma"], row["gamma_chosen"]) for row in rows}
    assert len(found) == 3 and {(1.3, False), (1.9, False)} < found
    # Neither starts nor patterns depend on gamma, but spikes do.
    starts_of = [(row["start"], row["pattern"], row["flip_fraction"]) for row in rows]
    assert starts_of[:12] == starts_of[12:24] == starts_of[24:]
    n_spikes = [row["n_spikes"] for row in rows]
    assert n_spikes[12:24] != n_spikes[24:]


def test_rows_are_those_of_single_runs(rows):
    """The slow twin: patterns are stored with each gamma, and every start is run by itself."""
    xi = draw_binary(15, 6, np.random.default_rng(3))
    trials = starts(TASK, xi)
    assert len(rows) == 3 * len(trials)
    for row, (gamma, trial) in zip(
        rows, ((gamma, trial) for gamma in TASK.gamma for trial in trials), strict=True
    ):
        memory = store(xi, loads.parameters(TASK, gamma))
        [spikes] = network.simulate(memory, [trial.start], backend="numpy")
        mean, final = readout.mean_and_final_latents(memory, spikes)
        assert row["gamma"] == memory.gamma and row["n_spikes"] == len(spikes)
        assert row["overlap"] == readout.overlap(mean, trial.target)
        assert row["overlap_final"] == readout.overlap(final, trial.target)
        assert row["signs_correct"] == np.mean(np.sign(mean) == trial.target)


def test_starts_differ_from_their_pattern_in_so_many_elements():
    xi = draw_binary(15, 6, np.random.default_rng(3))
    found = {}
    for trial in starts(TASK, xi):
        if trial.start_kind == "stored":
            np.testing.assert_array_equal(trial.target, xi[:, trial.pattern])
        wrong = np.flatnonzero(trial.start != trial.target)
        assert trial.flip_fraction == len(wrong) / 15
        found.setdefault((trial.start_kind, len(wrong)), []).append(trial.pattern)
    assert found == {
        ("stored", 0): [0, 1, 2, 3],
        ("stored", 1): [0, 1],
        ("stored", 2): [0, 1],
        ("stored", 3): [0, 1],
        ("random", 0): [0, 1],
    }


@pytest.mark.parametrize(("n_tested", "expected"), [(None, 6), (4, 4), (6, 6), (99, 6)])
def test_the_patterns_that_are_tested(n_tested, expected):
    task = replace(TASK, gamma=(None,), n_tested=n_tested, n_flips=())
    rows = run_task(task)["lowrank_capacity"]
    tested = [row["pattern"] for row in rows if row["start"] == "stored"]
    assert tested == list(range(expected))
    assert {row["n_patterns"] for row in rows} == {6}
    more = replace(task, n_tested=expected)
    assert estimate(task) == estimate(more)


def test_more_controls_than_patterns_are_as_many_as_patterns():
    rows = rows_of(gamma=(None,), n_controls=50, n_flips=(1,))
    kinds = [(row["start"], row["flip_fraction"]) for row in rows]
    assert kinds.count(("stored", 1 / 15)) == kinds.count(("random", 0.0)) == 6


@pytest.mark.filterwarnings("ignore::brianmem.errors.CapacityWarning")
def test_correlated_patterns_are_stored():
    task = replace(TASK, correlation=0.7)
    expected = draw_correlated(15, 6, 0.7, np.random.default_rng(3))
    np.testing.assert_array_equal(loads.stored(task).patterns, expected)
    [row, *_] = rows_of(correlation=0.7, gamma=(None,))
    assert row["correlation"] == 0.7


def test_rows_fill_the_table_on_every_backend(runtime_backend, rows):
    found = rows_of(backend=runtime_backend)
    both = [tables.from_rows(schemas.LOWRANK_CAPACITY, r) for r in (rows, found)]
    expected, table = (t.drop(columns="backend") for t in both)
    assert table.equals(expected)


@pytest.mark.parametrize("grid", PROTOCOL.grids)
def test_no_trial_is_in_two_tasks(grid):
    """Else a trial would count twice: blocks share networks only if they share whole tasks."""
    tasks = make_tasks(PROTOCOL, resolve_grid(PROTOCOL, grid, 0, []), backend="numpy", model=None)
    networks = [
        (t.network_seed, t.rule, t.n_neurons, t.load, t.correlation, t.kappa, t.duration, gamma)
        for t in tasks
        for gamma in t.gamma
    ]
    assert len(set(networks)) == len(networks)


@pytest.mark.parametrize("sizes", [(100,), (100, 200, 400, 600, 1600)])
def test_loads_near_full_rank_are_whole_patterns(sizes):
    """A step of one pattern, whose load is that of the table: rounding does not move it."""
    blocks = near_full_rank(SMOKE, *sizes)
    assert [block["n_neurons"] for block in blocks] == [(n,) for n in sizes]
    for n, block in zip(sizes, blocks, strict=True):
        stored = [loads.patterns_at_load(load, n) for load in block["load"]]
        assert stored == list(range(n // 2 - 8, n // 2 + 1))
        assert block["load"] == tuple(p / n for p in stored)
        assert block["rule"] == ("optimised",) and block["network_seed"] == SMOKE["network_seed"]


@given(st.integers(1, 5000), st.integers(2, 5000))
def test_every_whole_number_of_patterns_has_a_load(n_patterns, n_latents):
    assert loads.patterns_at_load(n_patterns / (2 * n_latents), 2 * n_latents) == n_patterns


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("n_tested=0", "n_tested must be at least 1, not 0"),
        ("n_controls=0", "n_controls must be at least 1, not 0"),
        ("load=0.1,0", "load must be positive, not 0.0"),
        ("load=nan", "load must be positive, not nan"),
        ("correlation=0,1", "correlation must lie in [0, 1), not at 1.0"),
        ("correlation=-0.1", "correlation must lie in [0, 1), not at -0.1"),
        ("n_flips=1,51", "n_flips must lie in [1, 50], not 51"),
        ("n_flips=0,1", "n_flips must lie in [1, 50], not 0"),
        ("rule=optimised,hopfield", "unknown rule 'hopfield'"),
        ("kappa=1e300", "lower kappa or duration"),
        ("n_neurons=7", "n_neurons must be even"),
    ],
)
def test_bad_input_is_one_sentence(setting, message, tmp_path, capsys):
    options = ["--set", "n_neurons=100", "--set", setting, "--jobs", "0", "--out", str(tmp_path)]
    assert cli.main(PROTOCOL, options) == 2
    [error] = capsys.readouterr().err.strip().splitlines()
    assert error.startswith("protocols.lowrank.capacity: error: ") and message in error
    assert not list(tmp_path.iterdir())
