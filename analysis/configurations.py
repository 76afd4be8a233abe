"""Split a table into configurations: rows that differ in nothing but seed and trial."""

from collections.abc import Iterator

import pandas as pd


def configurations(table: pd.DataFrame, keys: list[str]) -> Iterator[tuple[dict, pd.DataFrame]]:
    """Each combination of the keys' values, in order, and its rows. Empty cells are a value too."""
    for values, group in table.groupby(keys, dropna=False):
        yield dict(zip(keys, values, strict=True)), group


def empty_where_chosen(
    table: pd.DataFrame, parameter: str, network: list[str], seed: str
) -> pd.DataFrame:
    """The table with a parameter's cells empty where it was chosen for each network.

    A column PARAMETER_chosen says where. In a table without it, a parameter counts as chosen if
    every network of a configuration has one value of it, and not all of them the same.

    Parameters
    ----------
    network : the columns that name a network, the parameter and the seed among them
    """
    flag = f"{parameter}_chosen"
    if flag in table:
        return table.assign(**{parameter: table[parameter].mask(table[flag])})
    others = [column for column in network if column not in (parameter, seed)]
    in_configuration = table.groupby(others)[parameter].transform("nunique")
    in_network = table.groupby([*others, seed])[parameter].transform("nunique")
    most = table.assign(count=in_network).groupby(others)["count"].transform("max")
    chosen = (most == 1) & (in_configuration > 1)
    return table.assign(**{parameter: table[parameter].mask(chosen)})
