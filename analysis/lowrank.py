"""Success of recall in low-rank networks, from the overlaps of single trials."""

import pandas as pd

from analysis.configurations import configurations, empty_where_chosen
from analysis.select import LOWRANK as NETWORK
from analysis.statistics import share_interval
from brianmem.criteria import RECALLED

# |cosine| from which on two patterns are too close to be told apart: of ten elements, at most one
# differs, or agrees.
COINCIDE = 0.8


def exact_trials(trials: pd.DataFrame) -> pd.DataFrame:
    """The exact runs, with gamma empty where it was chosen for each network.

    A trial that two blocks of a grid share counts once.
    """
    return empty_where_chosen(trials[trials["dt"] == 0].drop_duplicates(), "gamma")


def stored_patterns(trials: pd.DataFrame) -> pd.DataFrame:
    """The trials that start in a stored pattern, exact or damaged."""
    return trials[trials["start"] == "stored"]


def recalled(trials: pd.DataFrame) -> pd.Series:
    """Whether each trial ended in the pattern that it should lead to."""
    return trials["overlap"] > RECALLED


def all_signs_right(trials: pd.DataFrame) -> pd.Series:
    """Whether each trial ended with every latent on its pattern's side: stricter, in large ones."""
    return trials["signs_correct"] == 1


# What counts as success, by name.
MEASURES = {"overlap": recalled, "all_signs": all_signs_right}


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


def usable_sets(trials: pd.DataFrame) -> pd.DataFrame:
    """The trials of networks in which no two patterns (nearly) coincide."""
    return trials[trials["pattern_correlation"] < COINCIDE]


def shares_recalling_all(trials: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Share of networks that recall all their patterns from undamaged starts.

    Columns: the keys, sets (all, or usable: see usable_sets), n_networks, all_recalled and its
    limits, which are Wilson's.
    """
    rows = []
    for sets, part in (("all", trials), ("usable", usable_sets(trials))):
        for setting, networks in configurations(networks_recalling_all(part, 0.0), keys):
            share = share_interval(networks["all_recalled"]).columns("all_recalled")
            rows.append(setting | {"sets": sets, "n_networks": len(networks)} | share)
    limits = ["all_recalled", "all_recalled_low", "all_recalled_high"]
    return pd.DataFrame(rows, columns=[*keys, "sets", "n_networks", *limits])


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
