"""Arrays from users: taken as they are, or refused with the reason, never changed in silence."""

import numpy as np
from scipy.sparse import csr_array, issparse

from brianmem.errors import InputError


def whole_numbers(name: str, values) -> np.ndarray:
    """Values as an int64 array of one axis; floats are taken where they are whole.

    Raises InputError for other shapes, and names the first value that is no whole number.
    """
    values = np.asarray(values)
    if values.ndim != 1:
        raise InputError(f"{name} needs one value per event, not shape {values.shape}")
    if values.dtype == np.int64 or not len(values):
        return values.astype(np.int64)
    kind = values.dtype.kind
    if kind == "f":
        wrong = ~(np.abs(values) < 2**53) | (values != np.round(values))
    elif kind == "u":
        wrong = values > np.iinfo(np.int64).max
    else:
        wrong = np.full(len(values), kind != "i")
    if wrong.any():
        raise InputError(f"{name} holds {values[wrong][0]!s}, which is no whole number")
    return values.astype(np.int64)


def whole_number(name: str, value, least: int) -> None:
    """Raise InputError unless a parameter is a whole number, of type int, and at least so large."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InputError(f"{name} must be a whole number, not {value!r}")
    if value < least:
        raise InputError(f"{name} must be at least {least}, not {value}")


def delay_table(weights) -> csr_array | np.ndarray:
    """Weights of synapses with delays: (N D, N), rows (pre, delay - 1), columns post.

    Parameters
    ----------
    weights : array, or sparse array of any format; float64 or float32 of either byte order

    Returns
    -------
    table : csr_array or array in C's order, of the machine's byte order

    Raises InputError for other shapes and types, and for NaN or infinite weights.
    """
    if issparse(weights):
        table = csr_array(weights)
        values = table.data
    else:
        table = values = np.asarray(weights)
    if values.dtype.newbyteorder("=") not in (np.float64, np.float32):
        raise InputError(f"weights are float64 or float32, not {values.dtype}")
    if table.ndim == 3:
        raise InputError(
            f"weights of shape {table.shape} could have their axes in several orders: take "
            "DelayWeights.from_dense for [post, pre, delay - 1], or a table with rows (pre, delay "
            "- 1) and a column for each postsynaptic neuron"
        )
    if table.ndim != 2 or 0 in table.shape or table.shape[0] % table.shape[1]:
        raise InputError(f"weights are a table (N D, N), not of shape {table.shape}")
    if not np.isfinite(values).all():
        raise InputError("the weights hold NaN or infinite values")
    table = table.astype(values.dtype.newbyteorder("="), copy=False)
    return table if issparse(table) else np.ascontiguousarray(table)
