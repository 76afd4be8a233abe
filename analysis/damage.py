"""F1 of delay networks with damaged cues and noise: python -m analysis.damage --of completion."""

import argparse
import sys

import pandas as pd

from analysis import command
from analysis.configurations import empty_where_chosen
from analysis.delay import f1
from analysis.means import means_over_networks
from analysis.schemas import DAMAGE, DELAY
from brianmem import schemas, tables

BASELINE = "none"
KINDS = tuple(column.name for column in schemas.DELAY_DAMAGE)
CURVE = [column.name for column in DELAY]
SOURCES = {"completion": schemas.DELAY_COMPLETION, "capacity": schemas.DELAY_CAPACITY}


def along_each(recalls: pd.DataFrame) -> pd.DataFrame:
    """The rows along each kind of damage that was tried, the baseline in each of them.

    Columns: those of the table, kind, strength, f1, and the shares of perfect recalls and of those
    that ran away.
    """
    recalls = empty_where_chosen(recalls, "threshold")
    recalls = recalls.assign(
        f1=f1(recalls),
        perfect=recalls["n_perfect"] / recalls["n_tested"],
        ran_away=recalls["n_ran_away"] / recalls["n_tested"],
    )
    tried = [kind for kind in KINDS if (recalls["scanned"] == kind).any()]
    curves = [_along(recalls, kind) for kind in tried]
    return pd.concat(curves or [_along(recalls.iloc[:0], KINDS[0])])


def _along(recalls: pd.DataFrame, kind: str) -> pd.DataFrame:
    rows = recalls[recalls["scanned"].isin([kind, BASELINE])]
    return rows.assign(kind=kind, strength=rows[kind].astype(float))


def damage(recalls: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Mean F1 and the least, and shares of recalls, at each strength of each kind of damage.

    Columns: those of DAMAGE. Means are over networks, and `seed` is that of their bootstrap.
    """
    keys, measures = ["kind", *CURVE, "strength"], ["f1", "perfect", "ran_away"]
    rows = along_each(recalls)
    means = means_over_networks(rows, keys, "seed", measures, seed)
    # In the same order: both are sorted by the keys.
    means["f1_least"] = rows.groupby(keys, dropna=False)["f1"].min().to_numpy()
    return tables.from_rows(DAMAGE, means.drop(columns="n_trials").to_dict("records"))


def main(argv: list[str] | None = None) -> int:
    """Write and print F1 at each kind and strength of damage."""
    parser = command.parser("damage", __doc__, bootstrap=True)
    parser.add_argument(
        "--of",
        choices=sorted(SOURCES),
        default="completion",
        help="protocol (default %(default)s)",
    )
    return command.run("damage", parser.parse_args(argv), _results)


def _results(options: argparse.Namespace) -> command.Results:
    command.check_seed(options.seed)  # refuses what is no seed
    recalls = tables.read(SOURCES[options.of], options.tables)
    return [(DAMAGE, damage(recalls, options.seed))]


if __name__ == "__main__":
    sys.exit(main())
