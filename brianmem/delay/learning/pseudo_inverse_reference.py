"""The windows of the pseudo-inverse rule as a sparse array: the slow twin of its loops."""

import numpy as np
from scipy.sparse import csr_array

from brianmem.raster import Raster


def contexts(patterns: Raster, n_delays: int) -> csr_array:
    """A, shape (M (T - D), N D): row (pattern, t - D), column (neuron, d - 1); s_i(t - d)."""
    delay = np.arange(1, n_delays + 1)
    time = patterns.step[:, None] + delay
    inside = (time >= n_delays) & (time < patterns.n_steps)
    n_windows = patterns.n_steps - n_delays  # of a pattern
    row = (patterns.pattern[:, None] * n_windows + time - n_delays)[inside]
    column = (patterns.neuron[:, None] * n_delays + delay - 1)[inside]
    shape = patterns.n_patterns * n_windows, patterns.n_neurons * n_delays
    return csr_array((np.ones(len(row)), (row, column)), shape=shape)
