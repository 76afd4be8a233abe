"""Recall of perturbed low-rank networks: python -m analysis.robustness."""

import argparse
import sys

import numpy as np
import pandas as pd

from analysis import command
from analysis.configurations import configurations
from analysis.lowrank import all_signs_right, exact_trials, recalled, stored_patterns
from analysis.means import means_over_networks
from analysis.schemas import LOWRANK, ROBUSTNESS, TOLERANCE
from analysis.statistics import Interval, binomial_crossing, last_of_run
from brianmem import schemas, tables

BASELINE = "none"
PERTURBATIONS = tuple(column.name for column in schemas.PERTURBATION)
# Potentials have no scale of their own. Beside what an axis gets from the others, there is the jump
# gamma: how far a spike lowers its own neuron's potential below those of the others.
IN_AXIS_DRIVE = [column.name for column in schemas.PERTURBATION if column.unit == "kappa q"]
CURVE = ["perturbation", *(column.name for column in LOWRANK), "flip_fraction"]


def along_each(trials: pd.DataFrame) -> pd.DataFrame:
    """The trials along each perturbation that was scanned, the baseline in each of them.

    Columns: those of LOWRANK_ROBUSTNESS, perturbation, strength, strength_in_jumps with the unit
    of strength in jumps (empty where it has none), and whether the trial is a success (an overlap
    above 0.95), with all_signs right.
    """
    # Before gammas that a rule chose are taken out. Without self-inhibition there is no jump.
    jumps = trials["gamma"].where(trials["gamma"] > 0)
    trials = trials.assign(unit_in_jumps=trials["axis_drive"] / jumps)
    trials = stored_patterns(exact_trials(trials))
    trials = trials.assign(success=recalled(trials), all_signs=all_signs_right(trials))
    scanned = [name for name in PERTURBATIONS if (trials["scanned"] == name).any()]
    curves = [_along(trials, name) for name in scanned]
    return pd.concat(curves or [_along(trials.iloc[:0], PERTURBATIONS[0])])


def _along(trials: pd.DataFrame, name: str) -> pd.DataFrame:
    rows = trials[trials["scanned"].isin([name, BASELINE])]
    unit = rows["unit_in_jumps"] if name in IN_AXIS_DRIVE else np.nan
    return rows.assign(
        perturbation=name,
        strength=rows[name],
        unit_in_jumps=unit,
        strength_in_jumps=rows[name] * unit,
    )


def robustness(trials: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Mean overlap and shares of success at each strength of each perturbation.

    Columns: those of ROBUSTNESS. Means are over networks, and `seed` is that of their bootstrap.
    """
    keys = [*CURVE, "strength"]
    measures = ["strength_in_jumps", "overlap", "success", "all_signs"]
    means = means_over_networks(along_each(trials), keys, "network_seed", measures, seed)
    return tables.from_rows(ROBUSTNESS, means.to_dict("records"))


def tolerance(trials: pd.DataFrame, criterion: float = 0.9) -> pd.DataFrame:
    """Strength at which the share of recalled patterns falls to the criterion, for each curve.

    Columns: those of TOLERANCE; see binomial_crossing for value and limits. Strengths are tried in
    growing steps from 0 on: the crossing is sought along their numbers in order, and the strength
    is linear between them.
    """
    rows = []
    for setting, group in configurations(along_each(trials), CURVE):
        strengths, number = np.unique(group["strength"], return_inverse=True)
        crossing, reason = binomial_crossing(
            number, group["success"], 1, group["network_seed"], criterion
        )
        numbers = crossing.value, crossing.low, crossing.high
        strength = Interval(*np.interp(numbers, range(len(strengths)), strengths))
        unit = group.groupby("network_seed")["unit_in_jumps"].first().mean()
        in_jumps = Interval(*(unit * np.array([strength.value, strength.low, strength.high])))
        shares = group.groupby("strength")["success"].mean()
        row = {
            "criterion": criterion,
            "n_strengths": len(shares),
            "n_networks": group["network_seed"].nunique(),
            "reason": reason,
            "tolerated_on_grid": last_of_run(shares.index, shares >= criterion),
        }
        tolerated = strength.columns("tolerated") | in_jumps.columns("tolerated_in_jumps")
        rows.append(setting | row | tolerated)
    return tables.from_rows(TOLERANCE, rows)


def main(argv: list[str] | None = None) -> int:
    """Write and print the recall at each strength, and the strengths that are tolerated."""
    parser = command.parser("robustness", __doc__, bootstrap=True)
    parser.add_argument(
        "--criterion",
        type=float,
        default=0.9,
        metavar="SHARE",
        help="of the patterns that must be recalled (default %(default)s)",
    )
    return command.run("robustness", parser.parse_args(argv), _results)


def _results(options: argparse.Namespace) -> command.Results:
    command.check_seed(options.seed)  # refuses what is no seed
    trials = tables.read(schemas.LOWRANK_ROBUSTNESS, options.tables)
    return [
        (ROBUSTNESS, robustness(trials, options.seed)),
        (TOLERANCE, tolerance(trials, options.criterion)),
    ]


if __name__ == "__main__":
    sys.exit(main())
