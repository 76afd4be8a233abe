"""Split a table into configurations: rows that differ in nothing but seed and trial."""

from collections.abc import Iterator

import pandas as pd


def configurations(table: pd.DataFrame, keys: list[str]) -> Iterator[tuple[dict, pd.DataFrame]]:
    """Each combination of the keys' values, in order, and its rows. Empty cells are a value too."""
    for values, group in table.groupby(keys, dropna=False):
        yield dict(zip(keys, values, strict=True)), group


def empty_where_chosen(table: pd.DataFrame, parameter: str) -> pd.DataFrame:
    """The table with a parameter's cells empty where PARAMETER_chosen says it was not of the grid.

    What was chosen for each network differs between networks of one configuration.
    """
    return table.assign(**{parameter: table[parameter].mask(table[f"{parameter}_chosen"])})
