"""Completion of damaged patterns against load: Podlaski & Machens (2024), Fig. 4d."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.completion import completion
from analysis.overlap import overlap_summary
from analysis.papers import reported
from analysis.select import first_of_each
from analysis.statistics import BELOW, BEYOND
from brianmem import schemas, tables
from figures.common import (
    RULE_COLOURS,
    Numbers,
    band,
    generator,
    known_rules,
    letter,
    limits,
    line_name,
    name_of,
    networks,
    not_empty,
    settings,
)

PROTOCOL = "lowrank.completion"
TITLE = "Completion against load"
CAPTION = (
    "Completion of stored patterns with some of their elements flipped. a: largest part of flipped "
    "elements that 90 % of the trials complete, with an overlap above 0.95, against the load p/N; "
    "triangles: it lies beyond the flips that were tried. Dashed: what the paper reports, about "
    "0.3 at low loads that falls linearly to none at capacity. b: share of completed trials "
    "against the flipped part, at some loads, in the largest networks; the horizontal line is at "
    "90 %. Bars and bands: 95 % intervals over networks."
)
ONE_OF_EACH = ["gamma_chosen", "gamma", "kappa", "duration"]
MOST_LOADS = 5


def numbers(folder) -> Numbers:
    """Completed part of flips at each load, and the share of completed trials behind it."""
    table = tables.read(schemas.LOWRANK_COMPLETION, folder)
    stored = not_empty(table[table["start"] == "stored"], "damaged starts of lowrank.completion")
    trials = first_of_each(stored, ONE_OF_EACH, ["rule", "n_neurons", "n_patterns", "network_seed"])
    return {
        "completion": completion(trials),
        "overlap_summary": overlap_summary(trials, generator(), "lowrank_completion"),
    }


def draw(folder) -> Figure:
    """A panel for each N, completed flips against load; and for each rule, the shares behind it."""
    found = numbers(folder)
    completed, shares = found["completion"], found["overlap_summary"]
    sizes, rules = sorted(completed["n_neurons"].unique()), known_rules(completed)
    flips = list(shares["flip_fraction"].unique())
    width = max(7.2, 2.0 * max(len(sizes), len(rules)))
    figure = plt.figure(figsize=(width, 5.6))
    n_networks = networks(shares["n_networks"].max())
    figure.suptitle(f"{n_networks}, {settings(shares, kappa='kappa')}", fontsize=8)
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.15, 1])
    axes = top.subplots(1, len(sizes), sharey=True, squeeze=False)[0]
    for ax, n_neurons in zip(axes, sizes, strict=True):
        _draw_completed(ax, completed[completed["n_neurons"] == n_neurons], rules)
        _draw_outside(ax, completed[completed["n_neurons"] == n_neurons], rules, flips)
        ax.set(title=f"N = {n_neurons}", xlabel="load p/N", ylim=(-0.02, None))
    axes[0].set_ylabel("flipped part that is completed")
    letter(axes[0], "a")
    top.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=5)
    _draw_shares(bottom, shares[shares["n_neurons"] == sizes[-1]], completed, rules)
    return figure


def _x(of_rule: pd.DataFrame, rule: str, rules: list[str]) -> pd.Series:
    # Rules that agree would hide each other's bars.
    return of_rule["load"] + 0.004 * (rules.index(rule) - (len(rules) - 1) / 2)


def _draw_completed(ax, completed: pd.DataFrame, rules: list[str]) -> None:
    for rule in rules:
        of_rule = completed[completed["rule"] == rule].sort_values("load")
        x, colour = _x(of_rule, rule, rules), RULE_COLOURS.get(rule)
        flips, bars = of_rule["completed"], limits(of_rule, "completed")
        ax.errorbar(x, flips, bars, fmt="o-", ms=3, label=line_name(rule), color=colour)
        if rule in reported.CAPACITY:
            ends = [0, reported.CAPACITY[rule].value], [reported.COMPLETED_AT_LOW_LOAD.value, 0]
            ax.plot(*ends, "--", lw=0.8, color=colour)
    ax.plot([], [], "--", color="0.3", lw=0.8, label="paper, by its text")


def _draw_outside(ax, completed: pd.DataFrame, rules: list[str], flips: list[float]) -> None:
    """Triangles at that end of the flips tried beyond which the completed part lies."""
    for rule in rules:
        of_rule = completed[completed["rule"] == rule]
        for reason, marker, height in ((BEYOND, "^", max(flips)), (BELOW, "v", min(flips))):
            x = _x(of_rule[of_rule["reason"] == reason], rule, rules)
            ax.plot(x, [height] * len(x), marker, ms=5, color=RULE_COLOURS.get(rule))


def _draw_shares(figure, shares: pd.DataFrame, completed: pd.DataFrame, rules: list[str]) -> None:
    """Share of completed trials against flips, a panel for each rule, a line for some loads."""
    axes = figure.subplots(1, len(rules), sharey=True, squeeze=False)[0]
    loads = sorted(shares["load"].unique())
    chosen = [loads[i] for i in np.unique(np.linspace(0, len(loads) - 1, MOST_LOADS, dtype=int))]
    colours = plt.get_cmap("viridis")(np.linspace(0.0, 0.85, len(chosen)))
    for ax, rule in zip(axes, rules, strict=True):
        of_rule = shares[shares["rule"] == rule]
        for load, colour in zip(chosen, colours, strict=True):
            curve = of_rule[of_rule["load"] == load]
            style = {"marker": "o", "ms": 3, "color": colour, "label": f"{load:g}"}
            band(ax, curve, "flip_fraction", "success", **style)
        ax.axhline(completed["criterion"].iloc[0], color="0.6", lw=0.6, zorder=0)
        ax.set(title=name_of(rule), xlabel="flipped part of the start", ylim=(-0.05, 1.05))
    axes[0].set_ylabel(f"share completed, N = {shares['n_neurons'].iloc[0]}")
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        loc="outside right center",
        title="load",
        title_fontsize=7,
    )
    letter(axes[0], "b")
