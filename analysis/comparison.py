"""The papers' numbers beside those of the tables: python -m analysis.comparison --tables DIR."""

import argparse
import sys
from pathlib import Path

import pandas as pd

from analysis import command
from analysis.papers import delay, lowrank
from brianmem import schemas, tables
from brianmem.terminal import guard

PRINTED = ["quantity", "paper", "here", "paper_source"]
# Tables in the order of their rows, and whether the comparison can do without one.
PARTS = (
    (schemas.LOWRANK_RECALL, lowrank.recall_rows, False),
    (schemas.LOWRANK_CAPACITY, lowrank.capacity_rows, True),
    (schemas.LOWRANK_COMPLETION, lowrank.completion_rows, True),
    (schemas.LOWRANK_DIGITS, lowrank.digits_rows, False),
    (schemas.DELAY_RECALL, delay.recall_rows, False),
    (schemas.DELAY_SCAN, delay.scan_rows, True),
)


def comparison(folder: Path, seed: int = 0, partial: bool = False) -> pd.DataFrame:
    """What the papers report and the tables show, with intervals over networks.

    Columns: those of COMPARISON. Raises InputError if a table is missing that is needed.

    Parameters
    ----------
    seed : of the bootstrap, for each interval anew: it does not depend on other rows
    partial : whether no table is needed
    """
    rows = []
    for schema, compare, optional in PARTS:
        there = (Path(folder) / f"{schema.name}.csv").exists()
        if there or not (optional or partial):
            rows += compare(tables.read(schema, folder), seed)
    return tables.from_rows(schemas.COMPARISON, rows)


def main(argv: list[str] | None = None) -> int:
    """Print the comparison and write it beside the tables."""
    options = command.parser("comparison", __doc__, bootstrap=True).parse_args(argv)
    return guard("analysis.comparison", lambda: _print_and_write(options))


def _print_and_write(options: argparse.Namespace) -> None:
    command.check_seed(options.seed)  # raises InputError for a seed that is none
    table = comparison(options.tables, options.seed)
    folder = tables.make_folder(options.out or options.tables)
    provenance = tables.software() | {"analysis": "analysis.comparison", "options": vars(options)}
    path = tables.write(table, schemas.COMPARISON, folder, provenance)
    if not options.short:
        command.print_aligned(table[PRINTED])
    print(path)


if __name__ == "__main__":
    sys.exit(main())
