"""Tables as text for readers: numbers with their intervals, and no column that says nothing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST_ROWS = 40


@dataclass(frozen=True)
class Readable:
    """A table in words.

    Attributes
    ----------
    same : columns with one value throughout, as "name value"
    head, rows : the other columns, all cells text
    n_rows : number of rows of the whole table, of which `rows` may be the first ones
    """

    same: list[str]
    head: list[str]
    rows: list[list[str]]
    n_rows: int


def readable(table: pd.DataFrame, most_rows: int = MOST_ROWS) -> Readable:
    """The first rows of a table; NAME, NAME_low and NAME_high become one column."""
    columns = {}
    for name in table:
        if f"{name}_low" in table and f"{name}_high" in table:
            limits = zip(table[name], table[f"{name}_low"], table[f"{name}_high"], strict=True)
            columns[f"{name} [95 %]"] = [with_limits(*values) for values in limits]
        elif not _is_limit(name, table):
            columns[name] = [text(value) for value in table[name]]
    same = [name for name, cells in columns.items() if len(table) > 1 and len(set(cells)) == 1]
    told = [f"{name} {columns[name][0]}" for name in same if columns[name][0]]
    shown = [name for name in columns if name not in same]
    rows = list(zip(*(columns[name][:most_rows] for name in shown), strict=True))
    return Readable(told, shown, [list(row) for row in rows], len(table))


def _is_limit(name: str, table: pd.DataFrame) -> bool:
    stem, _, side = name.rpartition("_")
    return side in ("low", "high") and stem in table


def with_limits(value: float, low: float, high: float, form: str = ".4g") -> str:
    """A value with those of its limits that are known; a question mark for one that is not."""
    value, low, high = (text(number, form) for number in (value, low, high))
    if value:
        return f"{value} [{low or '?'}, {high or '?'}]" if low or high else value
    if low and high:
        return f"{low} to {high}"
    if low:
        return f"at least {low}"
    return f"at most {high}" if high else ""


def text(value, form: str = ".4g") -> str:
    """A cell as text, with `form` for fractions; nothing where it is empty."""
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return f"{value:{form}}" if value else "0"
    return str(value)
