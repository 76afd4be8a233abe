import numpy as np
import pytest

from brianmem.delay.reference import recall
from brianmem.errors import InputError


def run(weights, cue, n_steps=12, beta=0.5, threshold=1.0):
    return recall(weights, np.array(cue, dtype=bool), n_steps, beta, threshold)


def test_a_spike_arrives_after_its_delay():
    weights = np.zeros((2, 2, 3))
    weights[1, 0, 2] = 1.0  # three steps from neuron 0 to neuron 1
    raster = run(weights, [[0, 1, 0], [0, 0, 0]])
    assert [*map(tuple, np.argwhere(raster))] == [(0, 1), (1, 4)]


def test_the_potential_leaks_adds_up_and_fires_at_threshold_exactly():
    weights = np.zeros((2, 2, 2))
    weights[1, 0] = [0.75, 0.5]
    # 0.75 one step after the spike, then 0.75 / 2 + 0.5 < 1; two spikes running: 0.75, then
    # 0.75 / 2 + 0.75 + 0.5 = 1.625.
    assert not run(weights, [[1, 0], [0, 0]])[1].any()
    assert list(np.flatnonzero(run(weights, [[1, 1], [0, 0]])[1])) == [2]
    weights[1, 0] = [1.0, 0.0]
    assert list(np.flatnonzero(run(weights, [[0, 1], [0, 0]])[1])) == [2]


def test_a_spike_resets_to_zero():
    weights = np.zeros((2, 2, 2))
    weights[1, 0] = [1.9, 0.8]
    # Without the reset, 1.9 / 2 + 0.8 would fire a second time.
    assert list(np.flatnonzero(run(weights, [[0, 1], [0, 0]])[1])) == [2]


def test_clamped_spikes_reset_and_suppress_free_ones():
    weights = np.zeros((2, 2, 1))
    weights[1, 0, 0] = (
        7.0  # 7 and 3.5 while the cue lasts, then 1.75: too little for a threshold of 2
    )
    free, forced = [[1, 0, 0], [0, 0, 0]], [[1, 0, 0], [0, 1, 0]]
    assert not run(weights, free, threshold=2.0)[1].any()
    assert list(np.flatnonzero(run(weights, free, threshold=1.5)[1])) == [3]
    assert list(np.flatnonzero(run(weights, forced, threshold=1.5)[1])) == [1]


def test_weights_that_are_not_finite_are_refused():
    with pytest.raises(InputError, match="NaN"):
        run(np.full((2, 2, 2), np.nan), [[1], [0]])
    with pytest.raises(InputError, match="do not fit"):
        run(np.zeros((3, 3, 2)), [[1], [0]])
