"""All patterns retrieved one after another: Perrinet (2026), sequential retrieval."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.select import DELAY, first_of_each
from analysis.sequence import f1_by_cue, f1_of_sequences, sliding_f1
from brianmem import schemas, tables
from brianmem.tables import Schema
from figures.common import (
    CUE,
    Numbers,
    learner_name,
    letter,
    not_empty,
    settings,
)
from figures.rasters import draw_spikes, legend_of_kinds

PROTOCOL = "delay.sequence"
TITLE = "Patterns retrieved one after another"
CAPTION = (
    "One run of one network, in which all patterns are retrieved one after another, by the last "
    "learner. a: its spikes; random background activity is clamped before each cue and at the end, "
    "the cue (shaded) is clamped, what follows is free. b: a part of a, where the second pattern "
    "follows the first. c: F1 of the run and each pattern in a "
    "window of steps; in each segment the run is compared with every pattern, a colour for each, "
    "whether its cue was given or not. Clamped spikes count here. d: F1 of what "
    "follows each cue and each pattern, cues not counted, mean over networks."
)
WINDOW = 50  # steps of the sliding F1
NEAR_STEPS = 100  # of free recall on each side of the part that is drawn larger
COLOURS = plt.get_cmap("turbo")


def numbers(folder) -> Numbers:
    """Mean F1 of the runs by learner, with the patterns that were cued and with the others."""
    return {"f1_of_sequences": f1_of_sequences(_recalls(folder))}


def _recalls(folder) -> pd.DataFrame:
    return not_empty(_first(schemas.DELAY_SEQUENCE, folder), "runs of delay.sequence")


def _first(schema: Schema, folder) -> pd.DataFrame:
    """The first configuration of each learner."""
    columns = [*DELAY, "background_steps"]
    return first_of_each(tables.read(schema, folder), columns, ["learner", "seed"])


def draw(folder) -> Figure:
    """The raster of one run, its F1 along time, and F1 of all recalls by the last learner."""
    recalls = _recalls(folder)
    learner = recalls["learner"].iloc[-1]
    spikes = _first(schemas.DELAY_SEQUENCE_SPIKES, folder)
    spikes = not_empty(spikes[spikes["learner"] == learner], "spikes of delay.sequence")
    spikes = spikes[spikes["seed"] == spikes["seed"].iloc[0]]
    steps = _first(schemas.DELAY_SEQUENCE_STEPS, folder)
    steps = steps[(steps["learner"] == learner) & (steps["seed"] == spikes["seed"].iloc[0])]
    recalls = recalls[recalls["learner"] == learner]
    figure = plt.figure(figsize=(9.2, 5.6), layout="constrained")
    names = {"N": "n_neurons", "D": "n_delays", "T": "n_steps", "M": "n_patterns"}
    title = f"{learner_name(learner)} rule; {settings(recalls, **names, p='firing_prob')}"
    figure.suptitle(title, fontsize=8)
    grid = figure.add_gridspec(2, 2, width_ratios=[3.2, 1], height_ratios=[1.35, 1])
    raster = figure.add_subplot(grid[0, 0])
    near = figure.add_subplot(grid[0, 1], sharey=raster)
    along = figure.add_subplot(grid[1, 0], sharex=raster)
    matrix = figure.add_subplot(grid[1, 1])
    _draw_raster(raster, spikes)
    _draw_near(near, spikes)
    _draw_sliding(along, steps)
    _draw_matrix(figure, matrix, recalls)
    for ax, name in zip((raster, near, along, matrix), "abcd", strict=True):
        letter(ax, name)
    legend_of_kinds(figure, raster, spikes["kind"], loc="outside lower center", ncols=5)
    return figure


def _cues(row: pd.Series) -> np.ndarray:
    """First steps of all cues in the run."""
    segment = row["background_steps"] + row["n_steps"]
    return row["background_steps"] + segment * np.arange(row["n_patterns"])


def _draw_raster(ax, spikes: pd.DataFrame) -> None:
    row = spikes.iloc[0]
    draw_spikes(ax, spikes, size=2.2 if len(spikes) < 4000 else 1.2)
    _shade_cues(ax, row)
    cues = _cues(row)
    end = cues[-1] + row["n_steps"] + row["background_steps"]
    ax.set(xlim=(-0.005 * end, 1.005 * end), ylim=(-5, row["n_neurons"] + 5), ylabel="neuron")
    ax.tick_params(labelbottom=False)
    patterns = ax.secondary_xaxis("top")
    patterns.set_xticks(cues + row["n_steps"] / 2, range(len(cues)))
    patterns.tick_params(length=0, pad=1)
    patterns.spines["top"].set_visible(False)
    patterns.set_xlabel("pattern whose cue was given")


def _draw_near(ax, spikes: pd.DataFrame) -> None:
    """The end of the first pattern and the beginning of the second; or the first cue of one."""
    row = spikes.iloc[0]
    cue = _cues(row)[:2][-1]
    first = max(cue - row["background_steps"] - NEAR_STEPS, 0)
    last = cue + row["n_delays"] + NEAR_STEPS
    draw_spikes(ax, spikes[spikes["step"].between(first, last - 1)], size=4)
    _shade_cues(ax, row)
    ax.set(xlim=(first, last), xlabel="step (1 ms)")
    ax.tick_params(labelleft=False)


def _shade_cues(ax, row: pd.Series) -> None:
    for start in _cues(row):
        ax.axvspan(start, start + row["n_delays"], color=CUE, alpha=0.25, lw=0, zorder=0)


def _draw_sliding(ax, steps: pd.DataFrame) -> None:
    row = steps.iloc[0]
    for pattern, curve in sliding_f1(steps, WINDOW).groupby("pattern"):
        ax.plot(curve["step"], curve["f1"], lw=0.9, color=_colour(pattern, row["n_patterns"]))
    _shade_cues(ax, row)
    ax.set(
        xlabel="step (1 ms)",
        ylabel=f"F1 with each pattern,\nsliding over {WINDOW} steps",
        ylim=(-0.03, 1.06),
    )


def _draw_matrix(figure: Figure, ax, recalls: pd.DataFrame) -> None:
    means = f1_by_cue(recalls).pivot_table(index="pattern", columns="cued_pattern", values="f1")
    image = ax.imshow(means, origin="lower", cmap="viridis", vmin=0, vmax=1)
    n_networks = recalls["seed"].nunique()
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set(xlabel="cued pattern", ylabel="compared with pattern")
    ax.set_title(f"networks: {n_networks}", fontsize=7)
    figure.colorbar(image, ax=ax, label="F1, mean", shrink=0.9)


def _colour(pattern: int, n_patterns: int):
    return COLOURS(0.05 + 0.9 * pattern / max(n_patterns - 1, 1))
