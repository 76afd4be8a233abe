"""How many flips of a pattern are completed, by bisection, for many patterns at once."""

from collections.abc import Callable

import numpy as np

NOT_EVEN_UNDAMAGED = -1


def most_completed(
    run: Callable[[list[tuple[int, int]]], np.ndarray], n_starts: int, most: int, n_criteria: int
) -> tuple[np.ndarray, np.ndarray]:
    """Largest numbers of flips from which starts are completed, and the runs that it took.

    Between completed and not completed, the number is bisected until they are neighbours. Where
    success comes back beyond a failure, one of the edges is found.

    Parameters
    ----------
    run : takes (start, number of flips) pairs and tells for each criterion whether that run
        succeeds, boolean, shape (n_pairs, n_criteria)
    most : flips that are tried at most

    Returns
    -------
    completed : int, shape (n_starts, n_criteria); -1 where the undamaged start fails
    n_runs : int, shape (n_starts,)
    """
    low = np.full((n_starts, n_criteria), NOT_EVEN_UNDAMAGED)
    high = np.full((n_starts, n_criteria), most + 1)
    n_runs = np.zeros(n_starts, dtype=int)
    pairs = [(start, 0) for start in range(n_starts)]
    while pairs:
        for (start, n_flips), succeeds in zip(pairs, run(pairs), strict=True):
            n_runs[start] += 1
            inside = (low[start] < n_flips) & (n_flips < high[start])
            low[start, inside & succeeds] = n_flips
            high[start, inside & ~succeeds] = n_flips
        middle = (low + high) // 2
        pairs = sorted({(start, int(middle[start, c])) for start, c in np.argwhere(high - low > 1)})
    return low, n_runs
