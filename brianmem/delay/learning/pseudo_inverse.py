"""Pseudo-inverse rule: the smallest weights whose input is one at targets, and zero elsewhere."""

from collections.abc import Callable

import numpy as np
from scipy.sparse.linalg import lsqr

from brianmem.compiled.compiler import missing
from brianmem.delay.learning.pseudo_inverse_kernels import Windows
from brianmem.delay.learning.pseudo_inverse_reference import contexts
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.raster import Raster

TOLERANCE = 1e-7  # of what is left, relative to the norm of what is asked for
MOST_STEPS = 500


def pseudo_inverse(
    patterns: Raster,
    params: DelayParameters,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[DelayWeights, dict]:
    """W of least norm with sum over i, d of W[j, i, d] s_i(t - d) = gain s_j(t), t >= D.

    With the rows of A the windows of D steps before each t, W = A^+ Y, a column for each neuron:
    LSQR, which takes the same steps as conjugate gradients for the dual (A A^T)^-1 Y, and never
    makes A A^T. As a target resets its neuron, the potential of a clamped network is the input, but
    for what is left from the cue. Where windows contradict each other, least squares are left.

    Parameters
    ----------
    patterns, params : sizes, gain
    rng : not used
    progress : is called with the number of neurons that are done, and N

    Returns
    -------
    weights : float32, a table with all synapses
    info : n_solver_steps, shape (N,), 500 where LSQR did not converge

    Source: Perrinet (2026), initialisation of later versions.
    """
    n, n_delays = params.n_neurons, params.n_delays
    # The same bits without a compiler, in about twice the time.
    windows = contexts(patterns, n_delays) if missing() else Windows(patterns, n_delays)
    late = patterns.step >= n_delays
    n_windows = params.n_steps - n_delays  # of a pattern
    row = patterns.pattern[late] * n_windows + patterns.step[late] - n_delays
    of_neuron = patterns.neuron[late]
    table, n_steps = np.zeros((n, n_delays, n), np.float32), np.zeros(n, dtype=int)
    for j in range(n):
        wanted = np.zeros(windows.shape[0])
        wanted[row[of_neuron == j]] = params.gain
        column, _, n_steps[j], *_ = lsqr(
            windows, wanted, atol=TOLERANCE, btol=TOLERANCE, iter_lim=MOST_STEPS
        )
        table[:, :, j] = column.reshape(n, n_delays)
        if progress is not None:
            progress(j + 1, n)
    return DelayWeights(table.reshape(-1, n)), {"n_solver_steps": n_steps}
