import numpy as np
import pytest

from brianmem.lowrank import euler, network, readout, reference
from brianmem.lowrank.memory import store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.patterns import draw_binary, draw_flips, flip


def overlaps(n_neurons, n_patterns, flip_fraction, n_trials, duration):
    """Overlap of the exact run and of the Euler method; shape (n_trials or more, 2)."""
    rows = []
    for seed in range(-(-n_trials // n_patterns)):
        rng = np.random.default_rng(seed)
        xi = draw_binary(n_neurons // 2, n_patterns, rng)
        parameters = LowRankParameters("optimised", n_neurons, n_patterns, duration=duration)
        memory = store(xi, parameters)
        starts = [flip(x, draw_flips(len(x), flip_fraction, rng)) for x in xi.T]
        runs = network.simulate(memory, starts, backend="numpy")
        for pattern, start, run in zip(xi.T, starts, runs, strict=True):
            both = (run, euler.simulate(memory, start))
            means = (readout.mean_and_final_latents(memory, spikes)[0] for spikes in both)
            rows.append([readout.overlap(y, pattern) for y in means])
    return np.array(rows)


def test_spikes_converge_to_the_exact_ones():
    """At first order, where no neurons start alike."""
    xi = draw_binary(10, 2, np.random.default_rng(1))
    memory = store(xi, LowRankParameters("optimised", 20, 2, duration=2.0))
    start = flip(xi[:, 0], np.arange(10) == 3)
    exact = reference.simulate(memory, start)
    for dt in (1e-3, 1e-4):
        assert abs(len(euler.simulate(memory, start, dt)) - len(exact)) <= 1 + 0.05 * len(exact)


@pytest.mark.slow
def test_overlaps_of_small_networks_agree_on_average():
    found = overlaps(n_neurons=40, n_patterns=5, flip_fraction=0.1, n_trials=50, duration=4.0)
    # Single trials at the edge of a basin may end elsewhere; their means may differ by chance only.
    difference = found[:, 0] - found[:, 1]
    assert abs(difference.mean()) < 0.005 + 2 * difference.std() / np.sqrt(len(found))
    assert np.median(np.abs(difference)) < 0.01
    assert found.mean() > 0.8


@pytest.mark.slow
@pytest.mark.parametrize(("n_patterns", "flip_fraction"), [(10, 0.1), (25, 0.15), (40, 0.04)])
def test_overlaps_of_larger_networks_agree_on_average(n_patterns, flip_fraction):
    found = overlaps(100, n_patterns, flip_fraction, n_trials=50, duration=20.0)
    difference = found[:, 0] - found[:, 1]
    print(f"\n{n_patterns} patterns: means {found.mean(axis=0)}, {len(found)} trials")
    assert abs(difference.mean()) < 0.005 + 2 * difference.std() / np.sqrt(len(found))
