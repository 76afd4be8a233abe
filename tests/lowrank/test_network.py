from dataclasses import replace

import numpy as np
import pytest

from brianmem.engine import Exactness
from brianmem.equations import load_model
from brianmem.errors import InputError, RunawayError
from brianmem.lowrank import network
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.memory import store
from brianmem.lowrank.network import simulate_with_clock
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.reference import simulate
from brianmem.patterns import draw_binary
from brianmem.spikes import first_difference, shared_fraction

XI = draw_binary(10, 3, np.random.default_rng(1))
MEMORY = store(XI, LowRankParameters("optimised", 20, 3, duration=4.0))


@pytest.mark.parametrize("n_neurons", [20, 100, 400, 1600])
@pytest.mark.parametrize("rule", ["hebbian", "optimised"])
def test_the_engine_gives_the_spikes_of_the_reference(n_neurons, rule, backend):
    xi = draw_binary(n_neurons // 2, 4, np.random.default_rng(n_neurons))
    memory = store(xi, LowRankParameters(rule, n_neurons, 4, duration=40 / n_neurons + 0.5))
    flipped = np.where(np.arange(n_neurons // 2) < n_neurons // 20, -1, 1)
    starts = [xi[:, 0], flipped * xi[:, 1]]
    for start, spikes in zip(
        starts, network.simulate(memory, starts, backend=backend), strict=True
    ):
        expected = simulate(memory, start)
        assert len(expected) > 50
        np.testing.assert_array_equal(spikes.neuron, expected.neuron)
        np.testing.assert_allclose(spikes.time, expected.time, rtol=0, atol=1e-9)


def test_edited_equations_run_exactly():
    """A variable that nobody listens to takes the general form, and changes nothing."""
    model = replace(LIF, model=LIF.model + "\ndh/dt = -h/tau : 1", reset="h += 1")
    assert network.solution(model).exactness is Exactness.CLOSED_FORM
    for spikes, expected in zip(
        network.simulate(MEMORY, XI.T, model, "numpy"),
        network.simulate(MEMORY, XI.T, backend="numpy"),
        strict=True,
    ):
        np.testing.assert_array_equal(spikes.neuron, expected.neuron)
        np.testing.assert_allclose(spikes.time, expected.time, rtol=0, atol=1e-9)


def test_a_network_that_cannot_stop_is_stopped(backend):
    weights = np.zeros_like(MEMORY.decoder)
    memory = replace(MEMORY, decoder=weights, gamma=0.0, alpha=0.0)
    with pytest.raises(RunawayError, match="neither a reset nor a negative self-connection"):
        network.simulate(memory, XI.T, backend=backend)


def by_hand(memory, start, dt):
    """All neurons above threshold at the end of a step fire together (what the clock does)."""
    v, decay = memory.start_potential(start), np.exp(-dt)
    neurons, times = [], []
    for step in range(round(memory.params.duration / dt)):
        v = memory.drive + (v - memory.drive) * decay
        fired = np.flatnonzero(v >= memory.params.threshold)
        for j in fired:
            v = v + memory.weights[:, j]
        neurons += list(fired)
        times += [(step + 1) * dt] * len(fired)
    return neurons, times


@pytest.mark.parametrize("dt", [0.01, 0.001])
def test_all_backends_do_what_the_clock_does(backend, dt):
    for start, spikes in zip(
        XI.T, simulate_with_clock(MEMORY, XI.T, dt, backend=backend), strict=True
    ):
        neurons, times = by_hand(MEMORY, start, dt)
        assert list(spikes.neuron) == neurons
        np.testing.assert_allclose(spikes.time, times, atol=1e-9)


def test_a_copy_among_others_is_what_it_is_alone():
    together = simulate_with_clock(MEMORY, XI.T, 0.01)
    alone = [simulate_with_clock(MEMORY, [start], 0.01)[0] for start in XI.T]
    for a, b in zip(together, alone, strict=True):
        np.testing.assert_array_equal(a.neuron, b.neuron)
        np.testing.assert_array_equal(a.time, b.time)


def test_neurons_that_start_alike_fire_in_volleys_for_ever_however_small_the_step():
    exact = simulate(MEMORY, XI[:, 0])
    assert shared_fraction(exact) < 0.5
    for dt in (0.01, 0.001):
        spikes = simulate_with_clock(MEMORY, [XI[:, 0]], dt)[0]
        assert shared_fraction(spikes) == 1
        assert first_difference(spikes, exact) == 2


def test_from_a_damaged_start_the_volleys_shrink_with_the_step():
    start = np.where(np.arange(10) == 3, -1, 1) * XI[:, 0]
    fractions = [
        shared_fraction(simulate_with_clock(MEMORY, [start], dt)[0]) for dt in (0.05, 0.01, 0.001)
    ]
    assert fractions[0] > fractions[1] > fractions[2]
    assert fractions[0] > 0.8


def test_edited_equations_are_run(tmp_path):
    path = tmp_path / "model.toml"
    path.write_text('refractory = "10*ms"\n')
    model = load_model(path, LIF)
    spikes = simulate_with_clock(MEMORY, [XI[:, 0]], 0.01, model)[0]
    for neuron in range(20):
        intervals = np.diff(spikes.time[spikes.neuron == neuron])
        assert (intervals > 1 - 1e-9).all()  # tau is 10 ms


def test_bad_steps_and_models_are_refused(tmp_path):
    for dt in (0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match="dt must be positive"):
            simulate_with_clock(MEMORY, XI.T, dt)
    for dt in (0.3, 8.0, float("inf")):
        with pytest.raises(InputError, match="must divide the duration"):
            simulate_with_clock(MEMORY, XI.T, dt)
    path = tmp_path / "model.toml"
    path.write_text('model = "du/dt = -u/tau : 1"\nthreshold = "u > theta"\npulse = "u += w"\n')
    with pytest.raises(InputError, match="needs a variable v without units"):
        simulate_with_clock(MEMORY, XI.T, 0.01, load_model(path, LIF))
    path.write_text(
        'model = "dv/dt = (drive*mV - v)/tau : volt"\nthreshold = "v > theta*mV"\n'
        'pulse = "v_post += w*mV"\n'
    )
    with pytest.raises(InputError, match=r"line 1 \(model\).*without units"):
        simulate_with_clock(MEMORY, XI.T, 0.01, load_model(path, LIF))
