"""Starts, traces and spikes of the protocol of attractors."""

from dataclasses import replace

import numpy as np
import pytest

from brianmem import tables
from brianmem.lowrank.memory import store
from brianmem.patterns import draw_binary
from protocols import cli
from protocols.lowrank.attractors import PROTOCOL, AttractorsTask, run_task, starts
from protocols.lowrank.trials import parameters

TASK = AttractorsTask(1, "optimised", 20, 4, None, 5.0, 20.0, (0, 1), "numpy", None, True)
SCHEMAS = {schema.name: schema for schema in PROTOCOL.schemas}


def made(**changes):
    rows = run_task(replace(TASK, **changes))
    assert set(rows) == set(SCHEMAS)
    return {name: tables.from_rows(SCHEMAS[name], rows[name]) for name in SCHEMAS}


def stored():
    xi = draw_binary(10, 4, np.random.default_rng(TASK.network_seed))
    return store(xi, parameters(TASK))


@pytest.fixture(scope="module")
def of_one():
    return made()


def test_every_pattern_with_each_number_of_flips_and_as_many_random_vertices(of_one):
    trials = of_one["lowrank_attractors"]
    kinds = trials.groupby(["start", "flip_fraction"])["pattern"].apply(list).to_dict()
    assert kinds == {
        ("random", 0.0): [0, 1, 2, 3],
        ("stored", 0.0): [0, 1, 2, 3],
        ("stored", 0.1): [0, 1, 2, 3],
    }
    assert (trials["dt"] == 0).all() and trials["gamma_chosen"].all()
    exact = trials[(trials["start"] == "stored") & (trials["flip_fraction"] == 0)]
    assert (exact["overlap"] > 0.99).all()


def test_traces_are_sums_over_spikes(of_one):
    """y(t) = kappa e^-t xi(0) + sum of D_j e^-(t - t_j) over spikes up to t, and its cosines."""
    traces, raster = of_one["lowrank_attractors_traces"], of_one["lowrank_attractors_spikes"]
    memory = stored()
    [trial] = [t for t in starts(TASK, memory.patterns) if (t.pattern, t.flip_fraction) == (0, 0.1)]
    spikes = raster[raster["flip_fraction"] == 0.1]
    trace = traces[traces["flip_fraction"] == 0.1]
    vertices = {-1: trial.start} | dict(enumerate(memory.patterns.T))
    for time in (0.0, 0.4, 3.0, 20.0):
        y = 5.0 * trial.start * np.exp(-time)
        for neuron, when in spikes.loc[spikes["time"] <= time, ["neuron", "time"]].to_numpy():
            y = y + memory.decoder[:, int(neuron)] * np.exp(when - time)
        at_time = trace[np.isclose(trace["time"], time)]
        found = dict(zip(at_time["pattern"].fillna(-1), at_time["overlap"], strict=True))
        for pattern, vertex in vertices.items():
            expected = y @ vertex / np.linalg.norm(y) / np.linalg.norm(vertex)
            # Filtered spikes are summed step by step there.
            assert found[pattern] == pytest.approx(expected, abs=1e-10)


def test_spikes_are_those_of_the_runs(of_one):
    spikes, trials = of_one["lowrank_attractors_spikes"], of_one["lowrank_attractors"]
    shown = trials[trials["pattern"] == 0].set_index(["start", "flip_fraction"])["n_spikes"]
    assert spikes.groupby(["start", "flip_fraction"]).size().to_dict() == shown.to_dict()
    first = stored().patterns[:, 0]
    cued = spikes[spikes["start"] == "stored"]
    latent, sign = cued["neuron"] % 10, np.where(cued["neuron"] < 10, 1, -1)
    assert (cued["active"] == (first[latent] == sign)).all()
    assert cued.loc[cued["flip_fraction"] == 0, "active"].all()


def test_only_an_example_has_traces_and_spikes(of_one):
    found = made(details=False)
    assert not len(found["lowrank_attractors_traces"])
    assert not len(found["lowrank_attractors_spikes"])
    assert found["lowrank_attractors"].equals(of_one["lowrank_attractors"])


def test_the_table_is_the_same_on_every_backend(runtime_backend, of_one):
    found = made(backend=runtime_backend)["lowrank_attractors"]
    expected = of_one["lowrank_attractors"]
    assert found.drop(columns="backend").equals(expected.drop(columns="backend"))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("n_flips=0,51", "n_flips must lie in [0, 50], not 51"),
        ("n_flips=-1", "n_flips must lie in [0, 50], not -1"),
        ("rule=hopfield", "unknown rule 'hopfield'"),
        ("n_patterns=0", "n_patterns must be at least 1"),
    ],
)
def test_bad_input_is_one_sentence(setting, message, tmp_path, capsys):
    assert cli.main(PROTOCOL, ["--set", setting, "--out", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
