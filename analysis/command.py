"""What the commands of analysis share: their options, and what they write and print."""

import argparse
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from brianmem import tables
from brianmem.errors import InputError
from brianmem.tables import Schema
from brianmem.terminal import guard

ROWS_SHOWN = 30
Results = list[tuple[Schema, pd.DataFrame]]


def parser(name: str, description: str, bootstrap: bool = False) -> argparse.ArgumentParser:
    """A parser with --tables and --out, and --seed for what draws a bootstrap."""
    made = argparse.ArgumentParser(prog=f"python -m analysis.{name}", description=description)
    add_folders(made)
    made.add_argument("--short", action="store_true", help="print only the paths")
    if bootstrap:
        made.add_argument(
            "--seed", type=int, default=0, help="seed of the bootstrap (default %(default)s)"
        )
    return made


def add_folders(parser: argparse.ArgumentParser) -> None:
    """Add --tables and --out."""
    parser.add_argument(
        "--tables",
        type=Path,
        default=Path("results/smoke/tables"),
        metavar="DIR",
        help="folder of the protocols' tables (default %(default)s)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for results (default: the same)"
    )


def check_seed(seed: int) -> int:
    """The bootstrap's seed. Raises InputError for a negative one."""
    if seed < 0:
        raise InputError(f"--seed must be at least 0, not {seed}")
    return seed


def run(name: str, options: argparse.Namespace, results: Callable[..., Results]) -> int:
    """Write the tables that results(options) gives, print the last, and return the exit status."""
    return guard(f"analysis.{name}", lambda: _write(name, options, results(options)))


def _write(name: str, options: argparse.Namespace, results: Results) -> None:
    folder = tables.make_folder(options.out or options.tables)
    provenance = tables.software() | {"analysis": f"analysis.{name}", "options": vars(options)}
    paths = [tables.write(table, schema, folder, provenance) for schema, table in results]
    if not options.short:
        _print_first_rows(results[-1][1])
    for path, (_, table) in zip(paths, results, strict=True):
        print(f"{path}: {len(table)} rows")


def _print_first_rows(table: pd.DataFrame) -> None:
    """Print the first rows; columns with one value throughout are told in a line of their own."""
    same = [name for name in table if len(table) > 1 and len(table[name].unique()) == 1]
    if same:
        print(", ".join(f"{name} {_text(table[name].iloc[0]) or 'empty'}" for name in same))
    print_aligned(table.drop(columns=same).head(ROWS_SHOWN))


def print_aligned(table: pd.DataFrame) -> None:
    """Print a table with its columns one below the other; empty cells stay empty."""
    columns = [[name, *map(_text, table[name])] for name in table]
    widths = [max(map(len, column)) for column in columns]
    for row in zip(*columns, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip())


def _text(value) -> str:
    if pd.isna(value):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
