"""How far the clock-driven low-rank network is from the exact one."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.lowrank import clock_error
from analysis.means import means_over_networks
from analysis.select import LOWRANK, first_of_each
from brianmem import schemas, tables
from brianmem.errors import InputError
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

PROTOCOL = "lowrank.recall"
TITLE = "Errors of a clock"
CAPTION = (
    "The same runs with exact events and with Brian2's clock, by the clock's step. a: part of the "
    "spikes that have their time in common with others. b: spikes in excess of those of the exact "
    "run. c: distance of the overlap from the exact one. Means over networks and their 95 % "
    "intervals."
)


def numbers(folder) -> Numbers:
    """Means over networks, by rule and step: errors of the clock, and spikes that share a time."""
    trials, errors = _read(folder)
    errors = errors.assign(
        excess_percent=errors["spikes_error"] * 100, overlap_distance=errors["overlap_error"].abs()
    )
    keys, network = ["rule", "dt"], "network_seed"
    measures = ["excess_percent", "overlap_distance"]
    shared = ["spikes_in_shared_steps"]
    return {
        "clock_error": means_over_networks(errors, keys, network, measures),
        "shared_steps": means_over_networks(trials, keys, network, shared),
    }


def _read(folder) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Trials of one configuration for each rule and network, and the errors of the clock in them.

    Networks that were only run exactly are left out. Raises InputError if there are no pairs to
    compare.
    """
    table = tables.read(schemas.LOWRANK_RECALL, folder)
    trials = first_of_each(table, LOWRANK, ["rule", "network_seed"])
    errors = clock_error(trials)
    if not len(errors):
        raise InputError("the table lowrank_recall has no exact and clock-driven runs to compare")
    return trials[trials["network_seed"].isin(errors["network_seed"])], errors


def draw(folder) -> Figure:
    """Spikes that share their time, excess of spikes and error of the overlap, by rule and step."""
    found = numbers(folder)
    errors, shared = found["clock_error"], found["shared_steps"]
    steps = sorted(errors["dt"].unique(), reverse=True)
    figure, axes = plt.subplots(1, 3, figsize=(7.2, 2.7))
    panels = (
        (shared, "spikes_in_shared_steps", [*steps, 0.0], "part of spikes that share a time"),
        (errors, "excess_percent", steps, "excess of spikes (%)"),
        (errors, "overlap_distance", steps, "mean |error of overlap|"),
    )
    for ax, (table, name, positions, label), panel in zip(axes, panels, "abc", strict=True):
        _draw_bars(ax, table, name, positions)
        ax.set(ylabel=label, xlabel="clock step (tau)")
        letter(ax, panel)
    trials, _ = _read(folder)
    names = {"N": "n_neurons", "p": "n_patterns", "kappa": "kappa"}
    n_networks = networks(trials["network_seed"].nunique())
    figure.suptitle(f"{n_networks}, {settings(trials, **names)}", fontsize=8)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def _draw_bars(ax, table: pd.DataFrame, name: str, steps: list[float]) -> None:
    """A group of bars for each step, a bar for each rule."""
    rules = known_rules(table)
    for number, rule in enumerate(rules):
        of_rule = table[table["rule"] == rule].set_index("dt").reindex(steps)
        x = np.arange(len(steps)) + 0.2 * (number - (len(rules) - 1) / 2)
        style = {"color": RULE_COLOURS.get(rule), "error_kw": {"lw": 0.7}}
        bars = limits(of_rule, name)
        ax.bar(x, of_rule[name], 0.18, yerr=bars, label=line_name(rule), **style)
    ax.axhline(0, color="k", lw=0.6)
    ax.set_xticks(range(len(steps)), [f"{dt:g}" if dt else "exact" for dt in steps])
