"""What support/propagate.h does, in NumPy: the state of coupled linear equations from now on."""

import numpy as np

# As in support/propagate.h.
TERMS = 18
FEW_HALVES = 2
MOST_HALVES = 200


def propagate(system: np.ndarray, fastest, delta, x: np.ndarray) -> np.ndarray:
    """The states of neurons after a time, each with dx/dt = M x + b of its own.

    Parameters
    ----------
    system : (M, b), shape (n, n + 1, n_neurons)
    fastest : a rate that no eigenvalue of M exceeds, one number or shape (n_neurons,)
    delta : the time, one number or shape (n_neurons,)
    x : the states now, shape (n, n_neurons)
    """
    fastest, delta, _ = np.broadcast_arrays(fastest, delta, x[0])
    turn, h = 2 * fastest * delta, delta.astype(float)
    halves = np.zeros(len(turn), dtype=int)
    while (again := (turn > 1) & (halves < MOST_HALVES)).any():
        turn, h, halves = (
            np.where(again, turn * 0.5, turn),
            np.where(again, h * 0.5, h),
            halves + again,
        )
    x = x.copy()
    for number in np.unique(halves):
        who = halves == number
        step = _in_steps if number <= FEW_HALVES else _by_doubling
        x[:, who] = step(system[:, :, who], h[who], number, x[:, who])
    return x


def _in_steps(system, h, halves: int, x):
    for _ in range(2**halves):
        term = _apply(system, x, inflow=True) * h
        x = x + term
        for n in range(2, TERMS + 1):
            term = _apply(system, term, inflow=False) * (h / n)
            x = x + term
    return x


def _by_doubling(system, h, halves: int, x):
    change = term = system * h
    for n in range(2, TERMS + 1):
        term = _multiply(system, term) * (h / n)
        change = change + term
    for _ in range(halves):
        change = 2 * change + _multiply(change, change)
    return x + _apply(change, x, inflow=True)


def _apply(system, x, inflow: bool):
    """A x + b for the rows (A, b) of systems, or A x; sums are added in order, as in C++."""
    y = system[:, 0] * x[0]
    for k in range(1, len(x)):
        y = y + system[:, k] * x[k]
    return y + system[:, -1] if inflow else y


def _multiply(a, b):
    """A B for square A, the first columns of rows, and B with one column more."""
    y = a[:, 0, None] * b[0]
    for k in range(1, len(a)):
        y = y + a[:, k, None] * b[k]
    return y
