from dataclasses import replace

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brianmem.errors import InputError, RunawayError
from brianmem.lowrank import readout
from brianmem.lowrank.memory import store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.reference import simulate
from brianmem.patterns import draw_binary


def memory_of(seed=1, rule="optimised", k=10, p=4, **options):
    xi = draw_binary(k, p, np.random.default_rng(seed))
    return store(xi, LowRankParameters(rule, 2 * k, p, **options))


def with_generic_weights(memory, seed):
    """Weights without symmetry, so that ties come from the start alone."""
    rng = np.random.default_rng(seed)
    weights = -rng.random(memory.weights.shape) * 2
    np.fill_diagonal(weights, np.diag(memory.weights))
    return replace(memory, weights=weights)


def by_potentials(memory, start, digits=50):
    """The same network by Eq. 1 alone: every neuron's own time to threshold, in many digits."""
    with mpmath.workdps(digits):
        threshold, drive = mpmath.mpf(memory.params.threshold), None
        drive = threshold + mpmath.mpf(memory.bias)
        # The starting distances are those of float64, so that ties are the same.
        v = [drive - mpmath.mpf(d) for d in memory.drive - memory.start_potential(start)]
        weights = [[mpmath.mpf(w) for w in row] for row in memory.weights]
        time, spikes = mpmath.mpf(0), []
        while True:
            above = [i for i in range(len(v)) if v[i] >= threshold]
            if above:
                j, wait = max(above, key=lambda i: (v[i], -i)), mpmath.mpf(0)
            else:
                waits = [mpmath.log((drive - u) / (drive - threshold)) for u in v]
                j = min(range(len(v)), key=lambda i: (waits[i], i))
                wait = waits[j]
            time += wait
            if time > memory.params.duration:
                return spikes
            v = [drive + (u - drive) * mpmath.exp(-wait) for u in v]
            v = [u + weights[i][j] for i, u in enumerate(v)]
            spikes.append((j, float(time)))


@pytest.mark.parametrize("seed", range(6))
def test_same_sequence_as_fifty_digits(seed):
    memory = with_generic_weights(memory_of(seed, k=6, p=2, duration=3.0), seed)
    start = memory.patterns[:, 0] * np.where(np.arange(6) == seed, -1, 1)
    spikes, exact = simulate(memory, start), by_potentials(memory, start)
    assert len(exact) >= 50
    assert list(spikes.neuron) == [j for j, _ in exact]
    np.testing.assert_allclose(spikes.time, [t for _, t in exact], atol=1e-9)


@given(st.integers(0, 10**6), st.sampled_from([0.5, 1.0, 5.0]))
@settings(max_examples=25)
def test_every_spike_is_at_threshold_and_none_is_late(seed, kappa):
    """V = W r + I from the spikes alone (Eq. 2), just before each of them and at the end."""
    memory = with_generic_weights(memory_of(seed, p=2, kappa=kappa, duration=2.0), seed)
    start = memory.patterns[:, 0]
    spikes = simulate(memory, start)
    begin = memory.start_potential(start) - memory.drive
    threshold, before = memory.params.threshold, 0.0
    for n, time in enumerate([*spikes.time, 2.0]):
        r = np.bincount(spikes.neuron[:n], np.exp(spikes.time[:n] - time), minlength=20)
        v = memory.weights @ r + memory.drive + begin * np.exp(-time)
        # Sums of a few hundred terms below 100: rounding stays under 1e-10.
        if time > before:
            assert v.max() < threshold + 1e-10
        if n < len(spikes):
            assert v[spikes.neuron[n]] == pytest.approx(v.max(), abs=1e-10)
            assert v[spikes.neuron[n]] > threshold - 1e-10
        before = time


def test_of_equal_potentials_the_lowest_index_fires_first():
    memory = memory_of()
    start = memory.patterns[:, 0]
    active = np.flatnonzero(np.concatenate([start, -start]) > 0)
    assert simulate(memory, start).neuron[0] == active[0]
    assert len(set(memory.start_potential(start)[active])) == 1


def test_neurons_above_threshold_fire_at_once_the_highest_first():
    memory = memory_of(kappa=5.0, duration=1.0)
    start = memory.patterns[:, 0]
    # With less drive than the start needs, every active neuron begins above threshold.
    strong = replace(memory, alpha=memory.alpha / 10)
    potential = strong.start_potential(start)
    spikes = simulate(strong, start)
    assert (potential > strong.params.threshold).sum() > 1
    assert spikes.time[0] == spikes.time[1] == 0
    assert spikes.neuron[0] == potential.argmax()


# kappa is the rate of the fluid limit: single spikes matter more, the fewer there are.
@pytest.mark.parametrize(("kappa", "tolerance"), [(1.0, 0.1), (5.0, 0.03), (20.0, 0.01)])
def test_active_neurons_fire_at_rate_kappa_and_keep_the_pattern(kappa, tolerance):
    memory = memory_of(seed=2, k=50, p=10, kappa=kappa)
    start = memory.patterns[:, 3]
    spikes = simulate(memory, start)
    assert len(spikes) == pytest.approx(50 * kappa * 20, rel=tolerance)
    mean, final = readout.mean_and_final_latents(memory, spikes)
    assert readout.overlap(mean, start) > 0.99
    assert readout.signs_correct(final, start) == 1
    np.testing.assert_allclose(mean * start, kappa, rtol=0.25)


def test_hebbian_fails_where_the_optimised_rule_recalls():
    overlaps = {}
    for rule in ("hebbian", "optimised"):
        memory = memory_of(seed=0, rule=rule, k=50, p=10)
        start = memory.patterns[:, 0]
        mean, _ = readout.mean_and_final_latents(memory, simulate(memory, start))
        overlaps[rule] = readout.overlap(mean, start)
    assert overlaps["hebbian"] < 0.8
    assert overlaps["optimised"] > 0.99


def test_a_runaway_names_the_neuron_and_the_cause():
    memory = memory_of()
    excitatory = replace(memory, weights=np.abs(memory.weights))
    with pytest.raises(RunawayError, match=r"neuron \d+ would fire.*excitatory"):
        simulate(excitatory, memory.patterns[:, 0])
    with pytest.raises(RunawayError, match="spike number 11 "):
        simulate(memory, memory.patterns[:, 0], max_spikes=10)


def test_bad_networks_and_starts_are_refused():
    memory = memory_of()
    start = memory.patterns[:, 0]
    for bias in (0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match="bias must be positive"):
            simulate(replace(memory, bias=bias), start)
    weights = memory.weights.copy()
    weights[3, 4] = np.nan
    with pytest.raises(InputError, match="NaN"):
        simulate(replace(memory, weights=weights), start)
    with pytest.raises(InputError, match="shape"):
        simulate(memory, start[:5])
    with pytest.raises(InputError, match="-1 and"):
        simulate(memory, start * 0.5)
