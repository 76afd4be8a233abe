"""Means of any measure over networks, with intervals."""

import pandas as pd

from analysis.configurations import configurations
from analysis.statistics import mean_interval


def means_over_networks(
    table: pd.DataFrame, keys: list[str], network: str, measures: list[str], seed: int = 0
) -> pd.DataFrame:
    """Means of measures for each combination of the keys' values.

    Columns: the keys, n_networks, n_trials and, for each measure, NAME, NAME_low and NAME_high.
    Means are over the networks' own means, so that every network weighs the same.

    Parameters
    ----------
    network : the column that tells networks of the same keys apart
    measures : columns of numbers, or of True and False
    seed : of the bootstrap
    """
    names = [name for m in measures for name in (m, f"{m}_low", f"{m}_high")]
    rows = []
    for setting, group in configurations(table, keys):
        means = group[measures].astype(float).groupby(group[network]).mean()
        row = setting | {"n_networks": len(means), "n_trials": len(group)}
        for measure in measures:
            row |= mean_interval(means[measure].dropna(), seed).columns(measure)
        rows.append(row)
    return pd.DataFrame(rows, columns=[*keys, "n_networks", "n_trials", *names])
