"""F1 of rasters recalled from damaged cues, and with noise: Perrinet (2026), robustness."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from analysis.damage import KINDS, damage
from analysis.papers import reported
from analysis.select import first_of_all, first_of_each
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

PROTOCOL = "delay.completion"
TITLE = "Recall from damaged cues, and with noise"
CAPTION = (
    "F1 of recalled rasters, mean over networks, against what is wrong with the recall. a to d: "
    "damaged cues; bits that are drawn anew, with the probability of a spike, which mostly "
    "deletes spikes; bits that are inverted, which mostly adds "
    "them; a cue that ends early; neurons left out of the cue. e to g: noise while the network "
    "runs freely: extra spikes, which count as neither right nor false themselves; spikes that "
    "no neuron hears; normal noise added to every potential in every step. h: an undamaged cue "
    "from the middle of the patterns. Line styles: number of patterns. Bands: 95 % intervals "
    "over networks. Crosses: what later versions of the paper report, of other networks than "
    "these: N = 1024, M = 16, trained by gradient. The noise of the cross in a is near to this "
    "damage and not the same: it draws bits of the whole input anew, with that input's mean rate, "
    "and not those of the cue alone. A trial with more than six times the pattern's spikes is "
    "stopped. The robust margin rule is the only one that saw noise in training, and that is "
    "taught steps of the cue, too."
)
NAMES = {
    "resampled": "part of the cue's bits drawn anew",
    "flipped": "part of the cue's bits inverted",
    "cue_length": "part of the cue's length given",
    "silenced": "part of the neurons silenced",
    "spurious": "extra spikes per neuron and step",
    "lost": "part of the spikes lost",
    "membrane_noise": "membrane noise (thresholds)",
    "cue_start": "first step of the cue",
}
LOGARITHMIC = ("flipped", "spurious")
DASHES = ("-", "--", ":", "-.")


def numbers(folder) -> Numbers:
    """F1 at each strength of each kind of damage, for the first size of networks."""
    table = tables.read(schemas.DELAY_COMPLETION, folder)
    not_empty(table[table["scanned"] != "none"], "damaged recalls of delay.completion")
    # The first size, and of it the first margin.
    size = ["n_neurons", "n_delays", "n_steps", "firing_prob", "beta"]
    one = first_of_each(
        first_of_all(table.fillna({"upper": 0.0}), size),  # rules without a margin
        ["threshold_chosen", "gain", "upper"],
        ["learner", "n_patterns"],
    )
    return {"damage": damage(one)}


def draw(folder) -> Figure:
    """A panel for each kind of damage, a line for each learner and number of patterns."""
    curves = numbers(folder)["damage"]
    kinds = [kind for kind in KINDS if kind in set(curves["kind"])]
    n_columns = min(4, len(kinds))
    n_rows = -(-len(kinds) // n_columns)
    figure, axes = plt.subplots(
        n_rows, n_columns, figsize=(9.2, 2.2 * n_rows + 0.9), sharey=True, squeeze=False
    )
    for number, (ax, kind) in enumerate(zip(axes.flat, kinds, strict=False)):
        _draw_curves(ax, curves[curves["kind"] == kind], kind)
        letter(ax, "abcdefgh"[number])
    for ax in axes.flat[len(kinds) :]:
        ax.set_axis_off()
    for ax in axes[:, 0]:
        ax.set_ylabel("F1, mean")
    names = {"N": "n_neurons", "D": "n_delays", "T": "n_steps", "p": "firing_prob"}
    if len(set(curves["n_patterns"])) == 1:  # several are told apart in the legend
        names["M"] = "n_patterns"
    title = f"{networks(curves['n_networks'])}; {settings(curves, **names)}"
    figure.suptitle(title, fontsize=8)
    figure.legend(handles=_legend(curves), loc="outside lower center", ncols=4)
    return figure


def _draw_curves(ax, curves: pd.DataFrame, kind: str) -> None:
    for learner in dict.fromkeys(curves["learner"]):
        of_learner = curves[curves["learner"] == learner]
        for dashes, (_, line) in zip(DASHES, of_learner.groupby("n_patterns"), strict=False):
            style = {"ls": dashes, "color": LEARNER_COLOURS.get(learner), "marker": "o", "ms": 2}
            band(ax, line, "strength", "f1", **style)
    strengths = sorted(curves["strength"].unique())
    if kind in LOGARITHMIC and len(strengths) > 2:
        ax.set_xscale("symlog", linthresh=strengths[1], linscale=0.5)
        ax.xaxis.set_major_locator(FixedLocator(_labelled(strengths)))
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.xaxis.set_minor_locator(NullLocator())
    if kind == "cue_length":
        ax.invert_xaxis()  # damage grows to the right, as in the other panels
    for strength, shown in reported.DELAY_DAMAGE.get(kind, {}).items():
        ax.plot(strength, shown.value, "x", color=PAPER, ms=6, mew=1.5, zorder=5)
    ax.set(xlabel=NAMES[kind], ylim=(-0.05, 1.08))


def _labelled(strengths: list[float]) -> list[float]:
    """Not more of the strengths than have room below a small panel."""
    step = -(-(len(strengths) - 1) // 4)
    return [strengths[0], *strengths[1::step]]


def _legend(curves: pd.DataFrame) -> list[Line2D]:
    lines = [
        Line2D([], [], color=LEARNER_COLOURS.get(learner), label=learner_name(learner))
        for learner in dict.fromkeys(curves["learner"])
    ]
    sizes = sorted(curves["n_patterns"].unique())
    if len(sizes) > 1:
        lines += [
            Line2D([], [], color="0.3", ls=dashes, label=f"M = {size}")
            for dashes, size in zip(DASHES, sizes, strict=False)
        ]
    cross = {"ls": "", "marker": "x", "ms": 6, "mew": 1.5, "color": PAPER}
    return [*lines, Line2D([], [], label="paper, N = 1024, trained", **cross)]
