"""F1, errors left by learning, and robustness against the number of patterns."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from analysis.damage import KINDS, damage
from analysis.means import means_over_networks
from analysis.theory import delay_capacity
from brianmem import schemas, tables
from figures.common import (
    LEARNER_COLOURS,
    PAPER,
    Numbers,
    band,
    learner_name,
    letter,
    networks,
    not_empty,
)

PROTOCOL = "delay.capacity"
TITLE = "Recall and robustness against the number of patterns"
CAPTION = (
    "Delay networks of several sizes, against the number M of patterns that they hold. First "
    "row: F1 of all patterns, recalled from undamaged cues. Second row: errors that learning "
    "leaves, the part of a clamped network's steps and neurons that are on the wrong side of the "
    "threshold; none is drawn at the bottom. Other rows: F1 from damaged cues and with noise. "
    "Grey line: the capacity of perceptrons with N D inputs and outputs as rare as the spikes, M "
    "= alpha N D / (T - D), for a margin of zero: theory, for clamped patterns. Dotted: N D / (T "
    "- D), as many equations as weights, where the pseudo-inverse ends; the paper's own count, N "
    "times as many, is beyond the axis. Bands: 95 % intervals over networks."
)
NAMES = {
    "resampled": "F1, {:.0%} of the\ncue drawn anew",
    "flipped": "F1, {:g} of the\ncue inverted",
    "cue_length": "F1, {:.0%} of\nthe cue given",
    "silenced": "F1, {:.0%} of the\nneurons silenced",
    "spurious": "F1, {:g} extra spikes\nper neuron and step",
    "lost": "F1, {:.0%} of the\nspikes lost",
    "membrane_noise": "F1, noise of\n{:g} thresholds",
    "cue_start": "F1, cue from\nstep {:.0f} on",
}
SIZE = ["n_neurons", "n_delays", "n_steps", "firing_prob"]
FEWEST_ERRORS = 1e-8  # where none are drawn


def numbers(folder) -> Numbers:
    """F1 and robustness, and errors of training, at each number of patterns."""
    table = tables.read(schemas.DELAY_CAPACITY, folder)
    not_empty(table, "networks of delay.capacity")
    clean = table[table["scanned"] == "none"]
    sites = clean["n_patterns"] * clean["n_neurons"] * (clean["n_steps"] - clean["n_delays"])
    clean = clean.assign(errors=(clean["missed"] + clean["extra"]) / sites)
    keys = [*SIZE, "learner", "n_patterns"]
    return {
        "damage": damage(table),
        "errors": means_over_networks(clean, keys, "seed", ["errors", "n_bytes"]),
        "clean": damage(_as_curve(clean)),
    }


def _as_curve(clean: pd.DataFrame) -> pd.DataFrame:
    """Undamaged recalls as if they were the curve of a damage of strength zero."""
    return clean.assign(scanned="cue_start")


def draw(folder) -> Figure:
    """A column for each size, a row for each measure, a line for each learner."""
    found = numbers(folder)
    damaged = found["damage"]
    points = list(damaged[["kind", "strength"]].drop_duplicates().itertuples(index=False))
    points = [(kind, strength) for kind, strength in points if _is_damage(damaged, kind, strength)]
    points.sort(key=lambda point: KINDS.index(point[0]))
    sizes = found["clean"][SIZE].drop_duplicates().sort_values("n_neurons")
    n_rows = 2 + len(points)
    figure, axes = plt.subplots(
        n_rows,
        len(sizes),
        figsize=(max(5.6, 2.4 * len(sizes)), 1.35 * n_rows + 1.2),
        sharex="col",
        sharey="row",
        squeeze=False,
    )
    labels = ["F1", "errors left\nby learning"]
    labels += [NAMES[kind].format(strength) for kind, strength in points]
    for row, (ax, text) in enumerate(zip(axes[:, 0], labels, strict=True)):
        ax.set_ylabel(text)
        letter(ax, "abcdefgh"[row])
    for column, size in zip(axes.T, sizes.to_dict("records"), strict=True):
        _draw_lines(column[0], of_size(found["clean"], size), "f1")
        _draw_errors(column[1], of_size(found["errors"], size))
        for ax, (kind, strength) in zip(column[2:], points, strict=True):
            at = (damaged["kind"] == kind) & (damaged["strength"] == strength)
            _draw_lines(ax, of_size(damaged[at], size), "f1")
        for ax in column:
            _draw_theory(ax, size)
        label_patterns(column, size)
    for ax in (*axes[0], *axes[2:].flat):
        ax.set_ylim(-0.05, 1.08)
    figure.suptitle(networks(found["clean"]["n_networks"]), fontsize=8)
    figure.legend(handles=_legend(found["clean"]), loc="outside lower center", ncols=3)
    return figure


def _is_damage(damaged: pd.DataFrame, kind: str, strength: float) -> bool:
    """Every curve begins with the baseline, which stands in a row of its own."""
    baseline = {"cue_length": damaged.loc[damaged["kind"] == kind, "strength"].max()}
    return strength != baseline.get(kind, 0.0)


def of_size(table: pd.DataFrame, size: dict) -> pd.DataFrame:
    """The rows of one size."""
    return table[(table[SIZE] == pd.Series(size)).all(axis=1)]


def _draw_lines(ax, curves: pd.DataFrame, name: str) -> None:
    for learner, line in curves.groupby("learner", sort=False):
        band(ax, line, "n_patterns", name, color=LEARNER_COLOURS.get(learner), marker="o", ms=2.5)


def _draw_errors(ax, errors: pd.DataFrame) -> None:
    names = ["errors", "errors_low", "errors_high"]
    _draw_lines(
        ax, errors.assign(**{name: errors[name].clip(FEWEST_ERRORS) for name in names}), "errors"
    )
    ax.set_yscale("log")


def _draw_theory(ax, size: dict) -> None:
    ax.axvline(delay_capacity(**size), color=PAPER, lw=1.5, zorder=0)
    unknowns = size["n_neurons"] * size["n_delays"] / (size["n_steps"] - size["n_delays"])
    ax.axvline(unknowns, color=PAPER, lw=0.8, ls=":", zorder=0)


def label_patterns(column, size: dict) -> None:
    """The size above a column of panels, numbers of patterns below it."""
    column[0].set_title(f"N = {size['n_neurons']}, T = {size['n_steps']}", fontsize=8, pad=16)
    column[-1].set(xlabel="patterns M", xscale="log")
    column[-1].xaxis.set_major_locator(LogLocator(base=4, numticks=12))
    column[-1].xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    column[-1].xaxis.set_minor_formatter(NullFormatter())


def _legend(curves: pd.DataFrame) -> list[Line2D]:
    lines = [
        Line2D([], [], color=LEARNER_COLOURS.get(learner), label=learner_name(learner))
        for learner in dict.fromkeys(curves["learner"])
    ]
    lines.append(Line2D([], [], color=PAPER, lw=1.5, label="capacity of perceptrons"))
    return [*lines, Line2D([], [], color=PAPER, lw=0.8, ls=":", label="N D / (T - D)")]
