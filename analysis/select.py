"""Pick one network of each kind out of a table that may hold many configurations."""

import pandas as pd

from brianmem import schemas

LOWRANK = [column.name for column in schemas.LOWRANK_STORED if column.name != "load"]
DELAY = [column.name for column in schemas.DELAY_NETWORK]


def first_of_all(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The rows with the first value of every column of `columns`."""
    for column in columns if len(table) else ():
        table = table[table[column] == table[column].iloc[0]]
    return table


def first_of_each(table: pd.DataFrame, columns: list[str], each: list[str]) -> pd.DataFrame:
    """For each value of `each`, the rows with the first value of every column of `columns`."""
    for column in columns:
        if column not in each:
            first = table.groupby(each, sort=False)[column].transform("first")
            table = table[table[column] == first]
    return table
