import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from brianmem.delay.scores import counts_by_neuron, counts_by_pattern, counts_by_step
from brianmem.raster import Raster

RASTERS = arrays(bool, (2, 3, 8))


@given(RASTERS, RASTERS, st.integers(0, 7))
def test_counts_equal_those_of_dense_rasters(recalled, target, first_step):
    events = Raster.from_dense(recalled), Raster.from_dense(target)
    late = np.arange(8) >= first_step
    outcomes = [recalled & target & late, recalled & ~target & late, target & ~recalled & late]
    np.testing.assert_array_equal(
        counts_by_pattern(*events, first_step), [o.sum(axis=(1, 2)) for o in outcomes]
    )
    np.testing.assert_array_equal(
        counts_by_neuron(*events, first_step), [o.sum(axis=(0, 2)) for o in outcomes]
    )
    np.testing.assert_array_equal(
        counts_by_step(*events, first_step), [o.sum(axis=(0, 1)) for o in outcomes]
    )


@given(RASTERS, RASTERS, RASTERS)
def test_forced_spikes_are_no_errors(recalled, target, forced):
    events = (Raster.from_dense(dense) for dense in (recalled, target))
    counts = counts_by_pattern(*events, 2, Raster.from_dense(forced))
    late = np.arange(8) >= 2
    outcomes = [recalled & target, recalled & ~target & ~forced, target & ~recalled]
    np.testing.assert_array_equal(counts, [(o & late).sum(axis=(1, 2)) for o in outcomes])
