"""Why the published normalisation of the weights works for one size of the problem only."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from analysis.f1 import baselines, f1_scan
from analysis.papers import reported
from analysis.select import first_of_each
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
    settings,
)

PROTOCOL = "delay.scan"
TITLE = "Why the published normalisation fails"
CAPTION = (
    "Weights as the paper's code normalises them, by how often an input takes part in a context, "
    "at its threshold of 0.8. First row: F1 beside that of the same weights with the threshold "
    "put where recall is best (deconvolved), and of the margin rule; pluses: what the scans of the "
    "code print, after 16 epochs of training, for M = 16, T = 1000, D = 41 and N = 1024, but for "
    "what varies. Second row: band, the thresholds that would tell targets from all other sites "
    "with the fewest errors, while the network is clamped, mean over networks; "
    "dashed: the threshold that is used; dotted: N D / (M (T - D)), the mean input that this "
    "normalisation gives to a neuron at its target; the weakest targets get a third of it. Where "
    "the band lies above the threshold, chance coincidences fire, as for few or short patterns; "
    "where it lies below, targets stay silent, as for many or long ones."
)
SHOWN = {
    "n_patterns": "patterns M",
    "n_steps": "length T (steps)",
    "n_delays": "delays D (steps)",
    "n_neurons": "neurons N",
    "firing_prob": "firing probability (1/step)",
}
BESIDE = ("deconvolved", "margin")


def numbers(folder) -> Numbers:
    """F1 and the intervals of thresholds along each scanned parameter."""
    scan, *_ = baselines(tables.read(schemas.DELAY_SCAN, folder))
    # The published rule has a threshold of its own, and the others have none.
    published = (scan["learner"] == "normalised") & ~scan["threshold_chosen"]
    scan = scan[published | (scan["learner"].isin(BESIDE) & scan["threshold_chosen"])]
    scan = first_of_each(scan, ["gain"], ["learner"])
    published = scan[scan["learner"] == "normalised"]
    not_empty(published[published["scanned"] != "none"], "scans of the learner 'normalised'")
    parameters = [name for name in SHOWN if (published["scanned"] == name).any()]
    rows = [
        {"scanned": name, "value": value}
        | group[["gap_low", "gap_high", "threshold"]].mean().to_dict()
        | {"drive": _drive(group.iloc[0])}
        for name in parameters
        for value, group in published[published["scanned"].isin([name, "none"])].groupby(name)
    ]
    return {"f1_scan": f1_scan(scan), "thresholds": pd.DataFrame(rows)}


def _drive(row: pd.Series) -> float:
    """N D / (M (T - D)): coincidences at a target, N D p, over those of an input, M (T - D) p."""
    n_contexts = row["n_patterns"] * (row["n_steps"] - row["n_delays"])
    return row["n_neurons"] * row["n_delays"] / n_contexts


def draw(folder) -> Figure:
    """A column for each scanned parameter: F1 above, thresholds below."""
    found = numbers(folder)
    curves, thresholds = found["f1_scan"], found["thresholds"]
    parameters = list(dict.fromkeys(thresholds["scanned"]))
    figure, axes = plt.subplots(
        2,
        len(parameters),
        figsize=(max(4.8, 2.1 * len(parameters)), 4.4),
        sharex="col",
        sharey="row",
        squeeze=False,
    )
    for (top, bottom), parameter in zip(axes.T, parameters, strict=True):
        for learner in (*BESIDE, "normalised"):
            here = (curves["scanned"] == parameter) & (curves["learner"] == learner)
            style = {"color": LEARNER_COLOURS[learner], "marker": "o", "ms": 2.5}
            band(top, curves[here], "value", "f1", **style)
        _draw_thresholds(bottom, thresholds[thresholds["scanned"] == parameter])
        bottom.set(xlabel=SHOWN[parameter], xscale="log", yscale="log")
        values = sorted(curves.loc[curves["scanned"] == parameter, "value"].unique())
        bottom.set_xticks(values[:: -(-len(values) // 4)])
        bottom.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        bottom.xaxis.set_minor_locator(NullLocator())
        for x, shown in reported.f1_points(parameter).items():
            if shown.source.stage == reported.SCANNED and values[0] <= x <= values[-1]:
                top.plot(x, shown.value, "+", color="0.3", ms=6)
    axes[0, 0].set(ylabel="F1, mean", ylim=(-0.05, 1.08))
    axes[1, 0].set_ylabel("threshold")
    letter(axes[0, 0], "a")
    letter(axes[1, 0], "b")
    names = {"N": "n_neurons", "D": "n_delays", "T": "n_steps", "M": "n_patterns"}
    baseline = settings(curves[curves["baseline"]], **names, p="firing_prob")
    figure.suptitle(f"{networks(curves['n_networks'])}; baseline: {baseline}", fontsize=8)
    figure.legend(handles=_legend(curves), loc="outside lower center", ncols=4)
    return figure


def _draw_thresholds(ax, thresholds: pd.DataFrame) -> None:
    colour = LEARNER_COLOURS["normalised"]
    low, high = thresholds["gap_low"], thresholds["gap_high"]
    ax.fill_between(thresholds["value"], low, high, color=colour, alpha=0.5, lw=1)
    ax.plot(thresholds["value"], thresholds["threshold"], "--", color="k", lw=1)
    ax.plot(thresholds["value"], thresholds["drive"], ":", color=PAPER, lw=1.5)


def _legend(curves: pd.DataFrame) -> list[Line2D]:
    lines = [
        Line2D([], [], color=LEARNER_COLOURS[learner], label=learner_name(learner))
        for learner in ("normalised", *BESIDE)
        if learner in set(curves["learner"])
    ]
    colour = LEARNER_COLOURS["normalised"]
    return [
        *lines,
        Line2D([], [], ls="", marker="+", color="0.3", label="paper's code, after 16 epochs"),
        Line2D([], [], color=colour, alpha=0.5, lw=6, label="thresholds with the fewest errors"),
        Line2D([], [], ls="--", color="k", lw=1, label="threshold of 0.8"),
        Line2D([], [], ls=":", color=PAPER, lw=1.5, label="N D / (M (T - D))"),
    ]
