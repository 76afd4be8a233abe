"""Rasters whose spikes have a colour for what they are."""

import pandas as pd

from figures.common import CUE, EXTRA, HIT, TARGET

# In the order in which they are drawn and named; kinds are those of brianmem.schemas.SPIKE_KIND.
KINDS = {
    "background": ("background (clamped)", {"color": TARGET, "marker": "."}),
    "cue": ("cue (clamped)", {"color": CUE, "marker": "."}),
    "right": ("recalled, in target", {"color": HIT, "marker": "."}),
    "extra": ("recalled, not in target", {"color": EXTRA, "marker": "x"}),
    "missed": ("target, not recalled", {"color": "k", "marker": "+"}),
}


def draw_spikes(ax, spikes: pd.DataFrame, size: float, x: str = "step") -> None:
    """The spikes of a raster, those of each kind with a label; `size` is that of dots in points."""
    for kind, (label, style) in KINDS.items():
        points = spikes[spikes["kind"] == kind]
        ms = size if style["marker"] == "." else 4
        ax.plot(points[x], points["neuron"], ls="", ms=ms, mew=0.7, label=label, **style)
        if style["marker"] == ".":
            ax.get_lines()[-1].set_markeredgewidth(0)


def legend_of_kinds(place, ax, kinds, **style) -> None:
    """What the colours of a panel mean, for these kinds, in a place: a figure or a panel."""
    handles, labels = ax.get_legend_handles_labels()
    names = {label for kind, (label, _) in KINDS.items() if kind in set(kinds)}
    shown = [(h, label) for h, label in zip(handles, labels, strict=True) if label in names]
    legend = place.legend(*zip(*shown, strict=True), **style)
    for handle in legend.legend_handles:
        handle.set_markersize(5)
