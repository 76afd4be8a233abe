"""The damage that low-rank networks still complete: python -m analysis.completion."""

import argparse
import sys

import numpy as np
import pandas as pd

from analysis import command
from analysis.configurations import configurations
from analysis.lowrank import exact_trials
from analysis.schemas import COMPLETION, LOWRANK
from analysis.statistics import mean_interval, reached_interval
from brianmem import schemas, tables

CONFIGURATION = [*(column.name for column in LOWRANK), "correlation"]
# The columns of lowrank_completion that hold the flips completed by each measure of success.
MEASURES = {"overlap": "completed", "all_signs": "completed_exactly"}
NOT_RECALLED = -1.0


def completion(patterns: pd.DataFrame, criterion: float = 0.9) -> pd.DataFrame:
    """Largest flip fraction from which a share of the patterns is completed, at each load.

    Columns: those of COMPLETION, a row for each measure of success. Only exact runs count. The
    intervals are bootstrapped over networks.
    """
    rows = []
    for setting, group in configurations(exact_trials(patterns), CONFIGURATION):
        stored, random = group[group["start"] == "stored"], group[group["start"] == "random"]
        for measure, column in MEASURES.items():
            # Patterns that are not even recalled undamaged complete less than nothing.
            flips = stored[column].fillna(NOT_RECALLED)
            completed = reached_interval(flips, stored["network_seed"], criterion)
            recalled = stored[column].notna().groupby(stored["network_seed"]).mean()
            row = {
                "measure": measure,
                "criterion": criterion,
                "n_networks": len(recalled),
                "n_trials": len(stored),
                "random_kept": random[column].notna().mean() if len(random) else np.nan,
            }
            columns = {
                name: np.nan if value == NOT_RECALLED else value
                for name, value in completed.columns("completed").items()
            }
            rows.append(setting | row | columns | mean_interval(recalled).columns("recalled"))
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
    patterns = tables.read(schemas.LOWRANK_COMPLETION, options.tables)
    return [(COMPLETION, completion(patterns, options.criterion))]


if __name__ == "__main__":
    sys.exit(main())
