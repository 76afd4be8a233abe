"""F1 of recalled rasters by their kind, and by period for those that repeat themselves."""

import pandas as pd

from analysis.delay import COUNTS, f1
from analysis.select import first_of_each
from analysis.statistics import mean_interval

EACH = ["target", "learner"]
# What a network of one kind of raster can differ in, beside its seed.
SETTINGS = [
    "dataset",
    "n_neurons",
    "n_delays",
    "n_steps",
    "n_patterns",
    "n_periods",
    "beta",
    "gain",
    "threshold_chosen",
    "wavelength",
    "speed",
    "jitter",
    "bin_ms",
]


def first_networks(targets: pd.DataFrame) -> pd.DataFrame:
    """The rows of the first configuration of each kind of raster and learner."""
    filled = targets.fillna(dict.fromkeys(("wavelength", "speed", "jitter", "bin_ms"), 0.0))
    return targets.loc[first_of_each(filled, SETTINGS, EACH).index]


def f1_by_target(targets: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Mean F1 of each kind of raster and learner over networks, all periods together.

    Columns: target, learner, dataset; n_networks; f1 with its interval; f1_least, of a network;
    ran_away, part of the recalls that were stopped; longest_silence of any pattern.
    """
    rows = []
    for (target, learner), group in targets.groupby(EACH, sort=False):
        networks = f1(group.groupby("seed")[COUNTS].sum()).dropna()
        row = {"target": target, "learner": learner, "dataset": group["dataset"].iloc[0]}
        row |= {"n_networks": len(networks)} | mean_interval(networks, seed).columns("f1")
        once = group[group["period"] == 0]
        row |= {"f1_least": networks.min(), "ran_away": once["ran_away"].mean()}
        rows.append(row | {"longest_silence": once["longest_silence"].max()})
    return pd.DataFrame(rows)


def f1_by_period(targets: pd.DataFrame) -> pd.DataFrame:
    """F1 of each network with periodic rasters in each period: learner, seed, period and f1."""
    periodic = targets[targets["target"] == "periodic"]
    counts = periodic.groupby(["learner", "seed", "period"], sort=False)[COUNTS].sum()
    return counts.assign(f1=f1(counts))[["f1"]].reset_index()
