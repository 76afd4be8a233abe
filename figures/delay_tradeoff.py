"""Completion of cues against noise during recall, as the margin of the margin rule grows."""

from string import ascii_lowercase

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.damage import KINDS, along_each
from analysis.means import means_over_networks
from brianmem import schemas, tables
from figures.common import Numbers, band, letter, networks, not_empty, settings

PROTOCOL = "delay.completion"
TITLE = "Completion of cues against noise during recall"
CAPTION = (
    "Networks taught by the robust margin rule with margins above the threshold from small to "
    "large, for several numbers of patterns. First panels: F1 for one kind and strength of damage "
    "each, against the margin. Last panel: the mean F1 from the damaged cues against the mean F1 "
    "with noise during recall, a point for each margin, joined in their order; the point of the "
    "smallest margin is open. A larger margin drives neurons harder at their targets, so that less "
    "of a cue suffices, and fewer extra spikes: where patterns are many, no margin is good at "
    "both. Bands: 95 % intervals over networks."
)
CUES = ("resampled", "cue_length", "silenced")
NAMES = {
    "resampled": "{:.0%} of the cue drawn anew",
    "flipped": "{:g} of the cue inverted",
    "cue_length": "{:.0%} of the cue given",
    "silenced": "{:.0%} of the neurons silenced",
    "spurious": "{:g} extra spikes (1/step)",
    "lost": "{:.0%} of the spikes lost",
    "membrane_noise": "noise of {:g} thresholds",
    "cue_start": "cue from step {:g} on",
}
COLOURS = ("#56B4E9", "#0072B2", "#009E73", "#E69F00", "#D55E00")


def numbers(folder) -> Numbers:
    """F1 by load, kind and strength of damage, and margin: means over networks."""
    table = tables.read(schemas.DELAY_COMPLETION, folder)
    size = ["learner", "n_neurons", "n_delays", "n_steps", "firing_prob", "beta", "gain"]
    margins = table.groupby(size)["upper"].transform("nunique")
    table = table[margins == margins.max()] if len(table) and margins.max() > 1 else table[:0]
    curves = along_each(not_empty(table, "networks of several upper margins"))
    curves = curves[curves["scanned"] != "none"]
    keys = [*size, "n_patterns", "kind", "strength", "upper"]
    return {"margins": means_over_networks(curves, keys, "seed", ["f1"])}


def draw(folder) -> Figure:
    """A panel for each damage, and one for cues against noise; a line for each load."""
    curves = numbers(folder)["margins"]
    damages = sorted(
        curves[["kind", "strength"]].drop_duplicates().itertuples(index=False, name=None),
        key=lambda damage: (KINDS.index(damage[0]), damage[1]),
    )
    loads = sorted(curves["n_patterns"].unique())
    n_rows = -(-(len(damages) + 1) // 4)
    figure, axes = plt.subplots(
        n_rows, 4, figsize=(8.8, 2.2 * n_rows + 0.7), sharey=True, squeeze=False
    )
    panels = axes.flat
    for number, (kind, strength) in enumerate(damages):
        ax = panels[number]
        here = curves[(curves["kind"] == kind) & (curves["strength"] == strength)]
        for colour, load in zip(COLOURS, loads, strict=False):
            of_load = here[here["n_patterns"] == load]
            band(ax, of_load, "upper", "f1", color=colour, marker="o", ms=2.5)
        ax.set_title(NAMES[kind].format(strength), fontsize=8)
        values = sorted(here["upper"].unique())
        ax.set(xscale="log", xlabel="margin (thresholds)")
        ax.set_xticks(values[:: -(-len(values) // 4)])
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.minorticks_off()
    _draw_tradeoff(panels[len(damages)], curves, loads)
    for ax in panels[len(damages) + 1 :]:
        ax.set_axis_off()
    for number, ax in enumerate(panels[: len(damages) + 1]):
        letter(ax, ascii_lowercase[number])
    for ax in axes[:, 0]:
        ax.set(ylabel="F1, mean", ylim=(-0.05, 1.08))
    names = {"N": "n_neurons", "D": "n_delays", "T": "n_steps", "p": "firing_prob"}
    title = f"{networks(curves['n_networks'])}; {settings(curves, **names)}"
    figure.suptitle(title, fontsize=8)
    lines = [
        Line2D([], [], color=colour, label=f"M = {load}")
        for colour, load in zip(COLOURS, loads, strict=False)
    ]
    figure.legend(handles=lines, loc="outside lower center", ncols=5)
    return figure


def _draw_tradeoff(ax, curves: pd.DataFrame, loads: list[int]) -> None:
    of_cue = curves["kind"].isin(CUES)
    for colour, load in zip(COLOURS, loads, strict=False):
        here = curves["n_patterns"] == load
        cues, noise = (
            curves[here & rows].groupby("upper")["f1"].mean() for rows in (of_cue, ~of_cue)
        )
        noise = noise.reindex(cues.index)
        ax.plot(noise, cues, "o-", color=colour, ms=3)
        ax.plot(noise.iloc[:1], cues.iloc[:1], "o", color="w", mec=colour, ms=4)
    ax.set_title("cues against noise", fontsize=8)
    ax.set(xlabel="F1 with noise", xlim=(-0.05, 1.08))
