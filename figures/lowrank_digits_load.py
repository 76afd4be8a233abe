"""How many digits are completed from how many flips: Podlaski & Machens (2024), beyond Fig. 4e."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.digits import most_digits, with_outcomes
from analysis.means import means_over_networks
from analysis.select import first_of_each
from brianmem import schemas, tables
from figures.common import (
    Numbers,
    band,
    known_rules,
    name_of,
    networks,
    not_empty,
    settings,
)

PROTOCOL = "lowrank.digits"
TITLE = "Completion of more digits, from more flips"
CAPTION = (
    "Share of damaged digits that are completed, against the part of the pixels that is flipped, "
    "for some numbers of stored digits and each storage rule. Lines: overlap with the stored image "
    "above 0.95; dotted: every pixel right. Bands: 95 % intervals over networks, each of which "
    "stores other images."
)
ONE_OF_EACH = ["gamma_chosen", "gamma", "kappa", "duration", "dt"]


def numbers(folder) -> Numbers:
    """Shares of completed digits, and the most digits of which nearly all are completed."""
    table = not_empty(tables.read(schemas.LOWRANK_DIGITS, folder), "digits")
    # Rules that store but ten digits have a figure of their own.
    n_loads = table.groupby("rule")["n_patterns"].transform("nunique")
    trials = first_of_each(
        table[n_loads == n_loads.max()], ONE_OF_EACH, ["rule", "n_patterns", "network_seed"]
    )
    keys = ["rule", "dataset", "n_neurons", "kappa", "n_patterns", "flip_fraction"]
    measures = ["overlap", "completed", "completed_exactly"]
    return {
        "completed_digits_by_load": means_over_networks(
            with_outcomes(trials), keys, "network_seed", measures
        ),
        "most_digits": most_digits(trials, ["rule", "dataset", "flip_fraction"]),
    }


def draw(folder) -> Figure:
    """A panel for each rule, a line for each number of stored digits."""
    shares = numbers(folder)["completed_digits_by_load"]
    rules, loads = known_rules(shares), sorted(shares["n_patterns"].unique())
    colours = plt.get_cmap("viridis")([i / max(len(loads), 2) for i in range(len(loads))])
    figure, axes = plt.subplots(
        1, len(rules), figsize=(max(4.8, 1.9 * len(rules) + 1.2), 2.9), sharey=True, squeeze=False
    )
    for ax, rule in zip(axes[0], rules, strict=True):
        of_rule = shares[shares["rule"] == rule]
        for n_patterns, colour in zip(loads, colours, strict=True):
            _draw_line(ax, of_rule[of_rule["n_patterns"] == n_patterns], colour)
        ax.set(title=name_of(rule), xlabel="flipped part of the pixels", ylim=(-0.05, 1.05))
        ax.set_xlim(0, shares["flip_fraction"].max() + 0.02)
    axes[0, 0].set_ylabel("share of digits completed")
    n_networks = networks(shares["n_networks"])
    figure.suptitle(
        f"{shares['dataset'].iloc[0]}; {n_networks}, "
        f"{settings(shares, N='n_neurons', kappa='kappa')}",
        fontsize=8,
    )
    figure.legend(handles=_legend(loads, colours), loc="outside right center")
    return figure


def _draw_line(ax, curve: pd.DataFrame, colour) -> None:
    band(ax, curve, "flip_fraction", "completed", color=colour, marker="o", ms=3)
    curve = curve.sort_values("flip_fraction")
    ax.plot(curve["flip_fraction"], curve["completed_exactly"], ":", lw=1, color=colour)


def _legend(loads: list[int], colours) -> list[Line2D]:
    lines = [
        Line2D([], [], color=colour, marker="o", ms=3, label=f"{n_patterns} digits")
        for n_patterns, colour in zip(loads, colours, strict=True)
    ]
    return [*lines, Line2D([], [], color="0.3", ls=":", lw=1, label="every\npixel right")]
