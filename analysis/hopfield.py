"""Completion by spikes and by networks without them: python -m analysis.hopfield."""

import argparse
import sys

import pandas as pd

from analysis import command
from analysis.configurations import configurations, empty_where_chosen
from analysis.lowrank import MEASURES as SUCCESSES
from analysis.lowrank import all_signs_right, recalled
from analysis.means import means_over_networks
from analysis.schemas import HOPFIELD, HOPFIELD_BASINS, LOWRANK
from analysis.statistics import binomial_crossing
from brianmem import schemas, tables

CURVE = [*(column.name for column in LOWRANK), "correlation", "dynamics"]
MEASURES = ["success", "all_signs", "spoiled", "first_corrected", "stronger_first"]


def hopfield(trials: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Shares of success, and which latents change first, for each kind of dynamics.

    Columns: those of HOPFIELD. Means are over networks, and `seed` is that of their bootstrap.
    """
    trials = empty_where_chosen(trials.drop_duplicates(), "gamma")
    n_right = trials["n_neurons"] / 2 * (1 - trials["flip_fraction"])
    scored = trials.assign(
        success=recalled(trials),
        all_signs=all_signs_right(trials),
        # Flips are a whole number, which the fraction is not: at most all are spoiled.
        spoiled=(trials["n_spoiled"] / n_right.round()).clip(upper=1),
    )
    keys = [*CURVE, "flip_fraction"]
    means = means_over_networks(scored, keys, "network_seed", MEASURES, seed)
    return tables.from_rows(HOPFIELD, means.to_dict("records"))


def basins(trials: pd.DataFrame, criterion: float = 0.5) -> pd.DataFrame:
    """Flip fraction from which a share of the starts is completed, for each kind of dynamics.

    Columns: those of HOPFIELD_BASINS, a row for each measure of success; see binomial_crossing for
    value and limits.
    """
    rows = []
    trials = empty_where_chosen(trials.drop_duplicates(), "gamma")
    for setting, group in configurations(trials, CURVE):
        fractions, networks = group["flip_fraction"], group["network_seed"]
        sizes = {"n_fractions": fractions.nunique(), "n_networks": networks.nunique()}
        for measure, succeeds in SUCCESSES.items():
            crossing, reason = binomial_crossing(fractions, succeeds(group), 1, networks, criterion)
            told = {"measure": measure, "criterion": criterion, "reason": reason}
            rows.append(setting | sizes | told | crossing.columns("completed"))
    return tables.from_rows(HOPFIELD_BASINS, rows)


def main(argv: list[str] | None = None) -> int:
    """Write and print the shares, and the flips from which half of the starts are completed."""
    parser = command.parser("hopfield", __doc__, bootstrap=True)
    parser.add_argument(
        "--criterion",
        type=float,
        default=0.5,
        metavar="SHARE",
        help="of the starts that must be completed (default %(default)s)",
    )
    return command.run("hopfield", parser.parse_args(argv), _results)


def _results(options: argparse.Namespace) -> command.Results:
    seed = command.check_seed(options.seed)
    trials = tables.read(schemas.LOWRANK_HOPFIELD, options.tables)
    return [
        (HOPFIELD, hopfield(trials, seed)),
        (HOPFIELD_BASINS, basins(trials, options.criterion)),
    ]


if __name__ == "__main__":
    sys.exit(main())
