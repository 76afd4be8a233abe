"""Recall by low-rank networks with noise, neurons and weights that differ, or missing parts."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter

from analysis.lowrank import RECALLED
from analysis.robustness import BASELINE, PERTURBATIONS, robustness, tolerance
from analysis.select import first_of_each
from brianmem import schemas, tables
from figures.common import (
    PAPER,
    RULE_COLOURS,
    Numbers,
    band,
    known_rules,
    letter,
    line_name,
    networks,
    not_empty,
    settings,
)

PROTOCOL = "lowrank.robustness"
TITLE = "Robustness against noise, heterogeneity and loss"
CAPTION = (
    "Overlap with the stored pattern, mean over networks, against how much is wrong with them: a "
    "row for each thing that is wrong, a column for each load. Solid: from undamaged starts; "
    "dashed: from flipped ones. Bands: 95 % intervals over networks. Triangles: strength at which "
    "the share of undamaged patterns that are recalled, with an overlap above 0.95 (dotted), falls "
    "to 90 %. Axes are linear up to the smallest strength, and logarithmic from there on. Noise "
    "and thresholds are in units of kappa q, what a latent axis gets from the others at a vertex: "
    "the scale of potentials is arbitrary, and with antagonists that inhibit each other q is 1/16 "
    "where the optimised rule has 1. Other spreads are relative. A neuron with a longer time "
    "constant keeps every pulse for longer, so that its whole inhibition grows, which is many "
    "times larger. Grey, at dead neurons: the overlap if the latents whose active neuron is dead "
    "were zero, and all others right. They are not zero: other neurons drive them on, or their "
    "antagonists take over."
)
ONE_OF_EACH = ["gamma_chosen", "gamma", "kappa", "duration"]
NAMES = {
    "noise": "membrane noise (kappa q)",
    "tau_spread": "spread of time constants",
    "threshold_spread": "spread of thresholds (kappa q)",
    "weight_spread": "spread of weights",
    "lost_synapses": "part of synapses lost",
    "dead_neurons": "part of neurons dead",
}
DASHES = ("-", "--", ":", "-.")
TRIANGLE = {"ls": "", "marker": "v", "ms": 5, "color": "0.3", "mec": "w", "mew": 0.4}


def numbers(folder) -> Numbers:
    """Recall at each strength of each perturbation, and the strengths that are tolerated."""
    table = tables.read(schemas.LOWRANK_ROBUSTNESS, folder)
    not_empty(table[table["scanned"] != BASELINE], "perturbed networks of lowrank.robustness")
    one_size = table[table["n_neurons"] == table["n_neurons"].iloc[0]]
    trials = first_of_each(one_size, ONE_OF_EACH, ["rule", "n_patterns", "network_seed"])
    return {"robustness": robustness(trials), "tolerance": tolerance(trials)}


def draw(folder) -> Figure:
    """A row of panels for each perturbation, a column for each load, a line for each rule."""
    found = numbers(folder)
    curves, tolerated = found["robustness"], found["tolerance"]
    rows = [name for name in PERTURBATIONS if name in set(curves["perturbation"])]
    loads, rules = sorted(curves["load"].unique()), known_rules(curves)
    figure, axes = plt.subplots(
        len(rows),
        len(loads),
        figsize=(max(4.8, 2.4 * len(loads)), 1.55 * len(rows) + 0.9),
        sharex="row",
        sharey=True,
        squeeze=False,
    )
    for row, name in enumerate(rows):
        for ax, load in zip(axes[row], loads, strict=True):
            here = (curves["perturbation"] == name) & (curves["load"] == load)
            _draw_curves(ax, curves[here], rules)
            there = (tolerated["perturbation"] == name) & (tolerated["load"] == load)
            _mark_tolerated(ax, tolerated[there], rules)
            if name == "dead_neurons":
                _draw_loss_of_latents(ax, curves.loc[here, "strength"].max())
        _label_strengths(axes[row], curves.loc[curves["perturbation"] == name, "strength"])
        axes[row, 0].set(
            ylabel="overlap", yticks=[0, 0.5, 1], ylim=(-0.1, 1.12 + 0.11 * len(rules))
        )
        axes[row, len(loads) // 2].set_xlabel(NAMES[name])
        letter(axes[row, 0], "abcdef"[row])
    for ax, load in zip(axes[0], loads, strict=True):
        ax.set_title(f"load p/N = {load:g}")
    what = settings(curves, N="n_neurons", kappa="kappa")
    figure.suptitle(f"{networks(curves['n_networks'])}, {what}", fontsize=8)
    flips = sorted(curves["flip_fraction"].unique())
    figure.legend(handles=_legend(rules, flips, rows), loc="outside lower center", ncols=4)
    return figure


def _draw_curves(ax, curves: pd.DataFrame, rules: list[str]) -> None:
    ax.axhline(RECALLED, color="0.6", lw=0.6, ls=":", zorder=0)
    for rule in rules:
        of_rule = curves[curves["rule"] == rule]
        for dashes, (_, of_flips) in zip(DASHES, of_rule.groupby("flip_fraction"), strict=False):
            style = {"ls": dashes, "color": RULE_COLOURS.get(rule), "marker": "o", "ms": 1.8}
            band(ax, of_flips, "strength", "overlap", **style)


def _mark_tolerated(ax, tolerated: pd.DataFrame, rules: list[str]) -> None:
    """The strengths that undamaged starts tolerate, as triangles above the curves."""
    undamaged = tolerated[tolerated["flip_fraction"] == tolerated["flip_fraction"].min()]
    for _, row in undamaged.dropna(subset="tolerated").iterrows():
        height = 1.12 + 0.11 * rules.index(row["rule"])
        style = TRIANGLE | {"color": RULE_COLOURS.get(row["rule"])}
        ax.plot(row["tolerated"], height, **style)


def _draw_loss_of_latents(ax, most: float) -> None:
    """Cosine of a vertex with itself, a part of the elements of which is zero."""
    dead = np.linspace(0, most, 101)
    ax.plot(dead, np.sqrt(1 - dead), color=PAPER, lw=2.5, alpha=0.6, zorder=0)


def _label_strengths(row_of_axes, strengths: pd.Series) -> None:
    """An axis that is linear from 0 to the smallest strength and logarithmic from there on."""
    values = sorted(strengths.unique())
    positive = [value for value in values if value > 0]
    for ax in row_of_axes:
        if positive[-1] > positive[0]:
            ax.set_xscale("symlog", linthresh=positive[0], linscale=0.5)
        ax.xaxis.set_major_locator(FixedLocator([0, *_some_of(positive)]))
        ax.xaxis.set_minor_locator(FixedLocator(positive))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _some_of(values: list[float]) -> list[float]:
    """The first value, and every one that is at least three times the last one chosen."""
    chosen = values[:1]
    for value in values:
        if value > 2.99 * chosen[-1]:
            chosen.append(value)
    return chosen


def _legend(rules: list[str], flips: list[float], rows: list[str]) -> list[Line2D]:
    lines = [Line2D([], [], color=RULE_COLOURS.get(r), label=line_name(r)) for r in rules]
    for dashes, part in zip(DASHES, flips, strict=False):
        name = f"{part:.0%} of the start flipped" if part else "undamaged start"
        lines.append(Line2D([], [], color="0.3", ls=dashes, label=name))
    lines.append(Line2D([], [], label="90 % recalled up to here", **TRIANGLE))
    if "dead_neurons" in rows:
        grey = {"color": PAPER, "lw": 2.5, "alpha": 0.6}
        lines.append(Line2D([], [], label="latents of the dead at zero", **grey))
    return lines
