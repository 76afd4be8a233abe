"""F1 of recalled rasters, from counts of right, extra and missing spikes."""

import pandas as pd

from analysis.select import DELAY as NETWORK
from brianmem.errors import InputError
from brianmem.schemas import OUTCOMES

COUNTS = [column.name for column in OUTCOMES]


def f1(counts: pd.DataFrame) -> pd.Series:
    """F1 = 2 TP / (2 TP + FP + FN) of each row; empty where there was nothing to recall."""
    hits = 2 * counts["true_positives"]
    return hits / (hits + counts["false_positives"] + counts["false_negatives"])


def f1_by_network(recall: pd.DataFrame) -> pd.DataFrame:
    """F1 of each network over all of its patterns: the columns of NETWORK, and f1."""
    counts = recall.groupby(NETWORK, sort=False)[COUNTS].sum()
    return counts.assign(f1=f1(counts)).reset_index()


def f1_by_neuron(neurons: pd.DataFrame) -> pd.DataFrame:
    """F1 of each neuron of a network over all patterns: the columns of NETWORK, neuron and f1."""
    keys = [*NETWORK, "neuron"]
    counts = neurons.groupby(keys, sort=False)[COUNTS].sum()
    return counts.assign(f1=f1(counts))[["f1"]].reset_index()


def f1_along_time(steps: pd.DataFrame, window: int) -> pd.DataFrame:
    """F1 of each network in a window of steps centred on each step: NETWORK, step and f1.

    Spikes are counted only after the cue, so the curve begins where it ends. Raises InputError if
    the window has no step.
    """
    if window < 1:
        raise InputError(f"the window must have at least 1 step, not {window}")
    free = steps[steps["step"] >= steps["n_delays"]]
    # So that a table without rows has the right types.
    curves = [free[[*NETWORK, "step"]].iloc[:0].assign(f1=pd.Series(dtype=float))]
    for network, table in free.groupby(NETWORK, sort=False):
        counts = table.set_index("step")[COUNTS]
        counts = counts.rolling(window, center=True, min_periods=1).sum()
        curve = counts.assign(f1=f1(counts))[["f1"]].reset_index()
        curves.append(curve.assign(**dict(zip(NETWORK, network, strict=True))))
    return pd.concat(curves, ignore_index=True)[[*NETWORK, "step", "f1"]]
