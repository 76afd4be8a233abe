"""The papers' numbers beside those of the tables: python -m analysis.comparison --tables DIR."""

import argparse
import sys
from pathlib import Path

import pandas as pd

from analysis.delay import f1_by_network
from analysis.lowrank import clock_error, networks_recalling_all, recalled
from brianmem import schemas, tables
from brianmem.errors import BrianmemError


def comparison(folder: Path) -> pd.DataFrame:
    """Columns: quantity, paper, here. Values are text, as they are printed."""
    rows = [*_recall_rows(folder), *_digits_rows(folder), *_delay_rows(folder)]
    return pd.DataFrame(rows, columns=["quantity", "paper", "here"])


def _recall_rows(folder: Path):
    table = tables.read(schemas.LOWRANK_RECALL, folder)
    exact = table[table["simulator"] == "exact"]
    flipped = exact["flip_fraction"].max()
    shown = dict.fromkeys(("pseudo_inverse", "optimised"), "all (of one)")
    shown["hebbian"] = "none (of one)"
    for (rule, kappa), trials in exact.groupby(["rule", "kappa"], sort=False):
        networks = networks_recalling_all(trials, flip_fraction=0.0)["all_recalled"]
        yield (
            f"{rule}, kappa {kappa:g}: networks that recall all patterns",
            shown.get(rule, "not shown"),
            f"{networks.sum()} of {len(networks)}",
        )
        damaged = trials[(trials["start"] == "stored") & (trials["flip_fraction"] == flipped)]
        yield (
            f"{rule}, kappa {kappa:g}: trials with {flipped:.0%} flips completed",
            shown.get(rule, "not shown"),
            f"{recalled(damaged).mean():.0%} of {len(damaged)}",
        )
        control = trials[trials["start"] == "random"]
        yield (
            f"{rule}, kappa {kappa:g}: random vertices kept (control)",
            "not shown",
            f"{recalled(control).mean():.0%} of {len(control)}",
        )
    for dt, errors in clock_error(table).groupby("dt"):
        yield (
            f"Brian2 with a clock, dt {dt:g} tau: median number of the first wrong spike",
            "not shown",
            f"{errors['first_wrong_spike'].median():g}",
        )
        yield (
            f"Brian2 with a clock, dt {dt:g} tau: mean |error of the overlap|",
            "not shown",
            f"{errors['overlap_error'].abs().mean():.3f}",
        )


def _digits_rows(folder: Path):
    table = tables.read(schemas.LOWRANK_DIGITS, folder)
    for (rule, kappa, flips), trials in table.groupby(
        ["rule", "kappa", "flip_fraction"], sort=False
    ):
        shown = rule in ("pseudo_inverse", "optimised") and round(flips * 784) == 118
        yield (
            f"digits, {rule}, kappa {kappa:g}: completed from {flips:.0%} flips",
            "all shown" if shown else "not shown",
            f"{recalled(trials).sum()} of {len(trials)}",
        )


def _delay_rows(folder: Path):
    networks = f1_by_network(tables.read(schemas.DELAY_RECALL, folder))
    for (learner, n_neurons), group in networks.groupby(["learner", "n_neurons"], sort=False):
        scores = group["f1"]
        yield (
            f"delay network, {learner}, N {n_neurons}: F1, mean (least) of {len(scores)} seeds",
            "1.0 after gradient training" if n_neurons == 512 else "1.0 before training",
            f"{scores.mean():.4f} ({scores.min():.4f})",
        )


def main(argv: list[str] | None = None) -> int:
    """Print the comparison and write it beside the tables."""
    parser = argparse.ArgumentParser(prog="python -m analysis.comparison", description=__doc__)
    parser.add_argument("--tables", type=Path, required=True, metavar="DIR")
    folder = parser.parse_args(argv).tables
    try:
        table = comparison(folder)
        path = tables.write(table, schemas.COMPARISON, folder, tables.software())
    except BrianmemError as error:
        print(f"analysis.comparison: error: {error}", file=sys.stderr)
        return 2
    widths = [max(len(str(v)) for v in [name, *table[name]]) for name in table]
    for row in [table.columns, *table.to_numpy()]:
        print(
            "  ".join(
                f"{value:<{width}}" for value, width in zip(row, widths, strict=True)
            ).rstrip()
        )
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
