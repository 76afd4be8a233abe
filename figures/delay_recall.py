"""Recall of a spike raster from its cue: Perrinet (2026), the benchmark."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from analysis.delay import f1_along_time, f1_by_network
from analysis.f1 import f1_summary
from analysis.select import DELAY, first_of_each
from brianmem import schemas, tables
from brianmem.tables import Schema
from figures.common import (
    CUE,
    EXTRA,
    HIT,
    LEARNER_COLOURS,
    TARGET,
    Numbers,
    learner_name,
    letter,
    limits,
    networks,
    not_empty,
    settings,
)

PROTOCOL = "delay.recall"
TITLE = "Recall of spike rasters from a cue"
CAPTION = (
    "Recall of spike rasters from a cue. a: one pattern; the cue (shaded) is clamped, what follows "
    "is recalled. b: F1 of recalled and target spikes in a sliding window, over all neurons and "
    "patterns; learners without an error lie on one another at 1. c: F1 of each network over the "
    "whole recall (dots), their mean (bar), and its 95 % interval."
)
WINDOW = 50  # steps of the sliding F1


def numbers(folder) -> Numbers:
    """F1 by learner: mean over networks, its interval, and the lowest."""
    return {"f1_summary": f1_summary(_read(schemas.DELAY_RECALL, folder))}


def _read(schema: Schema, folder):
    """The first configuration of each learner."""
    return first_of_each(tables.read(schema, folder), DELAY, ["learner", "seed"])


def draw(folder) -> Figure:
    """Raster of one pattern by the last learner, F1 along time, and F1 of every network."""
    recall = not_empty(_read(schemas.DELAY_RECALL, folder), "networks of delay.recall")
    steps = _read(schemas.DELAY_RECALL_STEPS, folder)
    spikes = _read(schemas.DELAY_RECALL_SPIKES, folder)
    names = {"N": "n_neurons", "D": "n_delays", "T": "n_steps", "M": "n_patterns"}
    found = numbers(folder)["f1_summary"]
    figure = plt.figure(figsize=(7.2, 6.0))
    title = f"{networks(found['n_networks'])}; {settings(recall, **names, beta='beta')}"
    figure.suptitle(title, fontsize=8)
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.6, 1])
    _draw_raster(top.subplots(), not_empty(spikes, "spikes of the delay network"))
    along, each = bottom.subplots(1, 2, width_ratios=[2.2, 1])
    _draw_along_time(along, steps)
    _draw_networks(each, recall, found)
    return figure


def _draw_raster(ax, spikes) -> None:
    learner = list(dict.fromkeys(spikes["learner"]))[-1]
    spikes = spikes[spikes["learner"] == learner]
    spikes = spikes[spikes["seed"] == spikes["seed"].iloc[0]]
    events = {
        kind: set(zip(table["step"], table["neuron"], strict=True))
        for kind, table in spikes.groupby("kind")
    }
    target, recalled = events.get("target", set()), events.get("recalled", set())
    for label, points, style in (
        ("cue (clamped)", events.get("cue", set()), {"color": CUE, "marker": "."}),
        ("target", target, {"color": TARGET, "marker": "o", "mfc": "none", "ms": 5, "mew": 0.7}),
        ("recalled, in target", target & recalled, {"color": HIT, "marker": "."}),
        ("recalled, not in target", recalled - target, {"color": EXTRA, "marker": "x", "ms": 4}),
        ("target, not recalled", target - recalled, {"color": "k", "marker": "+", "ms": 5}),
    ):
        x, y = np.array(sorted(points)).reshape(-1, 2).T
        ax.plot(x, y, ls="", label=f"{label}: {len(points)}", **({"ms": 3} | style))
    n_delays = spikes["n_delays"].iloc[0]
    ax.axvspan(-0.5, n_delays - 0.5, color=CUE, alpha=0.15, lw=0)
    ax.set(
        xlabel="step (1 ms)",
        ylabel="neuron",
        xlim=(-5, spikes["n_steps"].iloc[0] + 5),
        ylim=(-5, spikes["n_neurons"].iloc[0] + 5),
        title=f"pattern {spikes['pattern'].iloc[0]}, {learner_name(learner)} rule, "
        f"seed {spikes['seed'].iloc[0]}",
    )
    ax.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.06), ncols=5, handletextpad=0.1, columnspacing=1
    )
    letter(ax, "a")


def _draw_along_time(ax, steps) -> None:
    for learner, curves in f1_along_time(steps, WINDOW).groupby("learner", sort=False):
        by_step = curves.pivot(index="step", columns="seed", values="f1")
        colour = LEARNER_COLOURS.get(learner)
        ax.plot(by_step.index, by_step, color=colour, lw=0.5, alpha=0.5)
        ax.plot(
            by_step.index, by_step.mean(axis=1), color=colour, lw=1.8, label=learner_name(learner)
        )
    n_delays = steps["n_delays"].iloc[0]
    ax.axvspan(-0.5, n_delays - 0.5, color=CUE, alpha=0.15, lw=0)
    ax.set(
        xlabel="step (1 ms)",
        ylabel=f"F1, sliding over {WINDOW} steps",
        xlim=(-5, steps["n_steps"].iloc[0] + 5),
    )
    ax.legend(loc="lower left", title="thick: mean, thin: each network", title_fontsize=7)
    letter(ax, "b")


def _draw_networks(ax, recall, summary) -> None:
    scores = f1_by_network(recall)
    learners = list(dict.fromkeys(scores["learner"]))
    for position, learner in enumerate(learners):
        values = scores.loc[scores["learner"] == learner, "f1"]
        x = position + np.linspace(-0.15, 0.15, len(values))
        ax.plot(x, values, "o", ms=4, color=LEARNER_COLOURS.get(learner), mec="none")
        mean = summary[summary["learner"] == learner]
        ax.errorbar(position, mean["f1"], limits(mean, "f1"), fmt="_", ms=20, color="k", lw=1)
    ax.axhline(1, color="0.7", lw=0.6, zorder=0)
    ax.set(ylabel="F1 of each network", xlim=(-0.6, len(learners) - 0.4))
    ax.set_xticks(range(len(learners)), map(learner_name, learners), rotation=20, ha="right")
    letter(ax, "c")
