"""The best self-connection of low-rank networks, by recall: python -m analysis.gamma."""

import argparse
import sys

import numpy as np
import pandas as pd

from analysis import command
from analysis.configurations import configurations
from analysis.lowrank import stored_patterns
from analysis.overlap import overlap_summary
from analysis.schemas import BEST_GAMMA
from analysis.statistics import last_of_run, mean_interval
from analysis.theory import gamma_window
from brianmem import schemas, tables

MUCH = 0.01  # of an overlap
CONFIGURATION = ["rule", "n_neurons", "n_patterns", "load", "correlation", "kappa", "duration"]


def best_gamma(trials: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """The gamma of the grid with the highest mean overlap from undamaged starts.

    Columns: those of BEST_GAMMA, beside what the rule chooses by itself in the same networks, and
    the window of theory. The best of many overlaps is a little too high: score that gamma on other
    networks.
    """
    undamaged = stored_patterns(trials[trials["flip_fraction"] == 0])
    rows = []
    for setting, group in configurations(undamaged, CONFIGURATION):
        scanned = group[~group["gamma_chosen"]]
        if len(scanned):
            same = group["network_seed"].isin(scanned["network_seed"])
            row = _best(scanned, seed) | _chosen(group[same & group["gamma_chosen"]], seed)
            window = gamma_window(setting["rule"], setting["load"]) or (np.nan, np.nan)
            row |= dict(zip(("window_low", "window_high"), window, strict=True))
            rows.append(setting | row)
    return tables.from_rows(BEST_GAMMA, rows)


def _best(scanned: pd.DataFrame, seed: int = 0) -> dict:
    overlaps = overlap_summary(scanned, "", seed).sort_values("gamma", ignore_index=True)
    best = overlaps.loc[overlaps["overlap"].idxmax()]
    low, high = _neighbours(overlaps, best)
    measures = ["n_networks", "gamma", "overlap", "overlap_low", "overlap_high"]
    row = {"n_gammas": len(overlaps), "gamma_low": low, "gamma_high": high}
    return row | best[measures].to_dict()


def _chosen(trials: pd.DataFrame, seed: int = 0) -> dict:
    if not len(trials):
        return {}
    overlap = mean_interval(trials.groupby("network_seed")["overlap"].mean(), seed)
    return {"chosen": trials["gamma"].mean()} | overlap.columns("overlap_chosen")


def _neighbours(overlaps: pd.DataFrame, best: pd.Series) -> tuple[float, float]:
    """First and last gamma around the best up to which no overlap is much below the best one."""
    alike = overlaps["overlap"] >= best["overlap"] - MUCH
    gamma, at = overlaps["gamma"], best.name
    return last_of_run(gamma[at::-1], alike[at::-1]), last_of_run(gamma[at:], alike[at:])


def main(argv: list[str] | None = None) -> int:
    """Write and print the best gammas."""
    parser = command.parser("gamma", __doc__, bootstrap=True)
    return command.run("gamma", parser.parse_args(argv), _results)


def _results(options: argparse.Namespace) -> command.Results:
    trials = tables.read(schemas.LOWRANK_CAPACITY, options.tables)
    return [(BEST_GAMMA, best_gamma(trials, command.check_seed(options.seed)))]


if __name__ == "__main__":
    sys.exit(main())
