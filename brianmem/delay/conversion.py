"""Conversion of weights from leaky integrators to neurons that respond otherwise to a pulse."""

import numpy as np
from scipy.linalg import toeplitz
from scipy.sparse import issparse

from brianmem.delay.weights import DelayWeights

TOLERANCE = 0.02  # of responses, as part of a unit weight; simulated ones end at 2 % of their peak


def matched(weights: DelayWeights, response: np.ndarray, beta: float) -> DelayWeights:
    """Weights for neurons with this response whose potential is that of leaky integrators.

    A weight W[i, d] of a leaky integrator leaves W[i, d] beta^k after k steps. For every pair of
    neurons the D weights are looked for whose responses add up to the same, by least squares.

    Parameters
    ----------
    weights : of leaky integrators
    response : to a unit weight 0, 1, 2... steps later, see brianmem.delay.distance
    beta : decay of the leaky integrators per step

    Returns
    -------
    weights : float32, all synapses; the given ones if the response is that of a leaky integrator
    """
    n_delays = weights.n_delays
    decay = beta ** np.arange(len(response))
    if np.abs(response - decay).max() < TOLERANCE:
        return weights
    later = np.zeros(n_delays)
    # From a pulse at delay d - 1 (column) to the step d + k - 1 (row), up to where both are over.
    effects = [toeplitz(np.pad(kernel, (0, n_delays - 1)), later) for kernel in (response, decay)]
    conversion = np.linalg.lstsq(*effects, rcond=TOLERANCE)[0]
    n_neurons = weights.n_neurons
    dense = weights.table.toarray() if issparse(weights.table) else weights.table
    dense = dense.reshape(n_neurons, n_delays, n_neurons)
    dense = (conversion.astype(dense.dtype) @ dense).astype(np.float32)
    return DelayWeights(dense.reshape(-1, n_neurons))
