"""The load at which low-rank networks cease to recall: python -m analysis.capacity."""

import argparse
import sys

import pandas as pd

from analysis import command
from analysis.configurations import configurations
from analysis.lowrank import MEASURES, exact_trials
from analysis.schemas import CAPACITY
from analysis.statistics import binomial_crossing
from brianmem import schemas, tables

CONFIGURATION = ["rule", "n_neurons", "correlation", "gamma", "kappa", "duration"]


def capacity(trials: pd.DataFrame, criterion: float = 0.5) -> pd.DataFrame:
    """Load at which the share of recalled patterns first falls to the criterion, undamaged starts.

    Columns: those of CAPACITY, a row for each measure of success. Only exact runs count; see
    binomial_crossing for value and limits. Where recall comes back at higher loads (revival), even
    in part, these are left out of the fit. A memory that keeps vertices that were never stored
    (random_kept) is none, whatever its capacity.
    """
    rows = []
    for setting, group in configurations(exact_trials(trials), CONFIGURATION):
        undamaged = group[(group["start"] == "stored") & (group["flip_fraction"] == 0)]
        if not len(undamaged):
            continue
        for measure, succeeds in MEASURES.items():
            tried = undamaged.assign(success=succeeds(undamaged))
            revival = _revival(tried, criterion)
            fitted = tried[~(tried["load"] >= revival)]
            load, reason = binomial_crossing(
                fitted["load"], fitted["success"], 1, fitted["network_seed"], criterion
            )
            row = {
                "measure": measure,
                "criterion": criterion,
                "n_loads": fitted["load"].nunique(),
                "n_networks": fitted["network_seed"].nunique(),
                "reason": reason,
                "revival": revival,
                "random_kept": _random_kept(group, succeeds),
            }
            rows.append(setting | row | load.columns("capacity"))
    return tables.from_rows(CAPACITY, rows)


def _revival(trials: pd.DataFrame, criterion: float) -> float:
    """The load at which the share first rises again after it fell below the criterion, or nan.

    A logistic curve falls for ever: what rises again, criterion or not, is no part of its fall.
    """
    share = trials.groupby("load")["success"].mean()
    fallen = (share < criterion).cummax().shift(fill_value=False)
    return share.index[fallen & (share > share.shift())].min()


def _random_kept(trials: pd.DataFrame, succeeds) -> float:
    """Largest share, over loads, of random vertices that are kept; nan if none was tried."""
    random = trials[trials["start"] == "random"]
    return succeeds(random).groupby(random["load"]).mean().max()


def main(argv: list[str] | None = None) -> int:
    """Write and print the capacities."""
    parser = command.parser("capacity", __doc__)
    parser.add_argument(
        "--criterion",
        type=float,
        default=0.5,
        metavar="SHARE",
        help="of the patterns that must be recalled (default %(default)s)",
    )
    return command.run("capacity", parser.parse_args(argv), _results)


def _results(options: argparse.Namespace) -> command.Results:
    trials = tables.read(schemas.LOWRANK_CAPACITY, options.tables)
    return [(CAPACITY, capacity(trials, options.criterion))]


if __name__ == "__main__":
    sys.exit(main())
