"""Completion by spikes, and by networks without spikes that have the same weights."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from analysis.hopfield import basins, hopfield
from analysis.select import first_of_all
from brianmem import schemas, tables
from figures.common import (
    Numbers,
    band,
    known_rules,
    letter,
    line_name,
    networks,
    not_empty,
    settings,
)

PROTOCOL = "lowrank.hopfield"
TITLE = "Spikes beside binary and graded networks with the same weights"
CAPTION = (
    "The same decoder and the same damaged patterns in five kinds of network: the spiking one; a "
    "binary one, in which one axis at a time takes the sign of its field, in random order "
    "(Hopfield 1982) or the largest wrong field first; and networks of graded states, in which all "
    "axes follow their fields at once (Hopfield 1984) with the response of the spiking neurons, "
    "whose rates have no bound, or bounded by the rate of a vertex. A column for each load p/N, a "
    "row for each storage rule. a: share of the starts that end with all signs right, against the "
    "part of the elements that is flipped. b: of the axes that change first, as many as are "
    "flipped, the part that were wrong, so that the change corrects them; dotted: if axes changed "
    "by chance. a and b are of the largest networks. c, where there are several sizes: flipped "
    "part from which half of the starts are completed, with all signs right, against N. Bands and "
    "bars: 95 % intervals over networks; where the fall is sharp, bars of c reach from one flipped "
    "part that was tried to the next. In random order a binary network spoils axes with weak "
    "fields before those with strong ones are corrected."
)
# By the name in the table: in a legend, and how lines look.
NAMES = {
    "spiking": "spikes",
    "binary": "binary, random order",
    "largest_first": "binary, largest field first",
    "graded": "graded, response of the spiking neurons",
    "bounded": "graded, rates bounded",
}
LINES = {
    "spiking": {"color": "#0072B2", "marker": "o"},
    "binary": {"color": "#D55E00", "marker": "s"},
    "largest_first": {"color": "#E69F00", "marker": "^"},
    "graded": {"color": "#CC79A7", "marker": "v", "ls": "--"},
    "bounded": {"color": "#009E73", "marker": "D", "ls": "--"},
}
CHANCE = {"color": "0.4", "ls": ":", "lw": 0.8}
ONE_OF_EACH = ["gamma_chosen", "correlation", "kappa", "duration"]


def numbers(folder) -> Numbers:
    """Shares of success with the order of changes, and the flips that half of the starts bear."""
    table = tables.read(schemas.LOWRANK_HOPFIELD, folder)
    trials = first_of_all(not_empty(table, "starts of lowrank.hopfield"), ONE_OF_EACH)
    found = basins(trials)
    return {
        "hopfield": hopfield(trials),
        "hopfield_basins": found[found["measure"] == "all_signs"],
    }


def draw(folder) -> Figure:
    """A column for each load; rows for each rule: shares, first changes, and basins against N."""
    found = numbers(folder)
    curves, edges = found["hopfield"], found["hopfield_basins"]
    rules, loads = known_rules(curves), sorted(curves["load"].unique())
    sizes = sorted(curves["n_neurons"].unique())
    curves = curves[curves["n_neurons"] == sizes[-1]]
    kinds = [(_draw_shares, curves), (_draw_first_changes, curves)]
    kinds += [(_draw_edges, edges)] if len(sizes) > 1 else []
    n_rows = len(kinds) * len(rules)
    figure, axes = plt.subplots(
        n_rows,
        len(loads),
        figsize=(max(7.2, 2.3 * len(loads)), 1.65 * n_rows + 1.1),
        squeeze=False,
    )
    for number, row in enumerate(axes):
        (draw_panel, table), rule = kinds[number // len(rules)], rules[number % len(rules)]
        for ax, load in zip(row, loads, strict=True):
            draw_panel(ax, table[(table["rule"] == rule) & (table["load"] == load)])
        row[0].set_ylabel(f"{line_name(rule)}:\n{row[0].get_ylabel()}")
        for ax in row[1:]:
            ax.set_ylabel("")
        if number % len(rules) == 0:
            letter(row[0], "abc"[number // len(rules)])
        if (number + 1) % len(rules):
            for ax in row:
                ax.set_xlabel("")
    for ax, load in zip(axes[0], loads, strict=True):
        ax.set_title(f"load p/N = {load:g}")
    what = f"{networks(curves['n_networks'])}, {settings(curves, N='n_neurons', kappa='kappa')}"
    if len(sizes) > 1:
        what = f"a, b: {what}; c: {networks(edges['n_networks'])}"
    figure.suptitle(what, fontsize=8)
    figure.legend(handles=_legend(curves), loc="outside lower center", ncols=3)
    return figure


def _draw_shares(ax: Axes, curves: pd.DataFrame) -> None:
    _draw_bands(ax, curves, "all_signs")
    ax.set_ylabel("share completed,\nall signs right")


def _draw_first_changes(ax: Axes, curves: pd.DataFrame) -> None:
    ends = [curves["flip_fraction"].min(), curves["flip_fraction"].max()]
    ax.plot(ends, ends, **CHANCE)
    # Undamaged starts have nothing to correct.
    _draw_bands(ax, curves.dropna(subset="first_corrected"), "first_corrected")
    ax.set_ylabel("corrections among\nthe first changes")


def _draw_bands(ax: Axes, curves: pd.DataFrame, measure: str) -> None:
    for name, style in LINES.items():
        band(ax, curves[curves["dynamics"] == name], "flip_fraction", measure, ms=3, **style)
    ax.set(xlabel="flipped part of the start", ylim=(-0.05, 1.05))


def _draw_edges(ax: Axes, edges: pd.DataFrame) -> None:
    for name, style in LINES.items():
        of_kind = edges[edges["dynamics"] == name]
        band(ax, of_kind, "n_neurons", "completed", ms=3, **style)
    ax.set_xscale("log")
    sizes = sorted(edges["n_neurons"].unique())
    ax.xaxis.set_major_locator(FixedLocator(sizes))
    ax.xaxis.set_major_formatter(lambda size, _: f"{size:g}")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set(xlabel="neurons N", ylabel="flipped part,\nhalf completed", ylim=(0, None))


def _legend(curves: pd.DataFrame) -> list[Line2D]:
    present = set(curves["dynamics"])
    lines = [
        Line2D([], [], ms=3, label=NAMES[name], **style)
        for name, style in LINES.items()
        if name in present
    ]
    return [*lines, Line2D([], [], label="b: by chance", **CHANCE)]
