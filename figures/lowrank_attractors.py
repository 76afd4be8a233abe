"""Attractor dynamics with many patterns: Podlaski & Machens (2024), Fig. 4a."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.lowrank import RECALLED, recalled
from analysis.overlap import overlap_summary
from analysis.select import LOWRANK, first_of_each
from brianmem import schemas, tables
from figures.common import (
    RULE_COLOURS,
    Numbers,
    letter,
    limits,
    line_name,
    networks,
    not_empty,
    settings,
)

PROTOCOL = "lowrank.attractors"
TITLE = "Attractors of a network with many patterns"
CAPTION = (
    "Dynamics of networks that store many random patterns. a: overlap of the latents with every "
    "stored pattern along time, from one pattern, undamaged and with a few latents flipped, and "
    "from a random vertex that was not stored; black, the cued pattern, dashed, the start itself. "
    "b: spikes of the same runs; neurons are ordered: those that are active in the cued pattern "
    "(or at the random vertex), then the others. c: overlap at the end of the run with the pattern "
    "(or the random vertex) that the start was made from; dots, means of single networks. d: share "
    f"of the starts with an overlap above {RECALLED:g}. Every network is started in each of its "
    "patterns, and in as many random vertices. Bars: means and their 95 % intervals over networks."
)
SHOWN_TAU = 10.0
ACTIVE, SILENT = "#222222", "#D55E00"
RANDOM, RANDOM_COLOUR = "random", "#E69F00"


def numbers(folder) -> Numbers:
    """Mean overlap and share recalled, by rule, kappa, kind of start and flips."""
    summary = overlap_summary(_trials(folder), "lowrank_attractors")
    return {"overlap_summary": summary}


def _trials(folder) -> pd.DataFrame:
    return not_empty(
        tables.read(schemas.LOWRANK_ATTRACTORS, folder), "trials of lowrank.attractors"
    )


def draw(folder) -> Figure:
    """Traces and rasters of one network; overlaps and shares of all, against flips."""
    trials = first_of_each(_trials(folder), LOWRANK, ["network_seed"])
    traces, spikes = (
        _first_network(tables.read(schema, folder))
        for schema in (schemas.LOWRANK_ATTRACTORS_TRACES, schemas.LOWRANK_ATTRACTORS_SPIKES)
    )
    figure = plt.figure(figsize=(7.2, 6.8))
    names = {"N": "n_neurons", "p": "n_patterns", "kappa": "kappa"}
    figure.suptitle(
        f"{line_name(trials['rule'].iloc[0])} rule, {settings(trials, **names)}. Panels a and b: "
        f"network {traces['network_seed'].iloc[0]}; c and d: "
        f"{networks(trials['network_seed'].nunique())}",
        fontsize=8,
    )
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.9, 1])
    _draw_runs(top, traces, spikes)
    _draw_summary(bottom, trials)
    return figure


def _first_network(table: pd.DataFrame) -> pd.DataFrame:
    return table[(table[LOWRANK] == table[LOWRANK].iloc[0]).all(axis=1)]


def _kinds(table: pd.DataFrame) -> list[tuple[str, float]]:
    """Kind of start and flipped part: stored ones with ever more flips, then random vertices."""
    kinds = table[["start", "flip_fraction"]].drop_duplicates()
    return sorted(kinds.itertuples(index=False, name=None), key=lambda k: (k[0] == RANDOM, k[1]))


def _of(table: pd.DataFrame, kind: tuple[str, float]) -> pd.DataFrame:
    return table[(table["start"] == kind[0]) & (table["flip_fraction"] == kind[1])]


def _flips(kind: tuple[str, float], n_neurons: int) -> str:
    """The start in words."""
    start, fraction = kind
    n_flips = round(fraction * n_neurons / 2)
    if start == RANDOM:
        return "random vertex"
    return {0: "undamaged", 1: "1 flip"}.get(n_flips, f"{n_flips} flips")


def _draw_runs(figure, traces: pd.DataFrame, spikes: pd.DataFrame) -> None:
    kinds, n_neurons = _kinds(traces), traces["n_neurons"].iloc[0]
    axes = figure.subplots(2, len(kinds), sharex=True, sharey="row", squeeze=False)
    for (top, bottom), kind in zip(axes.T, kinds, strict=True):
        _draw_traces(top, _of(traces, kind), kind)
        top.set_title(_flips(kind, n_neurons))
        _draw_raster(bottom, _of(spikes, kind), n_neurons)
        bottom.set(xlabel="time (tau)", xlim=(0, min(SHOWN_TAU, traces["duration"].iloc[0])))
    axes[0, 0].set(ylabel="overlap", ylim=(None, 1.06))
    axes[1, 0].set(ylabel="neuron, ordered", ylim=(n_neurons - 0.5, -0.5), yticks=[])
    letter(axes[0, 0], "a")
    letter(axes[1, 0], "b")
    lines = [
        Line2D([], [], color="k", lw=1.6, label="cued pattern"),
        Line2D([], [], color="k", lw=0.9, ls="--", label="the start itself"),
        Line2D([], [], color="0.6", lw=0.6, label="other patterns"),
        Line2D([], [], color=ACTIVE, lw=0, marker="|", label="active in the pattern or vertex"),
        Line2D([], [], color=SILENT, lw=0, marker="|", label="not active in it"),
    ]
    figure.legend(handles=lines, loc="outside upper center", ncols=5)


def _draw_traces(ax, traces: pd.DataFrame, kind: tuple[str, float]) -> None:
    start = traces[traces["pattern"].isna()]
    cued = traces["pattern"] == traces["cued_pattern"] if kind[0] != RANDOM else False
    for _, curve in traces[traces["pattern"].notna() & ~cued].groupby("pattern"):
        ax.plot(curve["time"], curve["overlap"], lw=0.5, color="0.6", zorder=1)
    ax.plot(start["time"], start["overlap"], "k--", lw=0.9)
    if kind[0] != RANDOM:
        ax.plot(traces["time"][cued], traces["overlap"][cued], "k", lw=1.6)


def _draw_raster(ax, spikes: pd.DataFrame, n_neurons: int) -> None:
    """Spikes with the neurons that should be active above the others."""
    active = np.zeros(n_neurons, bool)
    active[spikes.loc[spikes["active"], "neuron"]] = True
    row = np.argsort(np.argsort(~active, kind="stable"))
    for chosen, colour in ((True, ACTIVE), (False, SILENT)):
        x, y = spikes.loc[spikes["active"] == chosen, ["time", "neuron"]].to_numpy().T
        ax.scatter(x, row[y.astype(int)], c=colour, s=2, marker="|", lw=0.4, rasterized=True)


def _draw_summary(figure, trials: pd.DataFrame) -> None:
    """Means of networks and over them, for each kind of start."""
    left, right = figure.subplots(1, 2)
    kinds, n_neurons = _kinds(trials), trials["n_neurons"].iloc[0]
    summary = overlap_summary(trials, "lowrank_attractors")
    each = trials.assign(success=recalled(trials).astype(float))
    for ax, name in ((left, "overlap"), (right, "success")):
        for x, kind in enumerate(kinds):
            colour = (
                RANDOM_COLOUR if kind[0] == RANDOM else RULE_COLOURS.get(trials["rule"].iloc[0])
            )
            means = _of(each, kind).groupby("network_seed")[name].mean()
            beside = x + np.linspace(-0.2, 0.2, len(means))
            ax.plot(beside, means, ".", ms=5, alpha=0.45, mec="none", color=colour)
            mean = _of(summary, kind)
            style = {"fmt": "_", "ms": 16, "mew": 1.4, "capsize": 3, "elinewidth": 1}
            ax.errorbar([x], mean[name], limits(mean, name), color=colour, **style)
        ax.set_xticks(
            range(len(kinds)), [_flips(kind, n_neurons).replace(" v", "\nv") for kind in kinds]
        )
        ax.set_xlim(-0.5, len(kinds) - 0.5)
    left.set_ylabel("overlap with the cued\npattern or vertex")
    right.set(ylabel="share recalled,\nor kept", ylim=(-0.04, 1.04))
    letter(left, "c")
    letter(right, "d")
