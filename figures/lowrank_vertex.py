"""Vertices of a memory's boundary and what keeps them: Podlaski & Machens (2024), Fig. 2."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from brianmem import schemas
from brianmem.criteria import RECALLED
from figures.boundaries import (
    AREA,
    DECODER,
    EDGE,
    FIXED,
    LEAK,
    PATHS,
    Tables,
    arrow,
    fixed_marks,
    means_marks,
    of_case,
    plane,
    read_all,
    read_scaled,
)
from figures.common import Numbers, letter, not_empty, settings

PROTOCOL = "lowrank.boundary"
TITLE = "Vertices of a memory's boundary"
CAPTION = (
    "Four neurons, two latents and y_0, which lowers all potentials. a: the faces in all three "
    "dimensions, and paths from spike to spike, which run down to the two stored vertices. b: the "
    "slice at the y_0 of these vertices, a square with a face for each neuron; it grows as y_0 "
    "falls. c to g: the corner of the vertex (1, -1) by how its constraint D eta = xi is met. c: "
    "both decoders point to the vertex (Hebbian rule). The latents rest there, but the potentials "
    "of the two neurons move alike, so that the one that is ahead fires alone, at twice the rate "
    "kappa. d: other decoders with the same sum: both fire at kappa. e: each neuron acts on its "
    "own axis alone, which meets the constraint for all vertices. None is stable, not even from "
    "the vertex itself: one neuron silences the other, and the latents rest in the middle of its "
    "face, in a larger square. f: each neuron acts on the other's axis alone: both fire at kappa. "
    "g: the same with self-inhibition, as memories are stored in the other figures; a neuron that "
    "fires moves its face outwards. h: spikes of the runs that start in the vertex. i, j: overlap "
    "and rates of the two neurons against the part of the constraint that each meets on its own "
    "axis (in d the mean of both; letters mark panels). The vertex is stable below one half. "
    "Latents and rates are in units of kappa; arrows of decoders and leak have an arbitrary "
    "scale."
)
PYRAMID, SQUARE = "pyramid", "square"
XI = np.array([1, -1]) / np.sqrt(2)
CASES = {
    "symmetric": "symmetric",
    "asymmetric": "asymmetric",
    "degenerate": "degenerate",
    "no_self": "no self-connection",
    "stored": "self-inhibition",
}
ACTIVE = (0, 3)  # the neurons whose faces meet in the vertex (1, -1)

SPIKES_TAU = 1.5
APEX = 1e-6  # fixed points at the apex lie above the origin of the slices, and in none of them
HIGHER_LOWER = {"higher": {"color": PATHS[0], "ms": 5}, "lower": {"color": PATHS[1], "ms": 2.5}}


def numbers(folder) -> Numbers:
    """By case: overlap with the vertex from it and from other starts, and rates of its neurons."""
    runs, neurons = _read_memories(folder)
    return {
        "vertex": pd.DataFrame(
            _row(case, own, neurons[neurons["case"] == case])
            for case, own in runs.groupby("case", sort=False)
        )
    }


def _read_memories(folder) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs that start around one vertex, of all seeds, and their neurons."""
    each = ["kappa", "duration"]
    runs = read_scaled(schemas.LOWRANK_BOUNDARY, folder, each)
    runs = runs[runs["overlap"].notna() & ~runs["case"].isin([PYRAMID, SQUARE])]
    not_empty(runs, "memories of lowrank.boundary")
    neurons = read_scaled(schemas.LOWRANK_BOUNDARY_NEURONS, folder, each)
    return runs, neurons


def _row(case: str, runs: pd.DataFrame, neurons: pd.DataFrame) -> dict:
    kappa = runs["kappa"].iloc[0]
    at_vertex = runs["start"] == 0
    active = neurons["neuron"].isin(ACTIVE)
    by_run = neurons[active].groupby(["start_seed", "start"])[["rate", "fixed_rate"]]
    most, least = by_run.max().mean() / kappa, by_run.min().mean() / kappa
    predicted = plane(runs, "fixed") @ XI / np.linalg.norm(plane(runs, "fixed"), axis=1)
    return {
        "case": case,
        "kappa": kappa,
        "gamma": runs["gamma"].iloc[0],
        "own_share": runs["own_share"].iloc[0],
        "runs": len(runs),
        "overlap_from_the_vertex": runs["overlap"][at_vertex].mean(),
        "overlap_from_elsewhere": runs["overlap"][~at_vertex].mean(),
        "predicted_overlap": predicted.mean(),
        "part_that_stays": (runs["overlap"] > RECALLED).mean(),
        "higher_rate": most["rate"],
        "predicted_higher_rate": most["fixed_rate"],
        "lower_rate": least["rate"],
        "predicted_lower_rate": least["fixed_rate"],
        "rate_of_others": neurons["rate"][~active].max() / kappa,
    }


def draw(folder) -> Figure:
    """The pyramid and its slice, the vertex for each rule with spikes, and a scan of own shares."""
    found = numbers(folder)["vertex"]
    tables = read_all(folder)
    figure = plt.figure(figsize=(7.2, 10.0))
    figure.suptitle(_settings(tables["runs"]), fontsize=8)
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=[3.0, 4.9, 2.1])
    _draw_pyramid(top.add_subplot(1, 2, 1, projection="3d"), of_case(tables, PYRAMID))
    _draw_square(top.add_subplot(1, 2, 2), of_case(tables, SQUARE))
    axes = middle.subplots(2, 3)
    *corners, spikes = axes.flat
    for ax, (case, title), panel in zip(corners, CASES.items(), "cdefg", strict=True):
        _draw_vertex(ax, of_case(tables, case))
        ax.set_title(title)
        letter(ax, panel)
    for ax in axes[:, 0]:
        ax.set_ylabel("latent $y_2$ / kappa")
    for ax in axes[1, :2]:
        ax.set_xlabel("latent $y_1$ / kappa")
    _draw_spikes(spikes, tables["paths"])
    _draw_legend(middle, corners[2])
    _draw_scan(*bottom.subplots(1, 2), found)
    return figure


def _settings(runs: pd.DataFrame) -> str:
    """Kappa and lift of the first corner, and what the network of the last one has instead."""
    own, stored = (runs[runs["case"] == case] for case in (next(iter(CASES)), "stored"))
    return (
        f"{settings(own, kappa='kappa', alpha='alpha')}; "
        f"g: {settings(stored, kappa='kappa', alpha='alpha', gamma='gamma')}"
    )


def _draw_pyramid(ax, own: Tables) -> None:
    """The faces around their apex, and paths on them."""
    apex = -own["neurons"]["bias"].iloc[0] / own["neurons"]["kappa"].iloc[0]
    base = 1.3 * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    base = np.column_stack([base, np.full(4, apex - 1.3)])
    faces = [[(0, 0, apex), base[k], base[k - 1]] for k in range(4)]
    ax.add_collection3d(Poly3DCollection(faces, fc=AREA, ec=EDGE, lw=0.6, alpha=0.3))
    # From one spike to the next: at a spike the latents are on a face.
    on_faces = own["paths"][own["paths"]["event"].isin(["start", "before"])]
    for _, path in on_faces.groupby("start"):
        y = path[["y_1", "y_2", "y_0"]].to_numpy()
        ax.plot(*y.T, color=PATHS[0], lw=1)
        ax.plot(*y[:1].T, "s", color="k", ms=3)
    stable = own["points"][own["points"]["stable"]]
    ax.plot(*stable[["y_1", "y_2", "y_0"]].to_numpy().T, "o", color=FIXED, ms=5)
    ax.set(xlabel="$y_1$ / kappa", ylabel="$y_2$ / kappa", zlabel="$y_0$ / kappa")
    ax.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1], zticks=[-4, -3.5, -3])
    ax.tick_params(labelsize=6, pad=-2)
    ax.set_box_aspect(None, zoom=1.1)
    ax.view_init(elev=24, azim=-60)
    letter(ax, "a")


def _draw_square(ax, own: Tables) -> None:
    """The slice at the y_0 of the stable fixed points: faces, vertices, decoders, paths."""
    ax.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal")
    ax.set(xlabel="latent $y_1$ / kappa", ylabel="latent $y_2$ / kappa")
    _draw_outline(ax, 1, "-", AREA)
    _draw_latents(ax, own)
    ax.plot([1, -1], [1, -1], "D", mfc="white", mec="0.4", ms=4, mew=1.0, zorder=6)
    neurons = own["neurons"][own["neurons"]["start"] == 0]
    places = plane(neurons, "encoder")
    for neuron, (place, decoder) in enumerate(zip(places, plane(neurons, "decoder"), strict=True)):
        arrow(ax, place, 0.4 * decoder, DECODER)
        style = {"ha": "center", "va": "center", "fontsize": 6.5, "rotation": 90 * abs(place[0])}
        ax.text(*(0.88 * place), f"neuron {neuron}", **style)
    arrow(ax, [1, -1], [-0.4, 0.4], LEAK)
    letter(ax, "b")


def _draw_outline(ax, half: float, style: str, colour: str) -> None:
    size = {"width": 2 * half, "height": 2 * half}
    ax.add_patch(Rectangle((-half, -half), **size, fc=colour, ec=EDGE, ls=style, lw=1, zorder=0))


def _draw_latents(ax, own: Tables) -> None:
    """Paths, with those from a vertex in another colour, fixed points of this slice, and means."""
    for _, path in own["paths"].groupby("start"):
        y = plane(path, "y")
        at_vertex = np.allclose(y[0], [1, -1])
        colour, label = (PATHS[1], "from the vertex") if at_vertex else (PATHS[0], "from elsewhere")
        ax.plot(*y.T, color=colour, lw=0.6, zorder=3, label=label)
        ax.plot(*y[0], "s", color="k", ms=3, zorder=5, label="start")
    points = own["points"]
    x, y = plane(points, "y").T
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    inside = (left < x) & (x < right) & (low < y) & (y < high) & (np.hypot(x, y) > APEX)
    fixed_marks(ax, points[inside])
    means_marks(ax, own["runs"])


def _draw_vertex(ax, own: Tables) -> None:
    """The corner of the square, with paths, decoders of its two neurons, and the leak."""
    points = own["points"]
    half = points[["y_1", "y_2"]].abs().max(axis=1).round(6)
    largest = half.max()
    ax.set(xlim=(-0.3 * largest, 1.35 * largest), ylim=(-1.35 * largest, 0.3 * largest))
    ax.set(aspect="equal")
    for side, stable in reversed(list(points["stable"].groupby(half))):
        if side > APEX:
            _draw_outline(ax, side, *(("-", AREA) if stable.any() else (":", "none")))
    _draw_latents(ax, own)
    neurons = own["neurons"][own["neurons"]["start"] == 0].set_index("neuron")
    for neuron, place in zip(ACTIVE, ([1, -0.4], [0.4, -1]), strict=True):
        decoder = neurons.loc[neuron, ["decoder_1", "decoder_2"]].to_numpy(float)
        arrow(ax, largest * np.array(place), 0.3 * largest * decoder, DECODER)
    arrow(ax, [1, -1], [-0.25 * largest, 0.25 * largest], LEAK)


def _draw_spikes(ax, paths: pd.DataFrame) -> None:
    """Spikes of the runs that start in the vertex: two lines for each case."""
    ticks = {}
    for number, case in enumerate(CASES):
        fired = paths[
            (paths["case"] == case) & (paths["start"] == 0) & (paths["event"] == "before")
        ]
        for line, neuron in enumerate(ACTIVE):
            y = 3 * number + line
            times = fired.loc[fired["neuron"] == neuron, "time"]
            ax.plot(times, np.full(len(times), y), "|", color="k", ms=5, mew=0.6)
            ticks[y] = f"{'cdefg'[number]}, neuron {neuron}"
    ax.set(xlim=(0, SPIKES_TAU), ylim=(14, -1), xlabel="time (tau)", title="spikes from the vertex")
    ax.set_yticks([*ticks], ticks.values(), fontsize=6)
    letter(ax, "h")


def _draw_legend(figure, ax) -> None:
    handles, labels = ax.get_legend_handles_labels()
    shown = dict(zip(labels, handles, strict=True)) | {
        "decoder": Line2D([], [], color=DECODER, marker=">", ms=4, lw=1.2),
        "leak": Line2D([], [], color=LEAK, marker=">", ms=4, lw=1.2),
        "vertex not stored": Line2D([], [], ls="", marker="D", mfc="white", mec="0.4", ms=4),
    }
    figure.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=4)


def _draw_scan(overlap, rates, found: pd.DataFrame) -> None:
    """Overlap and rates along the own share: simulated, and in the fluid limit."""
    scan = found[found["own_share"].notna()].sort_values("own_share")
    x = scan["own_share"]
    limit = {"ls": "", "marker": "o", "ms": 7, "mfc": "none", "mec": "0.5"}
    dots = {"ls": "", "marker": "o", "ms": 3.5}
    overlap.plot(x, scan["predicted_overlap"], **limit, label="fluid limit")
    overlap.plot(x, scan["overlap_from_elsewhere"], **dots, color="k", label="simulated")
    for name, style in HIGHER_LOWER.items():
        rates.plot(x, scan[f"predicted_{name}_rate"], **limit)
        rates.plot(x, scan[f"{name}_rate"], **dots | style, label=name)
    for ax, label, panel in (
        (overlap, "overlap with the vertex", "i"),
        (rates, "rate / kappa", "j"),
    ):
        ax.axvline(0.5, color="0.6", lw=0.8, ls=":", zorder=0)
        ax.set(xlabel="part of the constraint met on the own axis", ylabel=label)
        letter(ax, panel)
    overlap.set_ylim(0.65, 1.03)
    overlap.legend(loc="center left")
    rates.legend(loc="upper left", title="of the two neurons", title_fontsize=7)
    for case, panel in zip(CASES, "cdefg", strict=True):
        own = scan[scan["case"] == case]
        if len(own):
            place = own["own_share"].iloc[0], own["overlap_from_elsewhere"].iloc[0]
            style = {"textcoords": "offset points", "ha": "center", "fontweight": "bold"}
            overlap.annotate(panel, place, (0, -14), **style)
