"""The damage that low-rank networks still complete: python -m analysis.completion."""

import argparse
import sys

import pandas as pd

from analysis import command
from analysis.configurations import configurations
from analysis.lowrank import exact_trials, recalled, stored_patterns
from analysis.schemas import COMPLETION, LOWRANK
from analysis.statistics import binomial_crossing, last_of_run
from brianmem import schemas, tables

CONFIGURATION = [column.name for column in LOWRANK]


def completion(trials: pd.DataFrame, criterion: float = 0.9) -> pd.DataFrame:
    """Flip fraction at which the share of completed patterns falls to the criterion, at each load.

    Columns: those of COMPLETION. Only exact runs count; see binomial_crossing for value and limits.
    """
    rows = []
    stored = stored_patterns(exact_trials(trials))
    for setting, group in configurations(stored, CONFIGURATION):
        flips, reason = binomial_crossing(
            group["flip_fraction"], recalled(group), 1, group["network_seed"], criterion
        )
        shares = recalled(group).groupby(group["flip_fraction"]).mean()
        row = {
            "criterion": criterion,
            "n_flip_fractions": len(shares),
            "n_networks": group["network_seed"].nunique(),
            "reason": reason,
            "completed_on_grid": last_of_run(shares.index, shares >= criterion),
        }
        rows.append(setting | row | flips.columns("completed"))
    return tables.from_rows(COMPLETION, rows)


def main(argv: list[str] | None = None) -> int:
    """Write and print the completed flip fractions."""
    parser = command.parser("completion", __doc__)
    parser.add_argument(
        "--criterion",
        type=float,
        default=0.9,
        metavar="SHARE",
        help="of the patterns that must be completed (default %(default)s)",
    )
    return command.run("completion", parser.parse_args(argv), _results)


def _results(options: argparse.Namespace) -> command.Results:
    trials = tables.read(schemas.LOWRANK_COMPLETION, options.tables)
    return [(COMPLETION, completion(trials, options.criterion))]


if __name__ == "__main__":
    sys.exit(main())
