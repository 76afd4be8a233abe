"""Completion of damaged digits: Podlaski & Machens (2024), Fig. 4e."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from analysis.digits import fig_4e, with_outcomes
from analysis.means import means_over_networks
from analysis.select import LOWRANK, first_of_each
from brianmem import schemas, tables
from brianmem.tables import Schema
from figures.common import Numbers, known_rules, name_of, not_empty, settings

PROTOCOL = "lowrank.digits"
TITLE = "Completion of damaged digits"
CAPTION = (
    "Completion of ten damaged digits, one in each column: the start, the latents along the recall "
    "by one rule, the end of the recall by the others, and the stored image. m: overlap with the "
    "stored image, averaged over the last quarter of the run."
)


def numbers(folder) -> Numbers:
    """Overlap and share of completed digits by each rule, means over networks."""
    trials = _read(schemas.LOWRANK_DIGITS, folder)
    keys, measures = ["rule", "dataset", "flip_fraction"], ["overlap", "completed"]
    means = means_over_networks(with_outcomes(trials), keys, "network_seed", measures)
    return {"completed_digits": means}


def _read(schema: Schema, folder):
    """The first configuration of each rule that stores ten digits; flips as in Fig. 4e."""
    table = not_empty(fig_4e(tables.read(schema, folder)), "networks with ten digits")
    return first_of_each(table, [*LOWRANK, "flip_fraction", "dt"], ["rule"])


def draw(folder) -> Figure:
    """A column per digit: cue, recall over time, final recall of the other rules, and target."""
    trials = _read(schemas.LOWRANK_DIGITS, folder)
    images = _read(schemas.LOWRANK_DIGITS_IMAGES, folder)
    rules = known_rules(images)
    shown = rules[-1]
    end = images["time"].max()
    strips = [("cue", shown, "cue", 0.0)]
    for time in sorted(images.loc[images["stage"] == "recall", "time"].unique()):
        strips.append((f"{name_of(shown)}, {time:g} tau", shown, "recall", time))
    strips += [(f"{name_of(rule)}, {end:g} tau", rule, "recall", end) for rule in rules[:-1]]
    strips.append(("target", shown, "target", 0.0))
    digits = sorted(images["digit"].unique())

    figure, axes = plt.subplots(
        len(strips), len(digits), figsize=(7.2, 0.67 * len(strips) + 0.55), squeeze=False
    )
    pictures = dict(tuple(images.groupby(["rule", "stage", "time", "digit"])))
    overlaps = trials.set_index(["rule", "pattern"])["overlap"]
    for row, (label, rule, stage, time) in zip(axes, strips, strict=True):
        row[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=7)
        for ax, digit in zip(row, digits, strict=True):
            pixels = pictures[rule, stage, time, digit].pivot(
                index="row", columns="column", values="value"
            )
            ax.imshow(pixels, cmap="gray", vmin=-1, vmax=1)
            ax.set(xticks=[], yticks=[])
            for spine in ax.spines.values():
                spine.set(visible=True, linewidth=0.4, color="0.6")
            if stage == "recall" and time == end:
                ax.set_xlabel(f"m = {overlaps[rule, digit]:.2f}", fontsize=6, labelpad=1.5)
    first = trials.iloc[0]
    figure.suptitle(
        f"{first['dataset']}; {first['flip_fraction']:.0%} of the pixels flipped, "
        f"{settings(trials, N='n_neurons', kappa='kappa')}; m: overlap with the target",
        fontsize=8,
    )
    return figure
