"""F1 of recalled rasters while one parameter varies: the scans of Perrinet (2026)."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from analysis.f1 import BASELINE, baselines, f1_scan
from analysis.papers import reported
from analysis.select import first_of_each
from brianmem import schemas, tables
from figures.common import (
    LEARNER_COLOURS,
    Numbers,
    band,
    learner_name,
    letter,
    networks,
    not_empty,
    settings,
)

PROTOCOL = "delay.scan"
TITLE = "Recall of rasters while one parameter varies"
CAPTION = (
    "F1 of recalled rasters while one parameter of the delay network varies and the others stay "
    "at the baseline, which is marked by a grey line and larger circles. Points: means over "
    "networks; bands: their 95 % intervals. The threshold of rules that do not learn for one is "
    "placed anew for each network, unless thresholds are scanned. Crosses and pluses: the paper's "
    "values, of other networks than these (M = 16, T = 1000, D = 41 but for what varies, and N as "
    "the legend tells): crosses are those of its text (first version), after training by gradient; "
    "pluses are printed by the scans of its code, which train for 16 epochs."
)
NAMES = {
    "n_neurons": "neurons N",
    "n_delays": "delays and cue, D (steps of 1 ms)",
    "n_steps": "length of patterns, T (steps of 1 ms)",
    "n_patterns": "patterns M",
    "firing_prob": "firing probability (per step)",
    "beta": "decay of the potential, beta (per step)",
    "threshold": "threshold",
}
# By stage of training.
MARKERS = {reported.TRAINED: "x", reported.SCANNED: "+", reported.BEFORE: "1"}
MOST_COLUMNS = 3
CHARACTER, GAP = 0.03, 0.02  # widths in labels, as parts of an axis
LOGARITHMIC = 4  # ratio of the largest value to the smallest, from which on the axis is logarithmic


def numbers(folder) -> Numbers:
    """F1 along each scanned parameter."""
    scan, *_ = baselines(tables.read(schemas.DELAY_SCAN, folder))
    scan = _one_of_each(scan)
    not_empty(scan[scan["scanned"] != BASELINE], "scanned parameter")
    return {"f1_scan": f1_scan(scan)}


def _one_of_each(scan: pd.DataFrame) -> pd.DataFrame:
    """One gain and kind of threshold for each learner; where thresholds are scanned, all."""
    along = scan["scanned"] == "threshold"
    others = first_of_each(scan[~along], ["gain", "threshold_chosen"], ["learner"])
    return pd.concat([others, first_of_each(scan[along], ["gain"], ["learner"])])


def draw(folder) -> Figure:
    """A panel for each scanned parameter, a line for each learner."""
    curves = numbers(folder)["f1_scan"]
    present = list(dict.fromkeys(curves["scanned"]))
    parameters = sorted(present, key=lambda name: [*NAMES, name].index(name))
    n_columns = min(MOST_COLUMNS, len(parameters))
    n_rows = -(-len(parameters) // n_columns)
    figure, axes = plt.subplots(
        n_rows, n_columns, figsize=(7.2, 2.1 * n_rows + 0.7), sharey=True, squeeze=False
    )
    marks = {}
    for number, (ax, parameter) in enumerate(zip(axes.flat, parameters, strict=False)):
        _draw_curves(ax, curves[curves["scanned"] == parameter], parameter)
        letter(ax, "abcdefg"[number])
        marks |= _draw_reported(ax, parameter)
    for ax in axes.flat[len(parameters) :]:
        ax.set_axis_off()
    for ax in axes[:, 0]:
        ax.set_ylabel("F1, mean")
    names = {"N": "n_neurons", "D": "n_delays", "T": "n_steps", "M": "n_patterns"}
    baseline = curves[curves["baseline"]]
    title = networks(curves["n_networks"])
    if len(baseline):
        title += f"; baseline: {settings(baseline, **names, p='firing_prob', beta='beta')}"
    figure.suptitle(title, fontsize=8)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    labels = [learner_name(label) for label in labels] + [f"paper, {when}" for when in marks]
    figure.legend([*handles, *marks.values()], labels, loc="outside lower center", ncols=4)
    return figure


def _draw_reported(ax, parameter: str) -> dict[str, Line2D]:
    """Values of the paper within the range of the axis; what is drawn, by what it is of."""
    low, high = ax.get_xlim()
    marks = {}
    for x, shown in reported.f1_points(parameter).items():
        if low <= x <= high:
            stage = shown.source.stage
            n_neurons = shown.source.networks.split(",")[0]
            name = f"{'N of the axis' if parameter == 'n_neurons' else n_neurons}, {stage}"
            [marks[name]] = ax.plot(x, shown.value, ls="", marker=MARKERS[stage], color="0.3", ms=6)
    return marks


def _draw_curves(ax, curves: pd.DataFrame, parameter: str) -> None:
    values = sorted(curves["value"].unique())
    logarithmic = values[0] > 0 and values[-1] / values[0] >= LOGARITHMIC
    for learner in dict.fromkeys(curves["learner"]):
        of_learner = curves[curves["learner"] == learner].dropna(subset="f1").sort_values("value")
        colour = LEARNER_COLOURS.get(learner)
        band(ax, of_learner, "value", "f1", marker="o", ms=3, label=learner, color=colour)
        base = of_learner["baseline"]
        x, f1 = of_learner.loc[base, "value"], of_learner.loc[base, "f1"]
        ax.plot(x, f1, "o", ms=6, mfc="none", mew=1.2, color=colour)
    if parameter == "threshold":  # each network has its own at the baseline
        values = sorted(curves.loc[~curves["baseline"], "value"].unique()) or values
        baseline = []
    else:
        baseline = curves.loc[curves["baseline"], "value"].unique()
        for value in baseline:
            ax.axvline(value, color="0.85", lw=5, zorder=0)
    if logarithmic:
        ax.set_xscale("log")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticks(values, _labels(values, baseline, logarithmic))
    ax.set(xlabel=NAMES.get(parameter, parameter), ylim=(-0.05, 1.08))


def _labels(values, baseline, logarithmic: bool) -> list[str]:
    """Of ticks: empty where a label would run into another; the baseline's has precedence."""
    texts = [f"{value:.4g}" for value in values]
    places = np.log(values) if logarithmic else np.array(values, dtype=float)
    places /= np.ptp(places) or 1
    shown = []
    for i in sorted(range(len(values)), key=lambda i: values[i] not in baseline):
        widths = [CHARACTER * (len(texts[i]) + len(texts[j])) / 2 + GAP for j in shown]
        if all(abs(places[i] - places[shown]) >= widths):
            shown.append(i)
    return [text if i in shown else "" for i, text in enumerate(texts)]
