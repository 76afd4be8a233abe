"""The F1 loss of free recall and its surrogate gradient, in dense NumPy, as they are defined."""

import numpy as np


def surrogate_derivative(x: np.ndarray, slope: float, width: np.ndarray) -> np.ndarray:
    """What takes the place of the derivative of a step at 0: that of a fast sigmoid, cut off.

    Source: Zenke & Ganguli (2018); Perrinet (2026) has slope 15 and no cut.
    """
    return np.where(np.abs(x) < width, 1 / (1 + slope * np.abs(x)) ** 2, 0.0)


def free_recall(
    weights: np.ndarray,
    target: np.ndarray,
    beta: float,
    most_spikes: float,
    inputs: np.ndarray,
    currents: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Potentials u before resets, and spikes s, of a pattern's recall, shape (n_steps, n_neurons).

        u(t) = beta u(t-1) (1 - s(t-1)) + I(t),  I_j(t) = sum over i, d of W[j, i, d] s_i(t - d)
        s(t) = target(t) for t < D, then u(t) >= 1

    The rows end with the step in which there have been more than `most_spikes`; later ones are
    silent. inputs, shape (T, N, D), and currents, (T, N), are factors on s_i(t) as it is heard d
    steps later, and on I: dropout.
    """
    n_delays, n_steps = weights.shape[2], len(target)
    u, s = [], []
    for t in range(n_steps):
        current = np.zeros(len(weights))
        for d in range(1, min(n_delays, t) + 1):
            current += weights[:, :, d - 1] @ (inputs[t - d, :, d - 1] * s[t - d])
        decayed = beta * u[t - 1] * (1 - s[t - 1]) if t > 0 else 0.0
        u.append(decayed + currents[t] * current)
        s.append(target[t] if t < n_delays else (u[t] >= 1).astype(float))
        if np.sum(s) > most_spikes:
            break
    return np.array(u), np.array(s)


def loss_and_gradient(
    weights: np.ndarray,
    targets: np.ndarray,
    beta: float,
    slope: float,
    widths: tuple[float, float],
    through_reset: bool = False,
    most_spikes: float = np.inf,
    inputs: np.ndarray | None = None,
    currents: np.ndarray | None = None,
) -> tuple[float, np.ndarray]:
    """1 - F1 over all patterns, neurons and steps from D on, and its gradient.

    Parameters
    ----------
    weights : W[post, pre, delay - 1], shape (N, N, D); the threshold is 1
    targets : boolean, shape (M, N, T)
    beta : decay per step
    slope, widths : of the surrogate derivative, where a spike is wanted and where it is not
    through_reset : whether the reset, (1 - s(t-1)) in u(t), has a gradient
    most_spikes : in a pattern, before it is stopped
    inputs, currents : factors of dropout, shapes (M, T, N, D) and (M, T, N); None for ones

    Returns
    -------
    loss : 1 - 2 TP / (2 TP + FP + FN)
    gradient : shape (N, N, D)
    """
    n_delays = weights.shape[2]
    n_patterns, n_neurons, n_steps = targets.shape
    inputs = np.ones((n_patterns, n_steps, n_neurons, n_delays)) if inputs is None else inputs
    currents = np.ones((n_patterns, n_steps, n_neurons)) if currents is None else currents
    wanted = targets.transpose(0, 2, 1).astype(float)
    runs = [
        free_recall(weights, wanted[m], beta, most_spikes, inputs[m], currents[m])
        for m in range(n_patterns)
    ]
    right = sum(np.sum((s * wanted[m, : len(s)])[n_delays:]) for m, (_, s) in enumerate(runs))
    total = wanted[:, n_delays:].sum() + sum(s[n_delays:].sum() for _, s in runs)
    gradient = np.zeros_like(weights)
    for m, (u, s) in enumerate(runs):
        end = len(s)
        # F1 = 2 sum(s y) / (sum(s) + sum(y)) as a function of s.
        of_spike = 2 * right / total**2 - 2 * wanted[m, :end] / total
        width = np.where(wanted[m, :end] > 0, *widths)
        slopes = surrogate_derivative(u - 1, slope, width)
        slopes[:n_delays], of_spike[:n_delays] = 0, 0
        of_potential = np.zeros((end + 1, n_neurons))
        for t in reversed(range(end)):
            for d in range(1, min(n_delays, end - 1 - t) + 1):
                of_current = currents[m, t + d] * of_potential[t + d]
                of_spike[t] += inputs[m, t, :, d - 1] * (weights[:, :, d - 1].T @ of_current)
            if through_reset:
                of_spike[t] -= beta * u[t] * of_potential[t + 1]
            of_potential[t] = slopes[t] * of_spike[t] + beta * (1 - s[t]) * of_potential[t + 1]
        for d in range(1, n_delays + 1):
            for t in range(end - d):
                of_current = currents[m, t + d] * of_potential[t + d]
                gradient[:, :, d - 1] += np.outer(of_current, inputs[m, t, :, d - 1] * s[t])
    return 1 - 2 * right / total, gradient
