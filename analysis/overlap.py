"""Mean overlap and success of low-rank networks: python -m analysis.overlap --of capacity."""

import argparse
import sys

import numpy as np
import pandas as pd

from analysis import command
from analysis.lowrank import all_signs_right, exact_trials, recalled
from analysis.means import means_over_networks
from analysis.schemas import LOWRANK, OVERLAP_SUMMARY
from brianmem import schemas, tables

SOURCES = {
    "recall": schemas.LOWRANK_RECALL,
    "attractors": schemas.LOWRANK_ATTRACTORS,
    "capacity": schemas.LOWRANK_CAPACITY,
    "digits": schemas.LOWRANK_DIGITS,
}
CONFIGURATION = [*(column.name for column in LOWRANK), "correlation", "start", "flip_fraction"]
MEASURES = ["overlap", "success", "all_signs", "overlap_final"]


def overlap_summary(trials: pd.DataFrame, source: str, seed: int = 0) -> pd.DataFrame:
    """Mean overlap and success of each configuration, with intervals over its networks.

    Columns: those of OVERLAP_SUMMARY; correlation is empty if the table has none. Only exact runs
    count. Means are over the networks' own means, so that every network weighs the same.
    """
    if "correlation" not in trials:
        trials = trials.assign(correlation=np.nan)
    trials = exact_trials(trials)
    scored = trials.assign(success=recalled(trials), all_signs=all_signs_right(trials))
    means = means_over_networks(scored, CONFIGURATION, "network_seed", MEASURES, seed)
    return tables.from_rows(OVERLAP_SUMMARY, means.assign(source=source).to_dict("records"))


def main(argv: list[str] | None = None) -> int:
    """Write and print the summary of one or more tables."""
    parser = command.parser("overlap", __doc__, bootstrap=True)
    parser.add_argument(
        "--of",
        nargs="+",
        choices=SOURCES,
        default=["capacity"],
        help="protocols (default: capacity)",
    )
    return command.run("overlap", parser.parse_args(argv), _results)


def _results(options: argparse.Namespace) -> command.Results:
    seed = command.check_seed(options.seed)
    parts = [
        overlap_summary(tables.read(SOURCES[name], options.tables), SOURCES[name].name, seed)
        for name in options.of
    ]
    return [(OVERLAP_SUMMARY, pd.concat(parts, ignore_index=True))]


if __name__ == "__main__":
    sys.exit(main())
