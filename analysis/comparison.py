"""The papers' numbers beside those of the tables: python -m analysis.comparison --tables DIR."""

import argparse
import sys
from pathlib import Path

import pandas as pd

from analysis.command import print_aligned
from analysis.delay import f1_by_network
from analysis.lowrank import clock_error, networks_recalling_all, recalled
from analysis.select import DELAY, LOWRANK, first_of_each
from brianmem import schemas, tables
from brianmem.terminal import guard

# What the papers show, for the parameters that they show it for.
FIG_3 = {"n_neurons": 20, "n_patterns": 4}
FIG_3_SHOWN = {
    "hebbian": "none (of one)",
    "pseudo_inverse": "all (of one)",
    "optimised": "all (of one)",
}
BENCHMARK = {
    "n_delays": 41,
    "n_steps": 1000,
    "n_patterns": 16,
    "firing_prob": 1e-3,
    "beta": 0.7,
}
BENCHMARK_SHOWN = {512: "1.0 after gradient training", 1024: "1.0 before training"}
NOT_SHOWN = "not shown"


def comparison(folder: Path) -> pd.DataFrame:
    """Columns: quantity, paper, here. Values are text, as they are printed."""
    rows = [*_recall_rows(folder), *_digits_rows(folder), *_delay_rows(folder)]
    return pd.DataFrame(rows, columns=["quantity", "paper", "here"])


def _groups(table: pd.DataFrame, columns: list[str], chosen: str, seed: str, name: str):
    """Tables of one configuration each, over all seeds, with a label.

    `chosen` is what the package chooses for each network by default: of several values of it, the
    first is taken.
    """
    keys = [column for column in columns if column not in (chosen, seed)]
    table = first_of_each(table, [chosen], [*keys, seed])
    varied = [key for key in keys if key != name and len(table[key].unique()) > 1]
    for values, group in table.groupby(keys, sort=False):
        setting = dict(zip(keys, values, strict=True))
        others = [f"{key} {setting[key]:g}" for key in varied]
        yield ", ".join([setting[name], *others]), setting, group


def _is(setting: dict, paper: dict) -> bool:
    return all(setting[key] == value for key, value in paper.items())


def _recall_rows(folder: Path):
    table = tables.read(schemas.LOWRANK_RECALL, folder)
    exact = table[table["simulator"] == "exact"]
    for label, setting, trials in _groups(exact, LOWRANK, "gamma", "network_seed", "rule"):
        shown = NOT_SHOWN
        if _is(setting, FIG_3):
            shown = FIG_3_SHOWN.get(setting["rule"], NOT_SHOWN)
        stored = trials[trials["start"] == "stored"]
        for flips, damaged in stored.groupby("flip_fraction"):
            if flips == 0:
                networks = networks_recalling_all(trials, flip_fraction=0.0)["all_recalled"]
                quantity = "networks that recall all patterns"
                yield f"{label}: {quantity}", shown, f"{networks.sum()} of {len(networks)}"
            else:
                quantity = f"trials with {flips:.0%} flips completed"
                yield f"{label}: {quantity}", shown, _share(damaged)
        control = trials[trials["start"] == "random"]
        if len(control):
            yield f"{label}: random vertices kept (control)", NOT_SHOWN, _share(control)
    for dt, errors in clock_error(table).groupby("dt"):
        clock = f"Brian2 with a clock, dt {dt:g} tau"
        first = errors["first_wrong_spike"].median()
        yield f"{clock}: first wrong spike (median)", NOT_SHOWN, f"number {first:g}"
        error = errors["overlap_error"].abs().mean()
        yield f"{clock}: |error of the overlap| (mean)", NOT_SHOWN, f"{error:.3f}"


def _share(trials: pd.DataFrame) -> str:
    return f"{recalled(trials).mean():.0%} of {len(trials)}"


def _digits_rows(folder: Path):
    table = tables.read(schemas.LOWRANK_DIGITS, folder)
    columns = [*LOWRANK, "flip_fraction", "dt"]
    for label, setting, trials in _groups(table, columns, "gamma", "network_seed", "rule"):
        shown = setting["rule"] != "hebbian" and round(setting["flip_fraction"] * 784) == 118
        yield (
            f"digits, {label}: completed from {setting['flip_fraction']:.0%} flips",
            "all shown (rule not named)" if shown else NOT_SHOWN,
            f"{recalled(trials).sum()} of {len(trials)}",
        )


def _delay_rows(folder: Path):
    networks = f1_by_network(tables.read(schemas.DELAY_RECALL, folder))
    for label, setting, group in _groups(networks, DELAY, "threshold", "seed", "learner"):
        scores = group["f1"].dropna()
        shown = NOT_SHOWN
        if _is(setting, BENCHMARK):
            shown = BENCHMARK_SHOWN.get(setting["n_neurons"], NOT_SHOWN)
        if len(scores):
            quantity = f"F1, mean (least) of {len(scores)} seeds"
            values = f"{scores.mean():.4f} ({scores.min():.4f})"
            yield f"delay network, {label}: {quantity}", shown, values


def main(argv: list[str] | None = None) -> int:
    """Print the comparison and write it beside the tables."""
    parser = argparse.ArgumentParser(prog="python -m analysis.comparison", description=__doc__)
    parser.add_argument("--tables", type=Path, default=Path("results/smoke/tables"), metavar="DIR")
    folder = parser.parse_args(argv).tables
    return guard("analysis.comparison", lambda: _print_and_write(folder))


def _print_and_write(folder: Path) -> None:
    table = comparison(folder)
    path = tables.write(table, schemas.COMPARISON, folder, tables.software())
    print_aligned(table)
    print(path)


if __name__ == "__main__":
    sys.exit(main())
