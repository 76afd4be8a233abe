"""Completion of damaged patterns against load: Podlaski & Machens (2024), Fig. 4d."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.completion import MEASURES, completion
from analysis.papers import reported
from analysis.select import first_of_all
from brianmem import schemas, tables
from figures.common import (
    PAPER_RULES,
    RULE_COLOURS,
    Numbers,
    band,
    known_rules,
    letter,
    line_name,
    name_of,
    nested,
    networks,
    not_empty,
    settings,
)

PROTOCOL = "lowrank.completion"
TITLE = "Completion against load"
CAPTION = (
    "Completion of stored patterns with some of their elements flipped. a: largest part of flipped "
    "elements from which 90 % of the patterns are completed, with an overlap above 0.95, against "
    "the load p/N; found by bisection for each pattern. Dashed: what the paper reports, about 0.3 "
    "at low loads that falls linearly to none at capacity; dotted: 0.425 less the load. b: share "
    "of the patterns that are completed against the flipped part, at each load, in the largest "
    "networks; the horizontal line is at 90 %. Bands: 95 % intervals over networks."
)
LOW_LOAD_LIMIT = 0.425


def numbers(folder) -> Numbers:
    """Completed part of flips at each load, and the share of patterns that complete some parts."""
    patterns = completed_patterns(folder, PAPER_RULES)
    return {
        "completion": completion(patterns).query("measure == 'overlap'"),
        "completed_shares": _shares(patterns[patterns["start"] == "stored"]),
    }


def completed_patterns(folder, rules: tuple[str, ...]) -> pd.DataFrame:
    """Patterns of some rules that chose gamma, with the first of the other parameters."""
    table = tables.read(schemas.LOWRANK_COMPLETION, folder)
    patterns = table[table["rule"].isin(rules) & table["gamma_chosen"]]
    not_empty(patterns[patterns["start"] == "stored"], "stored patterns of lowrank.completion")
    return first_of_all(patterns, ["correlation", "kappa", "duration"])


def _shares(patterns: pd.DataFrame) -> pd.DataFrame:
    """Share of the patterns that complete each part of flips, in steps of .025."""
    rows = []
    for (rule, size, load), group in patterns.groupby(["rule", "n_neurons", "load"]):
        flips = group[MEASURES["overlap"]].fillna(-1)
        for part in np.arange(0, 0.5, 0.025):
            share = float((flips >= part - 1e-9).mean())
            rows.append(
                {
                    "rule": rule,
                    "n_neurons": size,
                    "load": load,
                    "flip_fraction": part,
                    "completed": share,
                    "n_networks": group["network_seed"].nunique(),
                }
            )
    return pd.DataFrame(rows)


def draw(folder) -> Figure:
    """A panel for each N, completed flips against load; and for each rule, the shares behind it."""
    found = numbers(folder)
    completed, shares = found["completion"], found["completed_shares"]
    sizes, rules = sorted(completed["n_neurons"].unique()), known_rules(completed)
    width = max(7.2, 2.0 * max(len(sizes), len(rules)))
    figure = plt.figure(figsize=(width, 5.6))
    n_networks = networks(completed["n_networks"])
    figure.suptitle(f"{n_networks}, {settings(completed, kappa='kappa')}", fontsize=8)
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.15, 1])
    axes = top.subplots(1, len(sizes), sharey=True, squeeze=False)[0]
    for ax, n_neurons in zip(axes, sizes, strict=True):
        draw_completed(ax, completed[completed["n_neurons"] == n_neurons], rules)
        _draw_paper(ax, rules)
        ax.set(title=f"N = {n_neurons}", xlabel="load p/N", ylim=(-0.02, None))
    axes[0].set_ylabel("flipped part that is completed")
    letter(axes[0], "a")
    top.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    _draw_shares(bottom, shares[shares["n_neurons"] == sizes[-1]], completed)
    return figure


def draw_completed(ax, completed: pd.DataFrame, rules: list[str]) -> None:
    """Completed flips against load, a line for each rule."""
    for rule in rules:
        of_rule = completed[completed["rule"] == rule]
        band(ax, of_rule, "load", "completed", label=line_name(rule), **nested(rule, rules))


def _draw_paper(ax, rules: list[str]) -> None:
    for rule in rules:
        if rule in reported.CAPACITY:
            ends = [0, reported.CAPACITY[rule].value], [reported.COMPLETED_AT_LOW_LOAD.value, 0]
            ax.plot(*ends, "--", lw=0.8, color=RULE_COLOURS.get(rule))
    ax.plot([], [], "--", color="0.3", lw=0.8, label="paper, by its text")
    ends = [0, LOW_LOAD_LIMIT], [LOW_LOAD_LIMIT, 0]
    ax.plot(*ends, ":", color="0.3", lw=0.8, label=f"{LOW_LOAD_LIMIT} - load")


def _draw_shares(figure, shares: pd.DataFrame, completed: pd.DataFrame) -> None:
    """Share of completed patterns against flips, a panel for each rule, a line for each load."""
    rules = known_rules(shares)
    axes = figure.subplots(1, len(rules), sharey=True, squeeze=False)[0]
    loads = sorted(shares["load"].unique())
    colours = plt.get_cmap("viridis")(np.linspace(0.0, 0.9, len(loads)))
    for ax, rule in zip(axes, rules, strict=True):
        of_rule = shares[shares["rule"] == rule]
        for load, colour in zip(loads, colours, strict=True):
            curve = of_rule[of_rule["load"] == load]
            style = {"marker": ".", "ms": 3, "color": colour, "label": f"{load:g}"}
            ax.plot(curve["flip_fraction"], curve["completed"], **style)
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
