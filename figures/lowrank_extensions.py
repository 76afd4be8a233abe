"""Storage rules with larger basins and a larger capacity: beyond Podlaski & Machens (2024)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.completion import completion
from analysis.theory import RANK_BOUND
from figures.common import (
    EXTENSIONS,
    Numbers,
    band,
    known_rules,
    letter,
    line_name,
    nested,
    networks,
    settings,
)
from figures.lowrank_completion import completed_patterns, draw_completed

PROTOCOL = "lowrank.completion"
TITLE = "Storage rules with larger basins and capacity (extensions)"
CAPTION = (
    "Flipped part of the elements from which 90 % of the stored patterns are completed, against "
    "the load p/N, by the paper's optimised rule and by rules that go beyond it: ridge regression "
    "in place of equations (regularised), and besides, two neurons of an axis that inhibit each "
    "other (an extension of the architecture), with weights by ridge regression or trained on "
    "noise. a: completed means an overlap above 0.95. b: completed means all signs right, which "
    "is stricter. c: share of undamaged patterns that end with all signs right; dashed, random "
    "vertices that are kept. Vertical line: p = K, the bound of rules that meet equations. "
    "Bands: 95 % intervals over networks. The rules' constants are functions of the load that were "
    "fitted on other networks."
)
RULES = ("optimised", *EXTENSIONS)


def numbers(folder) -> Numbers:
    """Completed part of flips at each load, by both measures of success."""
    return {"completion": completion(completed_patterns(folder, RULES))}


def draw(folder) -> Figure:
    """A column for each N; rows: by overlap, by all signs, undamaged patterns recalled."""
    completed = numbers(folder)["completion"]
    sizes, rules = sorted(completed["n_neurons"].unique()), known_rules(completed)
    size = max(7.2, 2.4 * len(sizes)), 6.4
    figure, axes = plt.subplots(
        3, len(sizes), figsize=size, sharex=True, sharey="row", squeeze=False
    )
    for ax, panel in zip(axes[:, 0], "abc", strict=True):
        letter(ax, panel)
    for (by_overlap, by_signs, share), n_neurons in zip(axes.T, sizes, strict=True):
        of_size = completed[completed["n_neurons"] == n_neurons]
        for ax, measure in ((by_overlap, "overlap"), (by_signs, "all_signs")):
            draw_completed(ax, of_size[of_size["measure"] == measure], rules)
        _draw_recalled(share, of_size[of_size["measure"] == "all_signs"], rules)
        for ax in (by_overlap, by_signs, share):
            ax.axvline(RANK_BOUND, color="0.85", lw=2.5, zorder=-1)
        by_overlap.set_title(f"N = {n_neurons}")
        share.set(xlabel="load p/N", ylim=(-0.05, 1.05))
    labels = "overlap above 0.95", "all signs right"
    for ax, label in zip(axes[:2, 0], labels, strict=True):
        ax.set_ylabel(f"flipped part completed,\n{label}")
        ax.set_ylim(bottom=-0.01)
    axes[2, 0].set_ylabel("share recalled,\nall signs right")
    title = f"{networks(completed['n_networks'])}, {settings(completed, kappa='kappa')}"
    figure.suptitle(title, fontsize=8)
    figure.legend(handles=_legend(rules), loc="outside lower center", ncols=3)
    return figure


def _draw_recalled(ax, completed: pd.DataFrame, rules: list[str]) -> None:
    for rule in rules:
        of_rule = completed[completed["rule"] == rule].sort_values("load")
        style = nested(rule, rules)
        band(ax, of_rule, "load", "recalled", **style)
        ax.plot(of_rule["load"], of_rule["random_kept"], "--", lw=0.8, color=style["color"])


def _legend(rules: list[str]) -> list[Line2D]:
    lines = [Line2D([], [], label=line_name(rule), **nested(rule, rules)) for rule in rules]
    dashed = Line2D([], [], color="0.3", lw=0.8, ls="--", label="random vertices kept")
    return [*lines, dashed, Line2D([], [], color="0.85", lw=2.5, label="p = K")]
