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


def r_at(time):
    """Eq. 13 solved spike by spike."""
    r = np.zeros(20)
    for neuron, fired in zip(SPIKES.neuron, SPIKES.time, strict=True):
        if fired <= time:
            r[neuron] += np.exp(fired - time)
    return r


def test_filtered_spikes_equal_the_sum_over_spikes():
    # Also at the time of a spike, which counts; and twice at the same time.
    times = [0.0, 0.3, 0.31, float(SPIKES.time[40]), 2.0, 2.0, 4.0]
    r = readout.filtered(MEMORY, SPIKES, times)
    assert r.shape == (20, 7)
    np.testing.assert_allclose(r, np.transpose([r_at(t) for t in times]), atol=1e-10)
    later = readout.filtered(MEMORY, SPIKES, times[4:])
    np.testing.assert_allclose(later, r[:, 4:], atol=1e-12)


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


@pytest.mark.parametrize(
    ("first", "expected"),
    [(1.0, (True, True)), (-0.1, (True, False)), (9.0, (False, True)), (-9.0, (False, False))],
)
def test_success_by_overlap_and_by_signs(first, expected, monkeypatch):
    """One of forty latents is unlike the others, with cosines of 1, .98, .69 and .44."""
    pattern = np.ones(40)
    mean = np.append(first, pattern[1:])
    monkeypatch.setattr(readout, "mean_and_final_latents", lambda *_: (mean, np.zeros(40)))
    assert readout.successes(MEMORY, SPIKES, pattern) == expected


def test_a_run_from_its_pattern_succeeds_and_another_does_not():
    assert readout.successes(MEMORY, SPIKES, START) == (True, True)
    assert readout.successes(MEMORY, SPIKES, -START) == (False, False)


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
