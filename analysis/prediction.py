"""How often predicted and simulated stability agree: python -m analysis.prediction."""

import argparse
import sys

import numpy as np
import pandas as pd

from analysis import command
from analysis.lowrank import exact_trials, recalled
from analysis.schemas import PREDICTED_BY, PREDICTION_CONFUSION
from analysis.select import LOWRANK
from analysis.statistics import share_interval
from brianmem import schemas, tables

# Chosen for each network, gamma differs between networks of one configuration.
CHOSEN = "chosen"
QUANTILES = {"error_median": 0.5, "error_90": 0.9, "error_most": 1.0}


def confusion(trials: pd.DataFrame) -> pd.DataFrame:
    """Predicted stable against recalled, for undamaged starts: all, and by one column at a time.

    Columns: those of PREDICTION_CONFUSION. Only exact runs count. Recalled are starts, stored or
    random, that end at their vertex. Intervals are Wilson's: those of sensitivity and specificity
    take trials of a network as independent, and are too narrow as far as they are not.
    """
    trials = trials[(trials["dt"] == 0) & (trials["flip_fraction"] == 0)]
    rows = []
    for by in PREDICTED_BY:
        values = _values(exact_trials(trials), by)
        for value in values.unique():
            group = trials.loc[values.index[values == value]]
            rows.append({"by": by, "value": value} | _row(group))
    return tables.from_rows(PREDICTION_CONFUSION, rows)


def _values(trials: pd.DataFrame, by: str) -> pd.Series:
    """The values of a column as names, in order; the same name throughout for "all"."""
    if by == "all":
        return pd.Series("all", trials.index)
    values = trials[by].sort_values(na_position="first")
    return values.map(_name)


def _name(value) -> str:
    if isinstance(value, str):
        return value
    return CHOSEN if np.isnan(value) else f"{value:g}"


def _row(trials: pd.DataFrame) -> dict:
    predicted, there = trials["predicted_stable"], recalled(trials)
    error = (trials["predicted_overlap"] - trials["overlap"]).abs()[predicted & there]
    right = (predicted == there).groupby([trials[name] for name in LOWRANK]).all()
    return (
        {
            "n_networks": len(right),
            "n_trials": len(trials),
            "true_positives": (predicted & there).sum(),
            "false_positives": (predicted & ~there).sum(),
            "false_negatives": (~predicted & there).sum(),
            "true_negatives": (~predicted & ~there).sum(),
            "agreement": (predicted == there).mean(),
        }
        | share_interval(predicted[there]).columns("sensitivity")
        | share_interval(~predicted[~there]).columns("specificity")
        | share_interval(right).columns("networks_right")
        | {name: error.quantile(at) if len(error) else np.nan for name, at in QUANTILES.items()}
    )


def main(argv: list[str] | None = None) -> int:
    """Write and print the table."""
    parser = command.parser("prediction", __doc__)
    return command.run("prediction", parser.parse_args(argv), _results)


def _results(options: argparse.Namespace) -> command.Results:
    trials = tables.read(schemas.LOWRANK_PREDICTION, options.tables)
    return [(PREDICTION_CONFUSION, confusion(trials))]


if __name__ == "__main__":
    sys.exit(main())
