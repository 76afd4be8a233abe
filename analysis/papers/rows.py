"""A row of the comparison, and the configurations that have one each."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from analysis.papers.reported import Reported
from analysis.select import first_of_each
from analysis.statistics import Interval, mean_interval


def row(quantity: str, paper: Reported, here: str, found: Interval, n_networks: int) -> dict:
    """Cells of a row, by the names of COMPARISON; `here` is what was found, in words."""
    reported = np.nan if paper.value is None else paper.value
    return {
        "quantity": quantity,
        "paper": paper.text,
        "paper_source": paper.told_of,
        "here": here,
        "paper_value": reported,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "difference": found.value - reported,
        "difference_low": found.low - reported,
        "difference_high": found.high - reported,
        "n": n_networks,
    }


def single(value: float) -> Interval:
    """A value without limits."""
    return Interval(float(value), np.nan, np.nan)


def mean_of_networks(measure: pd.Series, trials: pd.DataFrame, seed: int) -> Interval:
    """Mean of a measure of low-rank trials; every network weighs the same."""
    networks = measure.astype(float).groupby(trials["network_seed"])
    return mean_interval(networks.mean(), seed)


def in_words(found: Interval, form: str) -> str:
    """A value with the limits that are known."""
    value = format(found.value, form)
    low, high = np.isfinite([found.low, found.high])
    if low and high:
        return f"{value} ({found.low:{form}} to {found.high:{form}})"
    if low:
        return f"{value} (at least {found.low:{form}})"
    return f"{value} (at most {found.high:{form}})" if high else value


def groups(
    table: pd.DataFrame,
    columns: list[str],
    chosen: list[str],
    seed: str,
    name: str,
    within: Iterable[str] = (),
    told: Iterable[str] = (),
) -> Iterator[tuple[str, dict, pd.DataFrame]]:
    """Parts of a table of one configuration each, over all seeds, with a label.

    `chosen` is what the package chooses for each network by default: of several values of it, the
    first is taken. `within` are columns of which a configuration has several values, `told` those
    that the label leaves out.
    """
    keys = [column for column in columns if column not in (*chosen, seed, *within)]
    table = first_of_each(table, chosen, [*keys, *within, seed])
    varied = [key for key in keys if key not in (name, *told) and len(table[key].unique()) > 1]
    for values, group in table.groupby(keys, sort=False):
        setting = dict(zip(keys, values, strict=True))
        others = [f"{key} {setting[key]:g}" for key in varied]
        yield ", ".join([setting[name], *others]), setting, group
