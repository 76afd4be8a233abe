"""Overlap and recall against load: Podlaski & Machens (2024), Fig. 4b."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis import theory
from analysis.capacity import capacity
from analysis.overlap import overlap_summary
from analysis.papers import reported
from analysis.select import first_of_all
from analysis.statistics import BELOW, BEYOND
from brianmem import schemas, tables
from brianmem.criteria import RECALLED
from figures.common import (
    PAPER,
    PAPER_RULES,
    RULE_COLOURS,
    Numbers,
    band,
    known_rules,
    letter,
    limits,
    line_name,
    name_of,
    nested,
    networks,
    not_empty,
    settings,
)

PROTOCOL = "lowrank.capacity"
TITLE = "Recall against load"
CAPTION = (
    "Recall of stored patterns from undamaged starts, against the load p/N. a: overlap with the "
    "pattern, averaged over the last quarter of the run; the thin line is at 0.95. b: share of the "
    "patterns with an overlap above 0.95. c: the same, with all signs right. Dashed: random "
    "vertices that were not stored, in a their overlap with themselves, in b and c the share that "
    "is kept; a memory that keeps them remembers everything. Circles: load at which half of the "
    "patterns are recalled, for the first time; triangles: this load lies beyond those that were "
    "tried. Bands and bars: 95 % intervals over networks; where networks do not differ, bars reach "
    "to the next loads below and above that were tried. Dotted: the capacities that the paper "
    "reports. Grey: Hopfield's capacity, 0.138 patterns per latent, "
    "and p = K, up to which the equations of the optimised rule can be met; the paper's bound by "
    "counting and Gardner's capacity of perceptrons are both at a load of 1."
)


# Measures of success, and their columns in the summary.
SHARES = {"overlap": "success", "all_signs": "all_signs"}


def numbers(folder) -> Numbers:
    """Overlap and share of recalled patterns at each load, and the capacities."""
    table = tables.read(schemas.LOWRANK_CAPACITY, folder)
    trials = capacity_trials(table, PAPER_RULES)
    return {
        "overlap_summary": overlap_summary(trials, "lowrank_capacity"),
        "capacity": capacity(trials),
    }


def capacity_trials(table: pd.DataFrame, rules: tuple[str, ...]) -> pd.DataFrame:
    """Undamaged starts of some rules that chose gamma, with the first of the other parameters."""
    wanted = (table["flip_fraction"] == 0) & table["rule"].isin(rules) & table["gamma_chosen"]
    trials = not_empty(table[wanted], "undamaged starts of lowrank.capacity")
    return first_of_all(trials, ["correlation", "kappa", "duration"])


def draw(folder) -> Figure:
    """A column for each N: overlap against load above, shares of recalled patterns below."""
    found = numbers(folder)
    overlaps, capacities = found["overlap_summary"], found["capacity"]
    sizes = sorted(overlaps["n_neurons"].unique())
    size = max(7.2, 2.4 * len(sizes)), 6.6
    figure, axes = plt.subplots(
        3, len(sizes), figsize=size, sharex=True, sharey="row", squeeze=False
    )
    for ax, panel in zip(axes[:, 0], "abc", strict=True):
        letter(ax, panel)
    rules = known_rules(overlaps)
    for (top, *shares), n_neurons in zip(axes.T, sizes, strict=True):
        for rule in rules:
            curves = _of(overlaps, rule, n_neurons)
            style = nested(rule, rules)
            draw_curves(top, curves, "overlap", style)
            for ax, (measure, share) in zip(shares, SHARES.items(), strict=True):
                found = _of(capacities, rule, n_neurons)
                draw_curves(ax, curves, share, style)
                _draw_capacity(ax, found[found["measure"] == measure], curves["load"])
        for ax in (top, *shares):
            _draw_lines(ax, rules, labels=ax is top)
        top.axhline(RECALLED, color="0.7", lw=0.6, zorder=0)
        top.set_title(f"N = {n_neurons}", pad=20)
        top.set_ylim(top=1.05)
        for ax in shares:
            ax.set_ylim(-0.05, 1.05)
        shares[-1].set_xlabel("load p/N")
    labels = (
        "overlap, mean",
        "share recalled,\noverlap above 0.95",
        "share recalled,\nall signs right",
    )
    for ax, label in zip(axes[:, 0], labels, strict=True):
        ax.set_ylabel(label)
    n_networks = networks(overlaps["n_networks"])
    figure.suptitle(f"{n_networks}, {settings(overlaps, kappa='kappa')}", fontsize=8)
    figure.legend(handles=_legend(rules), loc="outside lower center", ncols=4)
    return figure


def draw_curves(ax, curves: pd.DataFrame, name: str, style: dict) -> None:
    """A measure of stored patterns, and dashed of random vertices."""
    band(ax, curves[curves["start"] == "stored"], "load", name, **style)
    random = curves[curves["start"] == "random"].sort_values("load")
    ax.plot(random["load"], random[name], "--", lw=0.8, color=style["color"])


def _of(table: pd.DataFrame, rule: str, n_neurons: int) -> pd.DataFrame:
    return table[(table["rule"] == rule) & (table["n_neurons"] == n_neurons)]


def _draw_capacity(ax, capacities: pd.DataFrame, loads: pd.Series) -> None:
    """The load at criterion with its interval; a triangle at the end of the grid beyond which."""
    for _, row in capacities.iterrows():
        style = {"color": RULE_COLOURS.get(row["rule"]), "mec": "k", "mew": 0.6, "zorder": 4}
        if row["reason"] in (BEYOND, BELOW):
            beyond = row["reason"] == BEYOND
            end, marker = (loads.max(), ">") if beyond else (loads.min(), "<")
            ax.plot(end, row["criterion"], marker, ms=6, **style)
        else:
            style |= {"xerr": limits(row.to_frame().T, "capacity"), "ecolor": "k"}
            ax.errorbar(row["capacity"], row["criterion"], fmt="o", ms=6, **style)


def _draw_lines(ax, rules: list[str], labels: bool) -> None:
    """Theory, and what the paper reports, at the top edge of the panel."""
    for load in (theory.HOPFIELD, theory.RANK_BOUND):
        ax.axvline(load, color="0.85", lw=2.5, zorder=-1)
    marks = {}
    for rule in rules:
        if rule in reported.CAPACITY:
            marks.setdefault(reported.CAPACITY[rule].value, name_of(rule).split(",")[0])
    for load, name in marks.items():
        ax.axvline(load, color=PAPER, lw=0.8, ls=":", zorder=0)
        if labels:
            style = {"fontsize": 6, "color": "0.35", "ha": "center", "va": "bottom"}
            ax.text(load, 1.01, f"paper,\n{name}", transform=ax.get_xaxis_transform(), **style)


def _legend(rules: list[str]) -> list[Line2D]:
    lines = [Line2D([], [], label=line_name(rule), **nested(rule, rules)) for rule in rules]
    dashed = Line2D([], [], color="0.3", lw=0.8, ls="--", label="random vertices")
    style = {"marker": "o", "ms": 6, "mfc": "w", "mec": "k", "mew": 0.6}
    half = Line2D([], [], color="k", label="half recalled, 95 %", **style)
    beyond = Line2D([], [], ls="", label="beyond the loads tried", **(style | {"marker": ">"}))
    paper = Line2D([], [], color=PAPER, lw=0.8, ls=":", label="paper")
    bounds = Line2D([], [], color="0.85", lw=2.5, label="Hopfield; p = K")
    return [*lines, dashed, half, beyond, paper, bounds]
