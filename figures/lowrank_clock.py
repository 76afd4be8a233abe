"""How far the clock-driven low-rank network is from the exact one."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from analysis.lowrank import clock_error
from analysis.select import LOWRANK, first_of_each
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures.common import RULE_COLOURS, known_rules, letter, name_of, settings


def draw(folder) -> Figure:
    """Spikes that share their time, excess of spikes and error of the overlap, by rule and step."""
    table = tables.read(schemas.LOWRANK_RECALL, folder)
    trials = first_of_each(table, LOWRANK, ["rule", "network_seed"])
    errors = clock_error(trials)
    if not len(errors):
        raise InputError("the table lowrank_recall has no exact and clock-driven runs to compare")
    figure, axes = plt.subplots(1, 3, figsize=(7.2, 2.7))
    rules, steps = known_rules(errors), sorted(errors["dt"].unique(), reverse=True)
    for number, rule in enumerate(rules):
        of_rule = errors[errors["rule"] == rule].groupby("dt")
        shared = trials[trials["rule"] == rule].groupby("dt")["spikes_in_shared_steps"].mean()
        for ax, heights in zip(
            axes,
            (
                shared[[*steps, 0.0]],
                of_rule["spikes_error"].mean()[steps] * 100,
                of_rule["overlap_error"].agg(lambda e: e.abs().mean())[steps],
            ),
            strict=True,
        ):
            x = np.arange(len(heights)) + 0.2 * (number - (len(rules) - 1) / 2)
            name = name_of(rule).replace("\n", " ")
            ax.bar(x, heights, 0.18, color=RULE_COLOURS.get(rule), label=name)
    for ax, label, panel in zip(
        axes,
        (
            "spikes that share their time (fraction)",
            "excess of spikes (%)",
            "mean |error of overlap|",
        ),
        "abc",
        strict=True,
    ):
        ax.axhline(0, color="k", lw=0.6)
        ax.set(ylabel=label, xlabel="clock step (tau)")
        ax.set_xticks(range(len(steps)), [f"{dt:g}" for dt in steps])
        letter(ax, panel)
    axes[0].set_xticks(range(len(steps) + 1), [*(f"{dt:g}" for dt in steps), "exact"])
    names = {"N": "n_neurons", "p": "n_patterns", "kappa": "kappa"}
    n_networks = trials["network_seed"].nunique()
    figure.suptitle(f"{n_networks} networks, {settings(trials, **names)}", fontsize=8)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure
