"""Boundaries of small networks in latent space: Podlaski & Machens (2024), Fig. 1."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Arc, Patch

from brianmem import schemas
from figures.boundaries import (
    AREA,
    DECODER,
    EDGE,
    LEAK,
    PATHS,
    PUSH,
    Tables,
    arrow,
    fixed_marks,
    means_marks,
    of_case,
    plane,
    read_all,
    read_scaled,
)
from figures.common import Numbers, letter, not_empty

PROTOCOL = "lowrank.boundary"
TITLE = "Boundaries in latent space"
CAPTION = (
    "Latents of small networks whose neurons fire at straight lines; shaded: all neurons below "
    "threshold. Between spikes the latents leak towards the origin, which lies above threshold; "
    "each spike adds its neuron's decoder. a: one neuron. b: six neurons. c: decoders that are "
    "orthogonal to the lines; all paths end at the point of the boundary that is closest to the "
    "origin. d: decoders that all have another direction move it. e: three groups of decoders make "
    "three stable fixed points, with unstable ones in between. f: the last tau of a path of c: it "
    "goes around a point half a spike behind the fixed point of the fluid limit, which all spikes "
    "lead away from. Arrows at the lines are decoders, enlarged in c to e. Latents are in units of "
    "kappa; a spike's length is 1/kappa."
)
CASES = {
    "one_neuron": "one neuron",
    "population": "six neurons",
    "orthogonal": "orthogonal",
    "tilted": "one direction",
    "several": "three directions",
}
LIMITS = (-0.08, 1.75)
ENLARGED = 3.0  # decoders in the panels of many small spikes
GRID = 400
NEAREST = "equal distance from the origin"


def numbers(folder) -> Numbers:
    """Fixed points of the fluid limit, and how close to them runs end, in lengths of a spike."""
    runs = read_scaled(schemas.LOWRANK_BOUNDARY, folder, ["kappa", "duration"])
    points = read_scaled(schemas.LOWRANK_BOUNDARY_POINTS, folder)
    points = not_empty(points[points["case"].isin(CASES)], "boundaries of lowrank.boundary")
    return {"fixed_points": pd.DataFrame(_row(point, runs) for point in points.to_dict("records"))}


def _row(point: dict, runs: pd.DataFrame) -> dict:
    at = [point["y_1"], point["y_2"]]
    there = (runs["case"] == point["case"]) & np.isclose(plane(runs, "fixed"), at).all(axis=1)
    ended = runs[there]
    off = np.linalg.norm(plane(ended, "mean") - at, axis=1) * ended["kappa"] / ended["spike_size"]
    return {name: point[name] for name in ("case", "kappa", "n_active", "stable", "y_1", "y_2")} | {
        "distance_from_origin": np.hypot(*at),
        "runs_that_end_there": len(ended),
        "mean_distance_in_spikes": off.mean(),
        "largest_distance_in_spikes": off.max(),
    }


def draw(folder) -> Figure:
    """A panel for each case, and the end of a path enlarged."""
    tables = read_all(folder)
    figure, axes = plt.subplots(2, 3, figsize=(7.2, 5.5))
    *panels, last = axes.flat
    for ax, (case, title), panel in zip(panels, CASES.items(), "abcde", strict=True):
        own = of_case(tables, case)
        kappa = own["runs"]["kappa"].iloc[0]
        ax.set(xlim=LIMITS, ylim=LIMITS, aspect="equal", title=f"{title}, kappa = {kappa:g}")
        few = len(own["runs"]) == 1
        _draw_boundary(ax, own["neurons"], lines=few)
        _draw_decoders(ax, own["neurons"], 1 if few else ENLARGED)
        _draw_paths(ax, own, jumps=few)
        fixed_marks(ax, own["points"])
        means_marks(ax, own["runs"])
        ax.plot(0, 0, "o", color="k", ms=3, label="origin")
        letter(ax, panel)
    for x, y, text in ((1.66, 1.55, "below threshold"), (0.95, 0.1, "above threshold")):
        panels[0].text(x, y, text, ha="right", color="0.3", fontsize=7)
    _draw_nearest(axes[0, 2], of_case(tables, "orthogonal")["points"])
    _draw_end(last, of_case(tables, "orthogonal"))
    for ax in axes[:, 0]:
        ax.set_ylabel("latent $y_2$ / kappa")
    for ax in axes[1]:
        ax.set_xlabel("latent $y_1$ / kappa")
    _draw_legend(figure, axes)
    return figure


def _network(neurons: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Encoders and decoders, shape (N, 2), and bias over kappa, shape (N,), of the first run."""
    first = neurons[neurons["start"] == neurons["start"].min()]
    kappa = first["kappa"].to_numpy()
    return plane(first, "encoder"), plane(first, "decoder"), first["bias"].to_numpy() / kappa


def _draw_boundary(ax, neurons: pd.DataFrame, lines: bool) -> None:
    """The area below all thresholds, its boundary, and all of each neuron's line."""
    encoder, _, bias = _network(neurons)
    at = np.linspace(*ax.get_xlim(), GRID)
    grid = np.stack(np.meshgrid(at, np.linspace(*ax.get_ylim(), GRID)), axis=-1)
    highest = (grid @ encoder.T + bias).max(axis=-1)
    ax.contourf(*np.moveaxis(grid, -1, 0), highest, levels=[-np.inf, 0], colors=[AREA], zorder=0)
    ax.contour(
        *np.moveaxis(grid, -1, 0), highest, levels=[0], colors=[EDGE], linewidths=1.2, zorder=2
    )
    for e, b in zip(encoder, bias, strict=True) if lines else ():
        foot = -b * e
        ax.axline(foot, slope=-e[0] / e[1], color="0.6", lw=0.5, ls=":", zorder=1)


def _draw_decoders(ax, neurons: pd.DataFrame, enlarged: float) -> None:
    """An arrow to the middle of every face that can be seen, from the side without paths."""
    encoder, decoder, bias = _network(neurons)
    angle = np.radians(np.linspace(0, 90, GRID))
    rays = np.column_stack([np.cos(angle), np.sin(angle)])
    # The origin lies above all thresholds: a ray enters the area at the last one that it meets.
    nearness = rays @ -encoder.T / bias
    with np.errstate(divide="ignore"):
        edge = rays / nearness.min(axis=1, keepdims=True)
    seen = (np.abs(edge) < LIMITS[1]).all(axis=1) & (nearness.min(axis=1) > 0)
    for neuron in range(len(bias)):
        own = edge[seen & (nearness.argmin(axis=1) == neuron)]
        if len(own):
            vector = enlarged * decoder[neuron] / neurons["kappa"].iloc[0]
            arrow(ax, own[len(own) // 2] - vector, vector, DECODER)


def _draw_paths(ax, own: Tables, jumps: bool) -> None:
    """Paths, coloured by where they end; or in the colours of leak and spikes."""
    ends = plane(own["points"][own["points"]["stable"]], "y")
    for start, corners in own["paths"].groupby("start"):
        y = plane(corners, "y")
        if jumps:
            _draw_corners(ax, y, lw=0.8)
        else:
            run = own["runs"][own["runs"]["start"] == start]
            end = np.linalg.norm(ends - plane(run, "fixed"), axis=1).argmin()
            ax.plot(*y.T, color=PATHS[end % len(PATHS)], lw=0.6, zorder=3)
        ax.plot(*y[0], "s", color="k", ms=3, zorder=5, label="start")


def _draw_corners(ax, y: np.ndarray, lw: float) -> None:
    """A path whose corners are start, before and after each spike, and end."""
    for first, colour, label in ((0, LEAK, "leak"), (1, PUSH, "spike")):
        pieces = [y[k : k + 2] for k in range(first, len(y) - 1, 2)]
        ax.add_collection(LineCollection(pieces, colors=colour, lw=lw, label=label, zorder=3))


def _draw_nearest(ax, points: pd.DataFrame) -> None:
    """Part of the circle around the origin through the fixed point."""
    distance = np.linalg.norm(plane(points, "y"), axis=1).min()
    around = {"theta1": 20, "theta2": 70, "color": "0.5", "lw": 0.8, "ls": "--"}
    ax.add_patch(Arc((0, 0), 2 * distance, 2 * distance, label=NEAREST, **around))


def _draw_end(ax, own: Tables) -> None:
    """The last tau of the first path, around its fixed point."""
    corners = own["paths"][own["paths"]["start"] == own["paths"]["start"].min()]
    corners = corners[corners["time"] > corners["time"].max() - 1]
    corners = corners[corners["event"].eq("after").cummax()]  # from the first leak on
    not_empty(corners, "spikes of the case orthogonal of lowrank.boundary: lengthen the run")
    y = plane(corners, "y")
    centre, spike = y.mean(axis=0), 1 / corners["kappa"].iloc[0]
    ax.set(
        xlim=centre[0] + spike * np.array([-1, 1]),
        ylim=centre[1] + spike * np.array([-1, 1]),
        aspect="equal",
        title="the end of a path of c",
    )
    _draw_boundary(ax, own["neurons"], lines=False)
    _draw_corners(ax, y, lw=0.8)
    fixed_marks(ax, own["points"])
    means_marks(ax, own["runs"])
    letter(ax, "f")


def _draw_legend(figure: Figure, axes) -> None:
    """Every kind of mark once, from all panels."""
    shown = {
        "boundary": Line2D([], [], color=EDGE, lw=1.2),
        "all neurons below threshold": Patch(color=AREA),
        "decoder": Line2D([], [], color=DECODER, marker=">", ms=4, lw=1.2),
        "path, by where it ends": tuple(Line2D([], [], color=c, lw=0.8) for c in PATHS[:3]),
        NEAREST: Line2D([], [], color="0.5", lw=0.8, ls="--"),
    }
    for ax in axes.flat:
        handles, labels = ax.get_legend_handles_labels()
        shown = dict(zip(labels, handles, strict=True)) | shown
    figure.legend(
        shown.values(),
        shown.keys(),
        loc="outside lower center",
        ncols=4,
        columnspacing=1.2,
        handlelength=1.6,
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0)},
    )
