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
from analysis.statistics import last_of_run
from brianmem import schemas, tables

CONFIGURATION = ["rule", "n_neurons", "n_patterns", "load", "kappa", "duration"]


def best_gamma(trials: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The gamma of the grid with the highest mean overlap from undamaged starts.

    Columns: those of BEST_GAMMA. Networks that chose their own gamma are left out. The best of many
    overlaps is a little too high: score that gamma on other networks.
    """
    grid = stored_patterns(trials[~trials["gamma_chosen"]])
    overlaps = overlap_summary(grid[grid["flip_fraction"] == 0], rng, "")
    rows = []
    for setting, group in configurations(overlaps, CONFIGURATION):
        group = group.sort_values("gamma", ignore_index=True)
        best = group.loc[group["overlap"].idxmax()]
        low, high = _neighbours(group, best)
        row = {"n_gammas": len(group), "gamma_low": low, "gamma_high": high}
        measures = ["n_networks", "gamma", "overlap", "overlap_low", "overlap_high"]
        rows.append(setting | row | best[measures].to_dict())
    return tables.from_rows(BEST_GAMMA, rows)


def _neighbours(group: pd.DataFrame, best: pd.Series) -> tuple[float, float]:
    """First and last gamma around the best whose intervals, and all between, overlap its own."""
    alike = group["overlap_low"] <= best["overlap_high"]
    alike &= group["overlap_high"] >= best["overlap_low"]
    gamma, at = group["gamma"], best.name
    return last_of_run(gamma[at::-1], alike[at::-1]), last_of_run(gamma[at:], alike[at:])


def main(argv: list[str] | None = None) -> int:
    """Write and print the best gammas."""
    parser = command.parser("gamma", __doc__, bootstrap=True)
    return command.run("gamma", parser.parse_args(argv), _results)


def _results(options: argparse.Namespace) -> command.Results:
    trials = tables.read(schemas.LOWRANK_CAPACITY, options.tables)
    return [(BEST_GAMMA, best_gamma(trials, command.generator(options.seed)))]


if __name__ == "__main__":
    sys.exit(main())
