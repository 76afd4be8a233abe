"""How often predicted and simulated stability agree: python -m analysis.prediction."""

import argparse
import sys
from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis import command
from analysis.lowrank import exact_trials, recalled
from analysis.schemas import PREDICTED_BY, PREDICTION_CONFUSION
from analysis.select import LOWRANK
from analysis.statistics import mean_interval, share_interval
from brianmem import schemas, tables

# Chosen for each network, gamma differs between networks of one configuration.
CHOSEN = "chosen"
# What a prediction rests on, and the limit of the stable side: see brianmem/lowrank/prediction.py.
LEAST_EIGENVALUE, MOST_SPREAD, LEAST_MARGIN = 0.0, 2.0, 2.4
QUANTILES = {"error_median": 0.5, "error_90": 0.9, "error_most": 1.0}
OUTCOMES = ("true positive", "false positive", "false negative", "true negative")


def undamaged(trials: pd.DataFrame) -> pd.DataFrame:
    """The exact runs from undamaged starts, which are what is predicted."""
    return trials[(trials["dt"] == 0) & (trials["flip_fraction"] == 0)]


def outcomes(trials: pd.DataFrame) -> pd.Series:
    """One of OUTCOMES for each trial; positive is predicted stable, true as it came out."""
    predicted, right = trials["predicted_stable"], trials["predicted_stable"] == recalled(trials)
    names = np.where(right, "true ", "false ") + np.where(predicted, "positive", "negative")
    return pd.Series(names, trials.index)


def reasons(trials: pd.DataFrame) -> pd.DataFrame:
    """Undamaged starts by the condition that decided: columns prediction, n_trials, n_recalled."""
    trials = undamaged(trials)
    groups = trials.assign(recalled=recalled(trials)).groupby("prediction")["recalled"]
    counts = groups.agg(n_trials="size", n_recalled="sum")
    return counts.sort_values("n_trials", ascending=False).reset_index()


def agreement(trials: pd.DataFrame) -> pd.DataFrame:
    """Part of the undamaged starts that is predicted right: all, and by one column at a time.

    Columns: by, value, n_networks, n_trials, agreement and its limits, over networks, each of which
    weighs the same, and base_rate, that of the better constant prediction. A network with another
    gamma or kappa counts as another one, although it has the same patterns: intervals are too
    narrow as far as such networks are alike.
    """
    rows = []
    for by, value, group in _groups(undamaged(trials)):
        there = recalled(group)
        scores = pd.DataFrame({"right": group["predicted_stable"] == there, "recalled": there})
        of_networks = scores.astype(float).groupby([group[name] for name in LOWRANK]).mean()
        sizes = {"n_networks": len(of_networks), "n_trials": len(group)}
        share = mean_interval(of_networks["right"]).columns("agreement")
        base_rate = {"base_rate": _base_rate(of_networks["recalled"])}
        rows.append({"by": by, "value": value} | sizes | share | base_rate)
    return pd.DataFrame(rows)


def confusion(trials: pd.DataFrame) -> pd.DataFrame:
    """Predicted stable against recalled, for undamaged starts: all, and by one column at a time.

    Columns: those of PREDICTION_CONFUSION. Only exact runs count. Recalled are starts, stored or
    random, that end at their vertex. Intervals are Wilson's: those of sensitivity and specificity
    take trials of a network as independent, and are too narrow as far as they are not.
    """
    rows = [
        {"by": by, "value": value} | _row(group) for by, value, group in _groups(undamaged(trials))
    ]
    return tables.from_rows(PREDICTION_CONFUSION, rows)


def _groups(trials: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """A column, a value of it as a name, and its rows; "all" and "all" for all rows."""
    for by in PREDICTED_BY:
        values = _values(exact_trials(trials), by)
        for value in values.unique():
            yield by, value, trials.loc[values.index[values == value]]


def _values(trials: pd.DataFrame, by: str) -> pd.Series:
    """The values of a column as names, in order; the same name throughout for "all"."""
    if by == "all":
        return pd.Series("all", trials.index)
    values = trials[by].sort_values(na_position="first")
    return values.map(_name)


def _name(value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return CHOSEN if np.isnan(value) else f"{value:g}"


def _base_rate(recalled: pd.Series) -> float:
    """What the better of two constant predictions gets right: always stable, and never."""
    share = recalled.mean()
    return max(share, 1 - share)


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
            "base_rate": _base_rate(there),
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
