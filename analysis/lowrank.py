"""Success of recall in low-rank networks, from the overlaps of single trials."""

import pandas as pd

from analysis.configurations import empty_where_chosen
from analysis.select import LOWRANK as NETWORK

RECALLED = 0.95  # overlap above which a pattern counts as recalled


def exact_trials(trials: pd.DataFrame) -> pd.DataFrame:
    """The exact runs, with gamma empty where it was chosen for each network."""
    return empty_where_chosen(trials[trials["dt"] == 0], "gamma")


def stored_patterns(trials: pd.DataFrame) -> pd.DataFrame:
    """The trials that start in a stored pattern, exact or damaged."""
    return trials[trials["start"] == "stored"]


def recalled(trials: pd.DataFrame) -> pd.Series:
    """Whether each trial ended in the pattern that it should lead to."""
    return trials["overlap"] > RECALLED


def success(trials: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Part of the trials that recall their pattern, for each value of the keys.

    Columns: the keys, n_trials, recalled, overlap (mean).
    """
    groups = trials.assign(recalled=recalled(trials)).groupby(keys, sort=False)
    return groups.agg(
        n_trials=("recalled", "size"), recalled=("recalled", "mean"), overlap=("overlap", "mean")
    ).reset_index()


def networks_recalling_all(trials: pd.DataFrame, flip_fraction: float) -> pd.DataFrame:
    """Whether each network recalls all its stored patterns: columns of NETWORK and all_recalled."""
    stored = trials[(trials["start"] == "stored") & (trials["flip_fraction"] == flip_fraction)]
    groups = stored.assign(all_recalled=recalled(stored)).groupby(NETWORK, sort=False)
    return groups["all_recalled"].all().reset_index()


def clock_error(trials: pd.DataFrame) -> pd.DataFrame:
    """How far clock-driven runs are from the exact ones, trial by trial.

    Columns: those that name the trial, dt, overlap_error (clock minus exact), spikes_error
    (relative), first_wrong_spike, spikes_in_shared_steps. Without exact runs the table is empty.
    """
    trial = [*NETWORK, "start", "pattern", "flip_fraction"]
    exact = trials[trials["simulator"] == "exact"][[*trial, "overlap", "n_spikes"]]
    clock = trials[trials["simulator"] == "clock"]
    both = clock.merge(exact, on=trial, suffixes=("", "_exact"))
    both["overlap_error"] = both["overlap"] - both["overlap_exact"]
    both["spikes_error"] = both["n_spikes"] / both["n_spikes_exact"] - 1
    measures = ["overlap_error", "spikes_error", "first_wrong_spike", "spikes_in_shared_steps"]
    return both[[*trial, "dt", *measures]]
