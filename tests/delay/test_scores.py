import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

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


@given(RASTERS, RASTERS, st.integers(0, 7), st.integers(0, 4))
def test_with_a_tolerance_as_many_spikes_as_possible_find_partners(
    recalled, target, first_step, tolerance
):
    """Against the largest matching of a bipartite graph."""
    events = Raster.from_dense(recalled), Raster.from_dense(target)
    pairs = []
    for pattern in range(2):
        n_pairs = 0
        for neuron in range(3):
            found, wanted = (np.flatnonzero(dense[pattern, neuron]) for dense in (recalled, target))
            found, wanted = found[found >= first_step], wanted[wanted >= first_step]
            near = abs(found[:, None] - wanted) <= tolerance
            if near.any():
                n_pairs += (maximum_bipartite_matching(csr_array(near)) >= 0).sum()
        pairs.append(n_pairs)
    right, extra, missing = counts_by_pattern(*events, first_step, tolerance=tolerance)
    np.testing.assert_array_equal(right, pairs)
    late = np.arange(8) >= first_step
    np.testing.assert_array_equal(right + extra, (recalled & late).sum(axis=(1, 2)))
    np.testing.assert_array_equal(right + missing, (target & late).sum(axis=(1, 2)))
