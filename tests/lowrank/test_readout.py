import numpy as np
import pytest

from brianmem.lowrank import readout
from brianmem.lowrank.memory import store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.reference import simulate
from brianmem.patterns import draw_binary
from brianmem.spikes import Spikes

XI = draw_binary(10, 3, np.random.default_rng(0))
MEMORY = store(XI, LowRankParameters("optimised", 20, 3, duration=4.0))
START = XI[:, 1]
SPIKES = simulate(MEMORY, START)


def y_at(time, start=None):
    """Eq. 15 solved spike by spike."""
    y = np.zeros(10) if start is None else MEMORY.params.kappa * start * np.exp(-time)
    for neuron, fired in zip(SPIKES.neuron, SPIKES.time, strict=True):
        if fired <= time:
            y = y + MEMORY.decoder[:, neuron] * np.exp(fired - time)
    return y


def test_latents_equal_the_sum_over_spikes():
    times = [0.0, 0.3, 0.31, 2.0, 4.0]
    y = readout.latents(MEMORY, SPIKES, times, START)
    np.testing.assert_allclose(y, np.transpose([y_at(t, START) for t in times]), atol=1e-10)


def test_mean_is_the_integral_of_the_latents():
    mean, final = readout.mean_and_final_latents(MEMORY, SPIKES)
    times = np.linspace(3, 4, 20001)[:-1] + 0.5 / 20000
    y = readout.latents(MEMORY, SPIKES, times)
    # y jumps at spikes: a midpoint sum is off by up to half a step per spike in the window.
    np.testing.assert_allclose(mean, y.mean(axis=1), atol=60 * 0.5 / 20000)
    np.testing.assert_allclose(final, y_at(4.0), atol=1e-10)


def test_a_start_that_fades_without_spikes_is_not_recalled():
    silent = Spikes(np.array([], dtype=int), np.array([]))
    assert readout.overlap(readout.latents(MEMORY, silent, [1.0], START)[:, 0], START) > 0.99
    for y in readout.mean_and_final_latents(MEMORY, silent):
        assert readout.overlap(y, START) == 0


def test_overlap_and_signs():
    pattern = np.array([1, -1, 1, 1])
    assert readout.overlap(3.0 * pattern, pattern) == pytest.approx(1)
    assert readout.overlap(-pattern, pattern) == pytest.approx(-1)
    assert readout.overlap(np.array([1.0, 0, 0, 0]), pattern) == pytest.approx(0.5)
    assert readout.overlap(np.zeros(4), pattern) == 0
    assert readout.signs_correct(np.array([0.1, -2, -1, 0]), pattern) == 0.5
