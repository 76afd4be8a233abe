"""The loops of the pseudo-inverse rule, in C++: the windows A of patterns, times vectors.

A row of A is the window of D steps before a step, and the windows of following steps overlap: a
spike adds D neighbours of a vector to D neighbours of another. Sums have the order of those with A
as a sparse array in CSR form, and so their bits.
"""

import ctypes
from functools import cache
from pathlib import Path

import numpy as np
from scipy.sparse.linalg import LinearOperator

from brianmem.compiled.library import load_library
from brianmem.delay.learning.cpp_arguments import array, declare, record
from brianmem.raster import Raster

HERE = Path(__file__).parent
FILES = HERE / "pseudo_inverse_kernels.cpp", HERE / "array.h"


@cache
def library() -> ctypes.CDLL:
    """The compiled loops. Raises InputError without a C++ compiler."""
    loaded = load_library("pseudo_inverse", FILES, "the pseudo-inverse rule's loops")
    integer, indices = ctypes.c_int64, array(np.int32)
    windows = record(indices, indices, array(np.int64), integer, integer)
    for name in ("times", "transposed_times"):
        declare(loaded, name, None, windows, array(np.float64), array(np.float64))
    return loaded


class Windows(LinearOperator):
    """A, shape (M (T - D), N D): row (pattern, t - D), column (neuron, d - 1); s_i(t - d)."""

    def __init__(self, patterns: Raster, n_delays: int):
        n_windows = patterns.n_steps - n_delays
        super().__init__(float, (patterns.n_patterns * n_windows, patterns.n_neurons * n_delays))
        # A row's sum goes from neuron to neuron and from delay to delay, a column's along time.
        # Neuron after neuron, one vector is passed through; of the other, a pattern is in use.
        rows = np.lexsort((-patterns.step, patterns.neuron, patterns.pattern))
        columns = np.lexsort((patterns.step, patterns.neuron, patterns.pattern))
        self._by_row, self._by_column = (
            (
                patterns.neuron[order].astype(np.int32),
                patterns.step[order].astype(np.int32),
                patterns.pattern[order] * n_windows - n_delays,
                n_delays,
                patterns.n_steps,
            )
            for order in (rows, columns)
        )

    def _matvec(self, x: np.ndarray) -> np.ndarray:
        y = np.empty(self.shape[0])
        library().times(self._by_row, x, y)
        return y

    def _rmatvec(self, y: np.ndarray) -> np.ndarray:
        x = np.empty(self.shape[1])
        library().transposed_times(self._by_column, y, x)
        return x
