"""Recall and completion of correlated patterns: beyond Podlaski & Machens (2024)."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.completion import completion
from analysis.overlap import overlap_summary
from analysis.select import first_of_all
from brianmem import schemas, tables
from figures.common import (
    RULE_COLOURS,
    Numbers,
    band,
    known_rules,
    letter,
    limits,
    line_name,
    networks,
    not_empty,
    settings,
)

PROTOCOL = "lowrank.completion"
TITLE = "Correlated patterns"
CAPTION = (
    "Patterns that share elements with a common one, so that any two have the correlation of the "
    "axis. a: overlap of undamaged patterns, averaged over the last quarter of the run. b: part of "
    "flipped elements from which 90 % of the patterns are completed, with an overlap above 0.95; "
    "no point: not even undamaged ones are. The rules know of no correlation, but for the penalty "
    "of ridge regressions, which falls with what tells patterns apart. Digits of MNIST, with a "
    "mean correlation near 0.6, are in the figures of digits. Bars: 95 % intervals over networks."
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
    """A column for each load: overlap above, completed part of flips below."""
    found = numbers(folder)
    overlaps, completed = found["overlap_summary"], found["completion"]
    rules = known_rules(overlaps)
    loads = sorted(set(overlaps["load"]) | set(completed["load"]))
    size = max(7.2, 2.4 * len(loads)), 4.8
    figure, axes = plt.subplots(
        2, len(loads), figsize=size, sharex=True, sharey="row", squeeze=False
    )
    letter(axes[0, 0], "a")
    letter(axes[1, 0], "b")
    for (top, bottom), load in zip(axes.T, loads, strict=True):
        for number, rule in enumerate(rules):
            shift = 0.006 * (number - (len(rules) - 1) / 2)
            colour = RULE_COLOURS.get(rule)
            curve = _of(overlaps, rule, load)
            band(top, curve, "correlation", "overlap", color=colour, marker="o", ms=3)
            flips = _of(completed, rule, load).sort_values("correlation")
            bars, x = limits(flips, "completed"), flips["correlation"] + shift
            bottom.errorbar(x, flips["completed"], bars, fmt="o-", ms=3, color=colour)
        for ax, table in ((top, overlaps), (bottom, completed)):
            if load not in set(table["load"]):
                ax.text(0.5, 0.5, "not simulated", transform=ax.transAxes, ha="center", color="0.5")
        top.set(title=f"load {load:g}", ylim=(None, 1.03))
        bottom.set(xlabel="correlation", ylim=(-0.01, None))
    axes[0, 0].set_ylabel("overlap, mean")
    axes[1, 0].set_ylabel("flipped part completed")
    title = f"{networks(overlaps['n_networks'])}, {settings(overlaps, N='n_neurons')}"
    figure.suptitle(title, fontsize=8)
    handles = [plt.Line2D([], [], marker="o", ms=3, color=RULE_COLOURS.get(r)) for r in rules]
    figure.legend(handles, map(line_name, rules), loc="outside lower center", ncols=3)
    return figure


def _of(table: pd.DataFrame, rule: str, load: float) -> pd.DataFrame:
    return table[(table["rule"] == rule) & np.isclose(table["load"], load)]
