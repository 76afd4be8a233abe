"""Recall and completion of correlated patterns: beyond Podlaski & Machens (2024)."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.completion import completion
from analysis.overlap import overlap_summary
from analysis.select import first_of_all
from brianmem import schemas, tables
from brianmem.criteria import RECALLED
from figures.common import (
    Numbers,
    band,
    known_rules,
    letter,
    line_name,
    nested,
    networks,
    not_empty,
    settings,
)

PROTOCOL = "lowrank.completion"
TITLE = "Correlated patterns"
CAPTION = (
    "Patterns that share elements with a common one, so that any two have the correlation of the "
    "axis. a: distance from 1 of the overlap of undamaged patterns, averaged over the last quarter "
    "of the run; above the thin line they do not count as recalled. b: part of flipped elements "
    "from which 90 % of the patterns are completed, with an overlap above 0.95; no point: not even "
    "undamaged ones are. Loads that were not tried have no panel. The rules know of no "
    "correlation, but for the penalty of ridge regressions, which falls with what tells patterns "
    "apart. Digits of MNIST, with a mean correlation near 0.6, are in the figures of digits. "
    "Bands: 95 % intervals over networks."
)


def numbers(folder) -> Numbers:
    """Overlap and completed part of flips at each correlation."""
    trials = _correlated(tables.read(schemas.LOWRANK_CAPACITY, folder), "lowrank.capacity")
    trials = trials[(trials["flip_fraction"] == 0) & (trials["start"] == "stored")]
    patterns = _correlated(tables.read(schemas.LOWRANK_COMPLETION, folder), PROTOCOL)
    completed = completion(patterns)
    return {
        "overlap_summary": overlap_summary(trials, "lowrank_capacity"),
        "completion": completed[completed["measure"] == "overlap"],
    }


def _correlated(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The networks that were run at several correlations."""
    n_values = table.groupby(["rule", "n_neurons", "n_patterns", "network_seed"])["correlation"]
    several = table[n_values.transform("nunique") > 1]
    several = not_empty(several, f"correlated patterns in {name}")
    return first_of_all(several, ["n_neurons", "gamma_chosen", "kappa", "duration"])


def draw(folder) -> Figure:
    """A column for each load: distance of the overlap from 1 above, completed flips below."""
    found = numbers(folder)
    overlaps, completed = found["overlap_summary"], found["completion"]
    # The limits change places.
    distances = overlaps.assign(
        distance=1 - overlaps["overlap"],
        distance_low=1 - overlaps["overlap_high"],
        distance_high=1 - overlaps["overlap_low"],
    )
    rules = known_rules(overlaps)
    loads = sorted(set(overlaps["load"]) | set(completed["load"]))
    size = max(7.2, 2.4 * len(loads)), 4.8
    figure, axes = plt.subplots(2, len(loads), figsize=size, sharey="row", squeeze=False)
    rows = (("a", distances, "distance"), ("b", completed, "completed"))
    for row, (panel, table, name) in zip(axes, rows, strict=True):
        letter(row[0], panel)
        for ax, load in zip(row, loads, strict=True):
            for rule in rules:
                band(ax, _of(table, rule, load), "correlation", name, **nested(rule, rules))
            ax.set(title=f"load {load:g}", xlabel="correlation")
            if load not in set(table["load"]):
                ax.remove()
    for ax in axes[0]:
        ax.axhline(1 - RECALLED, color="0.7", lw=0.6, zorder=0)
        ax.set_yscale("log")
    axes[0, 0].set_ylabel("1 - overlap, mean")
    axes[1, 0].set(ylabel="flipped part completed", ylim=(-0.01, None))
    title = f"{networks(overlaps['n_networks'])}, {settings(overlaps, N='n_neurons')}"
    figure.suptitle(title, fontsize=8)
    handles = [plt.Line2D([], [], label=line_name(rule), **nested(rule, rules)) for rule in rules]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _of(table: pd.DataFrame, rule: str, load: float) -> pd.DataFrame:
    return table[(table["rule"] == rule) & np.isclose(table["load"], load)]
