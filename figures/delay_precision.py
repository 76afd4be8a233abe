"""F1 of rasters against synapses kept and bits per weight."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.delay import f1
from analysis.means import means_over_networks
from analysis.select import first_of_each
from brianmem import schemas, tables
from figures.common import Numbers, band, letter, networks, not_empty, settings

PROTOCOL = "delay.precision"
TITLE = "Recall with fewer synapses and fewer bits"
CAPTION = (
    "F1 of recalled rasters, mean over networks, of networks taught by the margin rule. a: against "
    "the part of all N D synapses of a neuron that is left to it, the strongest, which then learn "
    "again; weights are 32-bit numbers. b: against bits per weight: as many evenly spaced levels, "
    "symmetric about 0, for each neuron, taught with the rounded weights; a bit is two levels, 8 "
    "bits 255. c: the same against what is stored, the synapses that are not zero times the bits "
    "of a weight, without a list of which they are. Line styles: damage to the recall. Bands: 95 % "
    "intervals over networks."
)
FULL_BITS = 32  # of float32
DAMAGES = {"none": "-", "resampled": "--", "cue_length": ":", "spurious": "-.", "lost": (0, (1, 3))}
NAMES = {
    "none": "undamaged",
    "resampled": "{:.0%} of the cue drawn anew",
    "cue_length": "{:.0%} of the cue given",
    "spurious": "{:g} extra spikes per neuron and step",
    "lost": "{:.0%} of the spikes lost",
}
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#AA3377")


def numbers(folder) -> Numbers:
    """F1 by load, synapses kept, bits and damage: means over networks."""
    table = not_empty(tables.read(schemas.DELAY_PRECISION, folder), "networks of delay.precision")
    others = ["learner", "n_neurons", "n_delays", "n_steps", "firing_prob", "beta", "gain"]
    table = first_of_each(table, others, ["n_patterns"])
    table = table[table["scanned"].isin(list(DAMAGES))]
    bits = np.ceil(np.log2(table["n_levels"].astype(float).fillna(2.0**FULL_BITS)))
    table = table.assign(f1=f1(table), bits=bits, strength=_strength(table))
    table = table.assign(kilobytes=table["n_synapses"] * table["bits"] / 8 / 1000)
    keys = ["n_patterns", "n_neurons", "n_delays", "n_steps", "firing_prob"]
    keys += ["scanned", "strength", "keep", "bits"]
    return {"precision": means_over_networks(table, keys, "seed", ["f1", "kilobytes"])}


def _strength(table: pd.DataFrame) -> pd.Series:
    """The strength of the damage that a row has; nan of the baseline, which has none."""
    strength = pd.Series(np.nan, index=table.index)
    for kind in DAMAGES:
        if kind in table:
            of_kind = table["scanned"] == kind
            strength[of_kind] = table.loc[of_kind, kind]
    return strength


def draw(folder) -> Figure:
    """Panels for synapses, bits and memory; a colour for each load, a style for each damage."""
    curves = numbers(folder)["precision"]
    figure, axes = plt.subplots(1, 3, figsize=(9.0, 3.2), sharey=True)
    loads = sorted(curves["n_patterns"].unique())
    for colour, load in zip(COLOURS, loads, strict=False):
        for scanned, dashes in DAMAGES.items():
            here = curves[(curves["n_patterns"] == load) & (curves["scanned"] == scanned)]
            style = {"color": colour, "ls": dashes, "marker": "o", "ms": 2.5}
            pruned, rounded = here[here["bits"] == FULL_BITS], here[here["keep"] == 1]
            band(axes[0], pruned, "keep", "f1", **style)
            band(axes[1], rounded, "bits", "f1", **style)
            if scanned == "none":
                axes[2].plot(here["kilobytes"], here["f1"], "o", color=colour, ms=3)
    axes[0].set(xlabel="part of the synapses kept", xscale="log", ylabel="F1, mean")
    axes[1].set(xlabel="bits per weight", xscale="log")
    axes[2].set(xlabel="weights (kB), undamaged cues", xscale="log")
    for ax, name in zip(axes, ("keep", "bits", None), strict=True):
        if name is not None:
            values = sorted(curves[name].unique())
            ax.set_xticks(values, [f"{value:g}" for value in values])
            ax.minorticks_off()
    for ax, text in zip(axes, "abc", strict=True):
        letter(ax, text)
    axes[0].set_ylim(-0.05, 1.08)
    names = {"N": "n_neurons", "D": "n_delays", "T": "n_steps", "p": "firing_prob"}
    title = f"{networks(curves['n_networks'])}; {settings(curves, **names)}"
    figure.suptitle(title, fontsize=8)
    figure.legend(handles=_legend(curves, loads), loc="outside lower center", ncols=4)
    return figure


def _legend(curves: pd.DataFrame, loads: list[int]) -> list[Line2D]:
    lines = [
        Line2D([], [], color=colour, label=f"M = {load}")
        for colour, load in zip(COLOURS, loads, strict=False)
    ]
    for scanned, dashes in DAMAGES.items():
        strengths = curves.loc[curves["scanned"] == scanned, "strength"]
        if len(strengths):
            label = NAMES[scanned].format(strengths.iloc[0])
            lines.append(Line2D([], [], color="0.3", ls=dashes, label=label))
    return lines
