"""How recall develops while a network is trained by gradient: Perrinet (2026)."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.select import first_of_all
from brianmem import schemas, tables
from figures.common import LEARNER_COLOURS, PAPER, Numbers, letter, not_empty, settings

PROTOCOL = "delay.training"
TITLE = "Recall while a network is trained by gradient"
CAPTION = (
    "Training by surrogate gradients from several weights: a column for each. First row: F1 of "
    "free recall after each gradient step; thin, each network; thick, their mean, a network that "
    "has ended keeping its last value. Second row: spikes after the cue over those that are "
    "wanted; 0 is silence (drawn at the bottom), and recalls with six times the wanted spikes "
    "are stopped as runaway. Third row: F1 in windows along time, mean over networks. From "
    "Hebbian weights on, little is left to do. Weights at random on all synapses begin with "
    "silence or with runaway, as the paper reports, depending on their scale; recall then "
    "appears next to the cue and spreads forward in time, because the spikes of one window are "
    "the context of the next."
)
CASE = ["start", "scale", "support"]
SIZE = ["n_neurons", "n_delays", "n_steps", "n_patterns", "firing_prob", "beta"]
NAMES = {"hebbian": "Hebbian", "random_positive": "random, positive", "random": "random"}
SYNAPSES = {"hebbian": "Hebbian synapses", "full": "all synapses"}
SILENT = 0.01  # where no spikes at all are drawn


def numbers(folder) -> Numbers:
    """F1 and spikes by epoch, and F1 in windows along time: means over networks."""
    courses = [
        not_empty(tables.read(schema, folder), "networks of delay.training")
        for schema in (schemas.DELAY_TRAINING, schemas.DELAY_TRAINING_WINDOWS)
    ]
    others = ["surrogate", "rate", "dropout"]
    courses, windows = (first_of_all(course, others) for course in courses)
    # One size, at which most kinds of weights to start from were trained.
    kinds = courses[SIZE + CASE].drop_duplicates().value_counts(SIZE, sort=False)
    example = pd.Series(kinds.idxmax(), SIZE)
    courses, windows = (t[(t[SIZE] == example).all(axis=1)] for t in (courses, windows))
    courses = courses.assign(
        f1=1 - courses["loss"], activity=courses["n_spikes"] / courses["n_wanted"]
    )
    return {"courses": courses, "windows": windows}


def draw(folder) -> Figure:
    """A column for each kind of weights to start from; rows for F1, spikes and F1 along time."""
    found = numbers(folder)
    courses, windows = found["courses"], found["windows"]
    cases = courses[CASE].drop_duplicates().to_dict("records")
    figure, axes = plt.subplots(
        3,
        len(cases),
        figsize=(max(4.8, 2.0 * len(cases) + 0.8), 5.6),
        sharex="col",
        sharey="row",
        squeeze=False,
    )
    labels = ("F1", "spikes / wanted spikes", "step (1 ms)")
    for row, (ax, label) in enumerate(zip(axes[:, 0], labels, strict=True)):
        ax.set_ylabel(label)
        letter(ax, "abc"[row])
    for (top, middle, bottom), case in zip(axes.T, cases, strict=True):
        here = _of(courses, case)
        _draw_courses(top, here, "f1")
        _draw_courses(middle, here.assign(activity=here["activity"].clip(SILENT)), "activity")
        middle.axhline(1, color=PAPER, lw=0.8, ls=":")
        middle.set_yscale("log")
        image = _draw_windows(bottom, _of(windows, case))
        title = f"{NAMES[case['start']]}\n{SYNAPSES[case['support']]}, scale {case['scale']:g}"
        top.set_title(title, fontsize=7, pad=14)
        bottom.set_xlabel("gradient steps")
        bottom.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes[0, 0].set_ylim(-0.05, 1.08)
    axes[1, 0].set_ylim(SILENT / 1.3, 12)
    figure.colorbar(image, ax=list(axes[2]), label="F1 in a window", shrink=0.9)
    names = {"N": "n_neurons", "D": "n_delays", "T": "n_steps", "M": "n_patterns"}
    n_networks = courses["seed"].nunique()
    title = settings(courses, **names, p="firing_prob")
    figure.suptitle(f"{n_networks} networks each; {title}", fontsize=8)
    return figure


def _of(table: pd.DataFrame, case: dict) -> pd.DataFrame:
    return table[(table[CASE] == pd.Series(case)).all(axis=1)]


def _draw_courses(ax, courses: pd.DataFrame, name: str) -> None:
    colour = LEARNER_COLOURS["surrogate"]
    by_seed = courses.pivot_table(index="epoch", columns="seed", values=name)
    for seed in by_seed:
        ax.plot(by_seed.index, by_seed[seed], color=colour, lw=0.6, alpha=0.6)
    ax.plot(by_seed.index, by_seed.ffill().mean(axis=1), color=colour, lw=2)


def _draw_windows(ax, windows: pd.DataFrame):
    """F1 by epoch (from the left) and step (upwards); the mean over networks that still learn."""
    by_seed = windows.pivot_table(index="epoch", columns=["seed", "step"], values="f1").ffill()
    mean = by_seed.T.groupby(level="step").mean().T
    last = mean.index.max()
    half = np.diff(mean.columns).mean() / 2 if mean.shape[1] > 1 else 0.5
    extent = (-0.5, last + 0.5, mean.columns.min() - half, mean.columns.max() + half)
    return ax.imshow(
        mean.T, origin="lower", aspect="auto", extent=extent, vmin=0, vmax=1, cmap="viridis"
    )
