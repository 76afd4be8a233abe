"""Best self-connection against load: Podlaski & Machens (2024), Fig. 4c."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis.gamma import best_gamma
from analysis.select import first_of_all
from brianmem import schemas, tables
from brianmem.criteria import RECALLED
from figures.common import (
    RULE_COLOURS,
    Numbers,
    known_rules,
    letter,
    name_of,
    networks,
    not_empty,
    settings,
)

PROTOCOL = "lowrank.capacity"
TITLE = "Best self-connection against load"
CAPTION = (
    "Self-connection gamma with the highest mean overlap, from undamaged starts, against the load "
    "p/N: dots; bars reach to the last gamma whose overlap is at most 0.01 lower. Crosses: none "
    "recalls (highest overlap below 0.95). Line: what the rule chooses by itself. Shaded: the "
    "window of theory, from the gain q of the other axes to 2q, or to 1 + q for the pseudo-inverse "
    "as printed, which keeps the weight between antagonists. Below: what the choice of the rule "
    "costs in overlap. The networks of this scan are not those that are scored elsewhere."
)


def numbers(folder) -> Numbers:
    """Best gamma at each load."""
    table = tables.read(schemas.LOWRANK_CAPACITY, folder)
    scanned = table.loc[~table["gamma_chosen"], "network_seed"].unique()
    scan = not_empty(
        table[table["network_seed"].isin(scanned)], "scan of gamma in lowrank.capacity"
    )
    trials = first_of_all(scan, ["correlation", "kappa", "duration"])
    return {"best_gamma": best_gamma(trials)}


def draw(folder) -> Figure:
    """A column for each rule: best gamma above, what the rule's own choice costs below."""
    best = numbers(folder)["best_gamma"]
    rules, sizes = known_rules(best), sorted(best["n_neurons"].unique())
    figure, axes = plt.subplots(
        2,
        len(rules),
        figsize=(max(7.2, 2.4 * len(rules)), 4.6),
        sharex=True,
        sharey="row",
        squeeze=False,
        height_ratios=[2, 1],
    )
    letter(axes[0, 0], "a")
    letter(axes[1, 0], "b")
    for (top, bottom), rule in zip(axes.T, rules, strict=True):
        of_rule = best[best["rule"] == rule]
        _draw_theory(top, of_rule)
        for number, n_neurons in enumerate(sizes):
            of_size = of_rule[of_rule["n_neurons"] == n_neurons]
            _draw_size(top, bottom, of_size, _style(number, len(sizes)))
        top.set_title(name_of(rule), color=RULE_COLOURS.get(rule))
        bottom.set(xlabel="load p/N", ylim=(-0.002, 0.05))
    axes[0, 0].set_ylabel("best gamma")
    axes[0, 0].set_ylim(bottom=0)
    axes[1, 0].set_ylabel("overlap lost")
    title = f"{networks(best['n_networks'])}, {settings(best, kappa='kappa')}"
    figure.suptitle(title, fontsize=8)
    figure.legend(handles=_legend(sizes), loc="outside lower center", ncols=6)
    return figure


def _draw_theory(ax, of_rule: pd.DataFrame) -> None:
    by_load = of_rule.sort_values("load").drop_duplicates("load")
    ax.fill_between(
        by_load["load"], by_load["window_low"], by_load["window_high"], color="0.9", lw=0
    )
    ax.plot(by_load["load"], by_load["chosen"], color="k", lw=1)


SIZE_MARKERS = "os^DvP"
SIZE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def _style(number: int, n_sizes: int) -> dict:
    """Marks of smaller networks are larger and empty: those of larger ones lie inside."""
    around = n_sizes - 1 - number
    look = {"color": SIZE_COLOURS[number % 6], "marker": SIZE_MARKERS[number % 6]}
    return look | {"ms": 4 + 2 * around} | ({"mfc": "none"} if around else {})


def _draw_size(top, bottom, of_size: pd.DataFrame, style: dict) -> None:
    good = of_size["overlap"] > RECALLED
    found, none = of_size[good], of_size[~good]
    bars = [found["gamma"] - found["gamma_low"], found["gamma_high"] - found["gamma"]]
    top.errorbar(found["load"], found["gamma"], bars, ls="", elinewidth=style["ms"] / 5, **style)
    top.plot(none["load"], none["gamma"], ls="", **(style | {"marker": "x"}))
    lost = found["overlap"] - found["overlap_chosen"]
    bottom.plot(found["load"], lost, ls="", **style)


def _legend(sizes: list[int]) -> list:
    dots = [
        Line2D([], [], ls="", label=f"N = {size}", **_style(number, len(sizes)))
        for number, size in enumerate(sizes)
    ]
    cross = Line2D([], [], ls="", marker="x", color="0.3", label="no gamma recalls")
    line = Line2D([], [], color="k", lw=1, label="chosen by the rule")
    return [*dots, cross, line, Patch(color="0.9", label="stable in theory")]
