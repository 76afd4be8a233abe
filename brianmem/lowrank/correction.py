"""In which order a network corrects the axes of a damaged start: which first, and why those.

Whatever the network's clock is, `changed_at` says when each axis first left the sign of its start,
shape (K,), and is infinite for axes that never did.
"""

import numpy as np

# Of the strongest push: smaller differences are rounding, as between axes alike in all patterns.
ROUNDING = 1e-9


def first_changes(states: np.ndarray, times, start: np.ndarray) -> np.ndarray:
    """The first of increasing times at which an axis has another sign than its start, shape (K,).

    Parameters
    ----------
    states : of the axes at these times, shape (K, n_times)
    start : +-1, shape (K,)
    """
    other = states * start[:, None] < 0
    return np.where(other.any(axis=1), np.asarray(times)[other.argmax(axis=1)], np.inf)


def first_corrected(changed_at: np.ndarray, flipped: np.ndarray) -> float:
    """Part of the first changes that are corrections: of as many as axes are flipped.

    Where fewer axes change, it is of these; where several change at once and not all of them count,
    each does in part. nan if nothing is flipped or nothing changes.

    Parameters
    ----------
    flipped : whether the start has an axis wrong, boolean, shape (K,)

    Examples
    --------
    Axis 0 is corrected first, then axis 2 is spoiled; of two axes that are flipped it is one:

    >>> changed_at, flipped = np.array([1, 5, 2, np.inf]), np.array([True, True, False, False])
    >>> first_corrected(changed_at, flipped)
    0.5
    """
    n_counted = min(flipped.sum(), np.isfinite(changed_at).sum())
    if n_counted == 0:
        return np.nan
    last = np.sort(changed_at)[n_counted - 1]
    before, tied = changed_at < last, changed_at == last
    of_tied = (n_counted - before.sum()) * flipped[tied].mean()
    return float((flipped[before].sum() + of_tied) / n_counted)


def stronger_first(changed_at: np.ndarray, push: np.ndarray) -> float:
    """Probability that of two axes that change, the one with the stronger push does so first.

    It is 1/2 where the push has no say; ties of either count half. nan where fewer than two axes
    change.

    Parameters
    ----------
    push : how strongly the start drives each axis to change, shape (K,)

    Examples
    --------
    >>> stronger_first(np.array([1, 2, 3, np.inf]), np.array([0.7, 0.9, 0.1, 5.0]))
    0.6666666666666666
    """
    changed = np.isfinite(changed_at)
    at, push = changed_at[changed], push[changed]
    if len(at) < 2:
        return np.nan
    pairs = np.triu_indices(len(at), 1)
    sooner = np.sign(at[pairs[1]] - at[pairs[0]])
    differences = push[pairs[0]] - push[pairs[1]]
    stronger = np.sign(
        np.where(np.abs(differences) > ROUNDING * np.abs(push).max(), differences, 0)
    )
    return float(np.mean(1 + sooner * stronger) / 2)
