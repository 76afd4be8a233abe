"""F1 of patterns that are retrieved one after another in one run."""

import pandas as pd

from analysis.delay import COUNTS, f1
from analysis.statistics import mean_interval
from brianmem.errors import InputError


def f1_by_cue(recalls: pd.DataFrame) -> pd.DataFrame:
    """F1 of what followed each cue, compared with each pattern.

    Columns: learner, seed, cued_pattern, pattern and f1.
    """
    keys = ["learner", "seed", "cued_pattern", "pattern"]
    return recalls.assign(f1=f1(recalls))[[*keys, "f1"]]


def f1_of_sequences(recalls: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Mean F1 of runs over networks, compared with the patterns whose cues were given.

    Columns: learner; n_networks; f1 with its interval; f1_least, of a network; f1_others, the
    largest F1 of any recall with a pattern that was not cued; ran_away, part of the runs.
    """
    recalls = recalls.assign(own=recalls["cued_pattern"] == recalls["pattern"])
    rows = []
    for learner, group in recalls.groupby("learner", sort=False):
        own, others = group[group["own"]], group[~group["own"]]
        networks = f1(own.groupby("seed")[COUNTS].sum()).dropna()
        row = {"learner": learner, "n_networks": len(networks)}
        row |= mean_interval(networks, seed).columns("f1") | {"f1_least": networks.min()}
        row |= {"f1_others": f1(others).max()}
        rows.append(row | {"ran_away": own.groupby("seed")["ran_away"].any().mean()})
    return pd.DataFrame(rows)


def sliding_f1(steps: pd.DataFrame, window: int) -> pd.DataFrame:
    """F1 with each pattern in a window of steps that is moved along one run.

    Parameters
    ----------
    steps : of one network, a row for each pattern and bin of time
    window : steps, rounded to whole bins

    Columns: pattern; step, the middle of the window; f1, empty where neither the run nor the
    pattern has a spike. Raises InputError if the window has no step.
    """
    if window < 1:
        raise InputError(f"the window must have at least 1 step, not {window}")
    curves = []
    for pattern, table in steps.groupby("pattern"):
        width = table["bin_steps"].iloc[0]
        n_bins = max(round(window / width), 1)
        counts = table.sort_values("step")[COUNTS].rolling(n_bins, min_periods=1).sum()
        middle = table["step"].sort_values() + width * (1 - n_bins / 2)
        curves.append(pd.DataFrame({"pattern": pattern, "step": middle, "f1": f1(counts)}))
    empty = pd.DataFrame({"pattern": [], "step": [], "f1": []})
    return pd.concat(curves, ignore_index=True) if curves else empty
