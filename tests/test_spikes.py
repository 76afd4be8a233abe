import numpy as np

from brianmem.spikes import Spikes, first_difference, shared_fraction


def spikes(*neurons, times=None):
    times = np.arange(len(neurons)) if times is None else times
    return Spikes(np.array(neurons, dtype=int), np.array(times, dtype=float))


def test_shared_fraction_counts_all_spikes_of_a_shared_time():
    assert shared_fraction(spikes(1, 2, 3, 4, times=[0, 1, 1, 2])) == 0.5
    assert shared_fraction(spikes()) == 0


def test_first_difference_is_counted_from_one():
    exact = spikes(3, 1, 2)
    assert first_difference(spikes(3, 1, 2), exact) is None
    assert first_difference(spikes(3, 2, 1), exact) == 2
    assert first_difference(spikes(3, 1), exact) == 3
    assert first_difference(spikes(3, 1, 2, 2), exact) == 4
