from dataclasses import replace

import numpy as np
import pytest

from brianmem.engine.reference import LeakyNeurons
from brianmem.engine.reference import simulate as simulate_leaky
from brianmem.errors import RunawayError
from brianmem.lowrank import network, perturbed_network, perturbed_reference, readout, reference
from brianmem.lowrank.memory import store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.perturbation import NOISE_STEP, Strengths, draw_defects, draw_kicks
from brianmem.patterns import draw_binary

DURATION = 3.0
ALONE = {
    "noise": 0.2,
    "tau_spread": 0.05,
    "threshold_spread": 0.2,
    "weight_spread": 0.1,
    "lost_synapses": 0.05,
    "dead_neurons": 0.15,
}
# Every perturbation alone, what runs in the engine's fast form together, and all of them.
CASES = {name: {name: value} for name, value in ALONE.items()}
CASES["fast"] = {k: v for k, v in ALONE.items() if k not in ("tau_spread", "threshold_spread")}
CASES["all"] = ALONE


def memory_of(rule="optimised", k=10, p=3, seed=1, **options):
    xi = draw_binary(k, p, np.random.default_rng(seed))
    return store(xi, LowRankParameters(rule, 2 * k, p, duration=DURATION, **options))


def noise_of(strengths, defects, n_copies, step=NOISE_STEP, duration=DURATION):
    rngs = [np.random.default_rng([7, copy]) for copy in range(n_copies)]
    return np.array([draw_kicks(strengths, defects.tau, duration, rng, step) for rng in rngs])


def drawn(memory, strengths, n_copies, seed=3):
    defects = draw_defects(strengths, memory.params.n_neurons, np.random.default_rng(seed))
    return defects, noise_of(strengths, defects, n_copies) if strengths.noise else None


def assert_same(spikes, expected):
    np.testing.assert_array_equal(spikes.neuron, expected.neuron)
    np.testing.assert_allclose(spikes.time, expected.time, rtol=0, atol=1e-9)


def check_against_the_reference(case, backend, rule="optimised"):
    memory, strengths = memory_of(rule), Strengths(**CASES[case])
    flipped = np.where(np.arange(10) == 2, -1, 1)
    starts = [memory.patterns[:, 0], flipped * memory.patterns[:, 1]]
    defects, kicks = drawn(memory, strengths, len(starts))
    runs = perturbed_network.simulate(memory, defects, starts, kicks, backend)
    undisturbed = network.simulate(memory, starts)
    for number, (start, spikes) in enumerate(zip(starts, runs, strict=True)):
        expected = perturbed_reference.simulate(
            memory, defects, start, None if kicks is None else kicks[number]
        )
        assert len(expected) > 100
        assert_same(spikes, expected)
        same_length = len(spikes) == len(undisturbed[number])
        assert not (same_length and np.array_equal(spikes.neuron, undisturbed[number].neuron))


@pytest.mark.parametrize("rule", ["optimised", "extended"])
@pytest.mark.parametrize("case", CASES)
def test_the_spikes_are_those_of_the_reference(case, rule, runtime_backend):
    check_against_the_reference(case, runtime_backend, rule)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["all", "fast", "threshold_spread"])
def test_the_spikes_are_those_of_the_reference_on_every_backend(case, backend):
    check_against_the_reference(case, backend)


def test_without_defects_the_network_is_the_designed_one():
    memory = memory_of()
    defects, _ = drawn(memory, Strengths(), 0)
    starts = list(memory.patterns.T)
    designed = network.simulate(memory, starts)
    for start, spikes, expected in zip(
        starts, perturbed_network.simulate(memory, defects, starts), designed, strict=True
    ):
        assert_same(spikes, expected)
        assert_same(perturbed_reference.simulate(memory, defects, start), expected)
        assert_same(reference.simulate(memory, start), expected)


def test_the_reference_without_noise_is_that_of_the_engine():
    memory = memory_of()
    defects, _ = drawn(memory, Strengths(**(ALONE | {"noise": 0.0, "dead_neurons": 0.0})), 0)
    params = memory.params
    leaky = LeakyNeurons(
        tau=defects.tau,
        drive=np.full(20, memory.drive),
        threshold=params.threshold + memory.axis_drive * defects.threshold,
    )
    start = memory.patterns[:, 1]
    weights = memory.weights * defects.weights
    expected = simulate_leaky(leaky, weights, memory.start_potential(start), DURATION)
    assert_same(perturbed_reference.simulate(memory, defects, start), expected)


def test_the_dead_are_silent_and_the_lost_are_not_heard():
    memory = memory_of()
    start = memory.patterns[:, 0]
    defects, _ = drawn(memory, Strengths(dead_neurons=0.5), 0)
    [spikes] = perturbed_network.simulate(memory, defects, [start])
    assert len(spikes) and defects.alive[spikes.neuron].all()
    all_dead = replace(defects, alive=np.zeros(20, dtype=bool))
    for silent in perturbed_network.simulate(memory, all_dead, [start, -start]):
        assert len(silent) == 0
    # Without synapses each neuron fires on its own, at the rate (b + gamma / 2) / gamma over its
    # own spikes: its potential saws through the self-connection below the threshold.
    alone, _ = drawn(memory, Strengths(lost_synapses=1.0), 0)
    [spikes] = perturbed_network.simulate(memory, alone, [start])
    own = -memory.weights[0, 0]
    interval = np.log((memory.bias + own) / memory.bias)
    for neuron in range(20):
        times = spikes.time[spikes.neuron == neuron]
        np.testing.assert_allclose(np.diff(times[times > 1.0]), interval, atol=1e-9)


def test_a_network_without_self_inhibition_runs_away(runtime_backend):
    memory = memory_of()
    defects, _ = drawn(memory, Strengths(), 0)
    np.fill_diagonal(defects.weights, 0)
    with pytest.raises(RunawayError):
        perturbed_network.simulate(memory, defects, [memory.patterns[:, 0]], None, runtime_backend)
    with pytest.raises(RunawayError, match="ran away"):
        perturbed_reference.simulate(memory, defects, memory.patterns[:, 0])


def test_steps_of_the_noise_are_short_enough():
    """What is missed between kicks is little: half the step gives the same mean overlap."""
    memory = memory_of(k=50, p=10, kappa=3.0)
    starts = [memory.patterns[:, n % 10] for n in range(15)]
    strengths = Strengths(noise=0.25)
    defects, _ = drawn(memory, strengths, 0)
    means = []
    for step in (NOISE_STEP, NOISE_STEP / 2):
        kicks = noise_of(strengths, defects, len(starts), step)
        runs = perturbed_network.simulate(memory, defects, starts, kicks)
        latents = [readout.mean_and_final_latents(memory, run)[0] for run in runs]
        means.append(np.mean([readout.overlap(*p) for p in zip(latents, starts, strict=True)]))
    # The error of each mean is 0.002, and noise takes eight times as much of the overlap.
    assert means[0] < 0.99
    assert means[1] == pytest.approx(means[0], abs=0.005)
