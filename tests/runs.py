"""What tests of several simulators ask of their spikes."""

import numpy as np


def assert_equal_runs(found, expected, at_least: int) -> None:
    """The same neurons at the very same times, run by run, and not too few of them."""
    for spikes, others in zip(found, expected, strict=True):
        np.testing.assert_array_equal(spikes.neuron, others.neuron)
        np.testing.assert_array_equal(spikes.time, others.time)
        assert len(spikes) > at_least
