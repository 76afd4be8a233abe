"""Recall by low-rank networks with noise, neurons and weights that differ, or missing parts."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter

from analysis.lowrank import RECALLED
from analysis.robustness import (
    BASELINE,
    IN_AXIS_DRIVE,
    PERTURBATIONS,
    robustness,
    tolerance,
)
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
    "to 90 %; bars: 95 % intervals over networks, or the strengths tried between which it falls in "
    "all of them; none where one is unknown. Axes are linear up to the smallest strength, and "
    "logarithmic from there on. The scale of potentials is arbitrary, so that noise and thresholds "
    "are drawn in two units: kappa "
    "q, what a latent axis gets from the others at a vertex, and gamma, by which a spike lowers "
    "its own neuron's potential below those of the others. Which rule bears more depends on the "
    "unit: with antagonists that inhibit each other q is 1/16 and gamma about 1, by the optimised "
    "rule they are 1 and 1.5. Other spreads are relative. A neuron with a longer time constant "
    "keeps every pulse for longer, so that its whole inhibition grows, which is many times larger. "
    "Grey, at dead neurons: the overlap if the latents whose active neuron is dead were zero, and "
    "all others right. They are not zero: other neurons drive them on, or their antagonists take "
    "over."
)
ONE_OF_EACH = ["gamma_chosen", "gamma", "kappa", "duration"]
NAMES = {
    "noise": "membrane noise",
    "tau_spread": "spread of time constants",
    "threshold_spread": "spread of thresholds",
    "weight_spread": "spread of weights",
    "lost_synapses": "part of synapses lost",
    "dead_neurons": "part of neurons dead",
}
# Columns of strengths along the axis, with the column of what is tolerated, and the unit's name.
BY_VALUE = ("strength", "tolerated", "")
BOTH_UNITS = (
    ("strength", "tolerated", " (kappa q)"),
    ("strength_in_jumps", "tolerated_in_jumps", " (gamma)"),
)
MOST_LABELS = 5
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
    """A row for each perturbation in each unit, a column for each load, a line for each rule."""
    found = numbers(folder)
    curves, tolerated = found["robustness"], found["tolerance"]
    rows = [
        (name, *axis)
        for name in PERTURBATIONS
        if name in set(curves["perturbation"])
        for axis in (BOTH_UNITS if name in IN_AXIS_DRIVE else [BY_VALUE])
    ]
    loads, rules = sorted(curves["load"].unique()), known_rules(curves)
    figure, axes = plt.subplots(
        len(rows),
        len(loads),
        figsize=(max(4.8, 2.4 * len(loads)), 1.45 * len(rows) + 0.9),
        sharex="row",
        sharey=True,
        squeeze=False,
    )
    for row, (name, along, limit, unit) in enumerate(rows):
        of_row = curves[curves["perturbation"] == name]
        tolerated_in_row = tolerated[tolerated["perturbation"] == name]
        for ax, load in zip(axes[row], loads, strict=True):
            _draw_curves(ax, of_row[of_row["load"] == load], along, rules)
            _mark_tolerated(ax, tolerated_in_row[tolerated_in_row["load"] == load], limit, rules)
            if name == "dead_neurons":
                _draw_loss_of_latents(ax, of_row["strength"].max())
        _label_strengths(axes[row], of_row[along])
        axes[row, 0].set(
            ylabel="overlap", yticks=[0, 0.5, 1], ylim=(-0.1, 1.12 + 0.11 * len(rules))
        )
        axes[row, len(loads) // 2].set_xlabel(NAMES[name] + unit)
        letter(axes[row, 0], "abcdefgh"[row])
    for ax, load in zip(axes[0], loads, strict=True):
        ax.set_title(f"load p/N = {load:g}")
    what = settings(curves, N="n_neurons", kappa="kappa")
    figure.suptitle(f"{networks(curves['n_networks'])}, {what}", fontsize=8)
    flips = sorted(curves["flip_fraction"].unique())
    dead = "dead_neurons" in set(curves["perturbation"])
    figure.legend(handles=_legend(rules, flips, dead), loc="outside lower center", ncols=4)
    return figure


def _draw_curves(ax, curves: pd.DataFrame, along: str, rules: list[str]) -> None:
    ax.axhline(RECALLED, color="0.6", lw=0.6, ls=":", zorder=0)
    for rule in rules:
        of_rule = curves[curves["rule"] == rule]
        for dashes, (_, of_flips) in zip(DASHES, of_rule.groupby("flip_fraction"), strict=False):
            style = {"ls": dashes, "color": RULE_COLOURS.get(rule), "marker": "o", "ms": 1.8}
            band(ax, of_flips.dropna(subset=along), along, "overlap", **style)


def _mark_tolerated(ax, tolerated: pd.DataFrame, limit: str, rules: list[str]) -> None:
    """The strengths that undamaged starts tolerate, as triangles with limits above the curves."""
    undamaged = tolerated[tolerated["flip_fraction"] == tolerated["flip_fraction"].min()]
    for _, row in undamaged.dropna(subset=limit).iterrows():
        height = 1.12 + 0.11 * rules.index(row["rule"])
        style = TRIANGLE | {"color": RULE_COLOURS.get(row["rule"])}
        ends = [row[f"{limit}_low"], row[f"{limit}_high"]]
        ax.plot(ends, [height, height], color=style["color"], lw=0.8)
        ax.plot(row[limit], height, **style)


def _draw_loss_of_latents(ax, most: float) -> None:
    """Cosine of a vertex with itself, a part of the elements of which is zero."""
    dead = np.linspace(0, most, 101)
    ax.plot(dead, np.sqrt(1 - dead), color=PAPER, lw=2.5, alpha=0.6, zorder=0)


def _label_strengths(row_of_axes, strengths: pd.Series) -> None:
    """An axis that is linear from 0 to the smallest strength and logarithmic from there on."""
    values = strengths.dropna()
    positive = sorted(values[values > 0].unique())
    labelled = _far_apart(positive) if strengths.name == "strength" else _decades(positive)
    for ax in row_of_axes:
        if positive and positive[-1] > positive[0]:
            ax.set_xscale("symlog", linthresh=positive[0], linscale=0.5)
        ax.xaxis.set_major_locator(FixedLocator([0, *labelled]))
        ax.xaxis.set_minor_locator(FixedLocator(positive))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _far_apart(values: list[float]) -> list[float]:
    """The largest value, and smaller ones at distances that leave room for their labels."""
    chosen = values[-1:]
    for value in reversed(values[:-1]):
        least = (values[-1] / values[0]) ** (1 / (MOST_LABELS - 1))
        if chosen[-1] / value > 0.99 * least:
            chosen.append(value)
    return chosen[::-1]


def _decades(values: list[float]) -> list[float]:
    """Powers of ten among the values: rules that differ in their unit have no values in common."""
    if not values:
        return []
    first, last = np.ceil(np.log10(values[0])), np.floor(np.log10(values[-1]))
    return list(10.0 ** np.arange(first, last + 1))


def _legend(rules: list[str], flips: list[float], dead: bool) -> list[Line2D]:
    lines = [Line2D([], [], color=RULE_COLOURS.get(r), label=line_name(r)) for r in rules]
    for dashes, part in zip(DASHES, flips, strict=False):
        name = f"{part:.0%} of the start flipped" if part else "undamaged start"
        lines.append(Line2D([], [], color="0.3", ls=dashes, label=name))
    lines.append(Line2D([], [], label="90 % recalled up to here", **TRIANGLE))
    if dead:
        grey = {"color": PAPER, "lw": 2.5, "alpha": 0.6}
        lines.append(Line2D([], [], label="latents of the dead at zero", **grey))
    return lines
