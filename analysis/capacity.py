"""The load at which low-rank networks cease to recall: python -m analysis.capacity."""

import argparse
import sys

import pandas as pd

from analysis import command
from analysis.configurations import configurations
from analysis.lowrank import exact_trials, recalled, stored_patterns
from analysis.schemas import CAPACITY
from analysis.statistics import binomial_crossing
from brianmem import schemas, tables

CONFIGURATION = ["rule", "n_neurons", "gamma", "kappa", "duration"]


def capacity(trials: pd.DataFrame, criterion: float = 0.5) -> pd.DataFrame:
    """Load at which the share of recalled patterns falls to the criterion, from undamaged starts.

    Columns: those of CAPACITY. Only exact runs count; see binomial_crossing for value and limits.
    A memory that keeps vertices that were never stored (random_kept) is none, whatever its
    capacity.
    """
    rows = []
    for setting, group in configurations(exact_trials(trials), CONFIGURATION):
        undamaged = stored_patterns(group)
        undamaged = undamaged[undamaged["flip_fraction"] == 0]
        if not len(undamaged):
            continue
        load, reason = binomial_crossing(
            undamaged["load"],
            recalled(undamaged),
            1,
            undamaged["network_seed"],
            criterion,
        )
        row = {
            "criterion": criterion,
            "n_loads": undamaged["load"].nunique(),
            "n_networks": undamaged["network_seed"].nunique(),
            "reason": reason,
            "random_kept": _random_kept(group),
        }
        rows.append(setting | row | load.columns("capacity"))
    return tables.from_rows(CAPACITY, rows)


def _random_kept(trials: pd.DataFrame) -> float:
    """Largest share, over loads, of random vertices that are kept; nan if none was tried."""
    random = trials[trials["start"] == "random"]
    return recalled(random).groupby(random["load"]).mean().max()


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
