"""The recursion of the delay network, in NumPy, as the paper writes it."""

import numpy as np

from brianmem.errors import InputError


def recall(
    weights: np.ndarray, cue: np.ndarray, n_steps: int, beta: float, threshold: float
) -> np.ndarray:
    """Raster of a network that is clamped to a cue and then runs freely.

        u_j(t) = beta u_j(t-1) (1 - s_j(t-1)) + sum over i, d of W[j, i, d] s_i(t - d)
        s_j(t) = cue_j(t) while the cue lasts, then u_j(t) >= threshold

    Parameters
    ----------
    weights : W[post, pre, delay - 1], shape (n_neurons, n_neurons, n_delays)
    cue : boolean, shape (n_neurons, n_cue_steps)
    n_steps : length of the result
    beta, threshold : decay per step and firing threshold

    Returns
    -------
    raster : boolean, shape (n_neurons, n_steps)

    Inputs are added one by one, the oldest spikes first and spikes of one step in the order of
    their neurons: rounding, and so a potential at threshold, depends on that order.

    Source: Perrinet (2026), model equations.
    """
    if weights.ndim != 3 or not weights.shape[0] == weights.shape[1] == len(cue):
        raise InputError(f"weights of shape {weights.shape} do not fit a cue of {len(cue)} neurons")
    if not np.isfinite(weights).all():
        raise InputError("the weights hold NaN or infinite values")
    n_neurons, _, n_delays = weights.shape
    n_cue_steps = cue.shape[1]
    inputs = np.ascontiguousarray(weights.transpose(2, 1, 0))  # [delay - 1, pre, post]
    s = np.zeros((n_steps, n_neurons), dtype=bool)
    u = np.zeros(n_neurons)
    for t in range(n_steps):
        u = beta * u
        for d in range(min(n_delays, t), 0, -1):
            for i in np.flatnonzero(s[t - d]):
                u += inputs[d - 1, i]
        s[t] = cue[:, t] if t < n_cue_steps else u >= threshold
        u[s[t]] = 0.0
    return s.T
