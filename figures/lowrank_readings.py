"""Readings of the pseudo-inverse rule, and the rate of active neurons, against load."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.capacity import capacity
from analysis.overlap import overlap_summary
from analysis.papers import reported
from analysis.select import first_of_all
from brianmem import schemas, tables
from figures.common import (
    PAPER,
    RULE_COLOURS,
    Numbers,
    band,
    generator,
    known_rules,
    letter,
    line_name,
    networks,
    not_empty,
)

PROTOCOL = "lowrank.capacity"
TITLE = "Readings of the pseudo-inverse, at three rates"
CAPTION = (
    "Recall of undamaged patterns by the readings of the pseudo-inverse rule that the paper leaves "
    "open, and by the optimised rule, at three rates kappa of an active neuron. a: overlap, "
    "averaged over the last quarter of the run. b: share of the patterns with an overlap above "
    "0.95; dashed, share of random vertices that are kept although they were not stored. As "
    "printed, and as pseudo-inverse of the neural patterns, the rule recalls at every load, but "
    "from p = K on it keeps any vertex, so that this is no memory. With the own axis zeroed recall "
    "is lost near the load of 0.3 that the paper reports (dotted), and the lower kappa, the "
    "earlier. Zeroed and rescaled, so that D eta = xi holds again, it does what the optimised rule "
    "does. Bands: 95 % intervals over networks."
)
RULES = (
    "pseudo_inverse",
    "pseudo_inverse_neural",
    "pseudo_inverse_zeroed",
    "pseudo_inverse_rescaled",
    "optimised",
)


def numbers(folder) -> Numbers:
    """Overlap and shares at each load, and the capacities, at one size."""
    table = tables.read(schemas.LOWRANK_CAPACITY, folder)
    wanted = (table["flip_fraction"] == 0) & table["rule"].isin(RULES) & table["gamma_chosen"]
    table = not_empty(table[wanted & (table["correlation"] == 0)], "undamaged starts")
    trials = table[table["n_neurons"] == _size_of_most(table)]
    trials = first_of_all(trials, ["duration"])
    return {
        "overlap_summary": overlap_summary(trials, generator(), "lowrank_capacity"),
        "capacity": capacity(trials),
    }


def _size_of_most(table: pd.DataFrame) -> int:
    """The largest N of those at which the most rules ran at the most rates."""
    kinds = table.groupby("n_neurons")[["rule", "kappa"]].apply(lambda t: len(t.drop_duplicates()))
    return int(kinds[kinds == kinds.max()].index.max())


def draw(folder) -> Figure:
    """A column for each kappa: overlap above, share of recalled patterns below."""
    found = numbers(folder)["overlap_summary"]
    rules, kappas = known_rules(found), sorted(found["kappa"].unique())
    size = max(7.2, 2.4 * len(kappas)), 4.8
    figure, axes = plt.subplots(
        2, len(kappas), figsize=size, sharex=True, sharey="row", squeeze=False
    )
    letter(axes[0, 0], "a")
    letter(axes[1, 0], "b")
    for (top, bottom), kappa in zip(axes.T, kappas, strict=True):
        for number, rule in enumerate(rules):
            curves = found[(found["rule"] == rule) & (found["kappa"] == kappa)]
            _draw_rule(top, bottom, curves, _style(rule, len(rules) - 1 - number))
        for ax in (top, bottom):
            ax.axvline(
                reported.CAPACITY["pseudo_inverse"].value, color=PAPER, lw=0.8, ls=":", zorder=0
            )
        top.set_title(f"kappa = {kappa:g}")
        top.set_ylim(top=1.05)
        bottom.set(xlabel="load p/N", ylim=(-0.05, 1.05))
    axes[0, 0].set_ylabel("overlap, mean")
    axes[1, 0].set_ylabel("share recalled")
    title = f"N = {found['n_neurons'].iloc[0]}, {networks(found['n_networks'].max())}"
    figure.suptitle(title, fontsize=8)
    figure.legend(handles=_legend(rules), loc="outside lower center", ncols=3)
    return figure


def _style(rule: str, broader: int) -> dict:
    """Earlier rules have broader lines, so that later ones do not hide them."""
    width = {"lw": 1 + 0.6 * broader, "ms": 3 + 0.5 * broader}
    return {"color": RULE_COLOURS.get(rule), "marker": "o"} | width


def _draw_rule(top, bottom, curves: pd.DataFrame, style: dict) -> None:
    stored = curves[curves["start"] == "stored"]
    band(top, stored, "load", "overlap", **style)
    band(bottom, stored, "load", "success", **style)
    random = curves[curves["start"] == "random"].sort_values("load")
    bottom.plot(random["load"], random["success"], "--", lw=0.9, color=style["color"])


def _legend(rules: list[str]) -> list[Line2D]:
    lines = [
        Line2D([], [], label=line_name(rule), **_style(rule, len(rules) - 1 - number))
        for number, rule in enumerate(rules)
    ]
    dashed = Line2D([], [], color="0.3", lw=0.9, ls="--", label="random vertices kept")
    paper = Line2D([], [], color=PAPER, lw=0.8, ls=":", label="paper, pseudo-inverse")
    return [*lines, dashed, paper]
