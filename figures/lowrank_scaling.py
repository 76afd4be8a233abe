"""Capacity and recall against the size of the network: Podlaski & Machens (2024), Fig. 4b."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator

from analysis.capacity import capacity
from analysis.means import means_over_networks
from analysis.statistics import BEYOND, FIT, SEPARATED
from brianmem import schemas, tables
from figures.common import (
    RULE_COLOURS,
    Numbers,
    known_rules,
    letter,
    limits,
    line_name,
    networks,
    settings,
)
from figures.lowrank_capacity import capacity_trials

PROTOCOL = "lowrank.capacity"
TITLE = "Capacity against size"
CAPTION = (
    "Whether capacity per neuron depends on the number of neurons N. a: load p/N at which half of "
    "the undamaged patterns are recalled, by an overlap above 0.95 (filled) and by all signs right "
    "(open); bars: 95 % intervals over networks, where networks differ, or else the next loads "
    "below and above that were tried; triangles: it lies beyond the loads that were tried. b: 1 - "
    "overlap at the loads of all sizes, by the optimised rule. Near capacity it falls with N, for "
    "comparison 1/N (dashed), down to what single spikes move the latents at this kappa."
)
RULES = ("pseudo_inverse_zeroed", "optimised")
MARKS = {"overlap": {"ms": 4}, "all_signs": {"ms": 6, "mfc": "none"}}


def numbers(folder) -> Numbers:
    """Capacity, overlap and shares of recalled patterns at each size."""
    trials = capacity_trials(tables.read(schemas.LOWRANK_CAPACITY, folder), RULES)
    stored = trials[(trials["start"] == "stored") & (trials["dt"] == 0)]
    stored = stored.assign(error=1 - stored["overlap"], all_signs=stored["signs_correct"] == 1)
    keys, measures = ["rule", "kappa", "load", "n_neurons"], ["error", "all_signs"]
    return {
        "capacity": capacity(trials),
        "recall_by_size": means_over_networks(stored, keys, "network_seed", measures),
    }


def draw(folder) -> Figure:
    """Capacity against N; errors against N."""
    found = numbers(folder)
    capacities, recall = found["capacity"], found["recall_by_size"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.2))
    sizes = sorted(capacities["n_neurons"].unique())
    for rule in known_rules(capacities):
        for measure, mark in MARKS.items():
            of_rule = capacities[(capacities["rule"] == rule) & (capacities["measure"] == measure)]
            _draw_capacity(left, of_rule, mark)
    _draw_errors(right, recall[recall["rule"] == RULES[-1]])
    left.set(ylabel="load at which half are recalled", ylim=(0, 0.6))
    for rule in known_rules(capacities):
        left.plot([], [], "o-", ms=4, color=RULE_COLOURS.get(rule), label=line_name(rule))
    left.plot([], [], "o", color="0.3", label="all signs right", **MARKS["all_signs"])
    left.legend(loc="lower right")
    for ax in (left, right):
        ax.set_xscale("log")
        ax.set(xlabel="neurons N", xticks=sizes)
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_xticklabels([str(n) for n in sizes])
    letter(left, "a")
    letter(right, "b")
    title = f"{networks(recall['n_networks'])}, {settings(recall, kappa='kappa')}"
    figure.suptitle(title, fontsize=8)
    return figure


def _draw_capacity(ax, of_rule: pd.DataFrame, mark: dict) -> None:
    if not len(of_rule):
        return
    style = {"color": RULE_COLOURS.get(of_rule["rule"].iloc[0])} | mark
    beyond = of_rule[of_rule["reason"] == BEYOND]
    ax.plot(beyond["n_neurons"], beyond["capacity_low"], "^", **style)
    found = of_rule[of_rule["reason"].isin((FIT, SEPARATED))].sort_values("n_neurons")
    bars = limits(found, "capacity")
    ax.errorbar(found["n_neurons"], found["capacity"], bars, fmt="o-", lw=0.8, **style)


def _draw_errors(ax, recall: pd.DataFrame) -> None:
    ax.set(yscale="log", ylabel="1 - overlap, optimised")
    if not len(recall):
        return
    n_sizes = recall.groupby("load")["n_neurons"].nunique()
    loads = sorted(n_sizes[n_sizes == n_sizes.max()].index)
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(loads)))
    for load, colour in zip(loads, colours, strict=True):
        curve = recall[recall["load"] == load].sort_values("n_neurons")
        bars = limits(curve, "error")
        style = {"fmt": "o-", "ms": 3, "color": colour, "label": f"{load:g}"}
        ax.errorbar(curve["n_neurons"], curve["error"], bars, **style)
    first = recall[recall["load"] == loads[-1]].sort_values("n_neurons")
    n, error = first["n_neurons"].to_numpy(float), first["error"].iloc[0]
    ax.plot(n, error * n[0] / n, "--", lw=0.8, color="0.5", label="1/N")
    ax.legend(title="load", title_fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
