"""The recursion of the delay network, in NumPy, as the paper writes it."""

import numpy as np

from brianmem.errors import InputError


def recall(
    weights: np.ndarray, cue: np.ndarray, n_steps: int, beta: float, threshold: float
) -> np.ndarray:
    """Raster of a network that is clamped to a cue and then runs freely.

    Parameters
    ----------
    weights : W[post, pre, delay - 1], shape (n_neurons, n_neurons, n_delays)
    cue : boolean, shape (n_neurons, n_cue_steps)
    n_steps : length of the result
    beta, threshold : decay per step and firing threshold

    Returns
    -------
    raster : boolean, shape (n_neurons, n_steps)

    Source: Perrinet (2026), model equations.
    """
    n_free = n_steps - cue.shape[1]
    forced = np.pad(cue, ((0, 0), (0, n_free)))
    return run(weights, forced, np.arange(n_steps) < cue.shape[1], beta, threshold)


def run(
    weights: np.ndarray,
    forced: np.ndarray,
    clamped: np.ndarray,
    beta: float,
    threshold: float,
    lost: np.ndarray | None = None,
    noise: np.ndarray | None = None,
) -> np.ndarray:
    """Raster of a network some of whose spikes are forced, shape (n_neurons, n_steps).

        u_j(t) = beta u_j(t-1) (1 - s_j(t-1)) + noise_j(t) + sum over i, d of W[j, i, d] s_i(t - d)
        s_j(t) = forced_j(t) or, where t is not clamped, u_j(t) >= threshold

    Parameters
    ----------
    weights : W[post, pre, delay - 1], shape (n_neurons, n_neurons, n_delays)
    forced : boolean, shape (n_neurons, n_steps)
    clamped : boolean, shape (n_steps,)
    beta, threshold : decay per step and firing threshold
    lost : boolean, shape (n_neurons, n_steps): spikes that are left out of the sum
    noise : shape (n_neurons, n_steps)

    Inputs are added one by one, the oldest spikes first and spikes of one step in the order of
    their neurons: rounding, and so a potential at threshold, depends on that order.
    """
    if weights.ndim != 3 or not weights.shape[0] == weights.shape[1] == len(forced):
        raise InputError(
            f"weights of shape {weights.shape} do not fit spikes of {len(forced)} neurons"
        )
    if not np.isfinite(weights).all():
        raise InputError("the weights hold NaN or infinite values")
    n_neurons, _, n_delays = weights.shape
    n_steps = forced.shape[1]
    inputs = np.ascontiguousarray(weights.transpose(2, 1, 0))  # [delay - 1, pre, post]
    s, heard = np.zeros((2, n_steps, n_neurons), dtype=bool)
    u = np.zeros(n_neurons)
    for t in range(n_steps):
        u = beta * u + (0 if noise is None else noise[:, t])
        for d in range(min(n_delays, t), 0, -1):
            for i in np.flatnonzero(heard[t - d]):
                u += inputs[d - 1, i]
        s[t] = forced[:, t] | ((u >= threshold) & ~clamped[t])
        heard[t] = s[t] if lost is None else s[t] & ~lost[:, t]
        u[s[t]] = 0.0
    return s.T
