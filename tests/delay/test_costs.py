"""What tasks are expected to take, beside what they took."""

import pytest

from protocols.delay import networks
from protocols.delay.networks import BENCHMARK, DelayTask

# Processor seconds of learning one network of the benchmark's patterns on a core without AVX-512,
# extrapolated from some of its neurons.
MEASURED = {
    ("margin_capacity", 512, 1024): 50,
    ("margin_capacity", 512, 2300): 250,
    ("margin_capacity", 512, 2600): 3400,
    ("margin_capacity", 1024, 4600): 1620,
    ("margin_loaded", 512, 1024): 295,
    ("margin_robust", 512, 256): 220,
    ("margin", 512, 512): 265,
    ("margin", 1024, 256): 330,
    ("pseudo_inverse", 512, 16): 20,
    ("pseudo_inverse", 512, 24): 76,
    ("pseudo_inverse", 1024, 48): 680,
}


@pytest.mark.parametrize(("learner", "n_neurons", "n_patterns"), MEASURED)
def test_estimates_are_right_to_within_a_factor_of_three(learner, n_neurons, n_patterns):
    fixed = {name: values[0] for name, values in BENCHMARK.items()}
    fixed |= {"learner": learner, "n_neurons": n_neurons, "n_patterns": n_patterns}
    task = DelayTask(**fixed, seed=0, backend="cython", model=None)
    ratio = networks.estimate(task).seconds / MEASURED[learner, n_neurons, n_patterns]
    assert 1 / 3 < ratio < 3


def test_there_is_an_estimate_of_short_and_of_busy_patterns():
    fixed = {name: values[0] for name, values in BENCHMARK.items()}
    for learner in ("margin_capacity", "pseudo_inverse"):
        for changes in ({"n_steps": 42}, {"firing_prob": 0.99}):
            task = DelayTask(
                **fixed | {"learner": learner} | changes, seed=0, backend="cython", model=None
            )
            assert networks.estimate(task).seconds > 0
