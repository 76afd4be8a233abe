"""What the figures of boundaries share: their tables, in units of kappa, and their marks."""

import numpy as np
import pandas as pd

from analysis.select import first_of_each
from brianmem import schemas, tables
from brianmem.tables import Schema
from figures.common import not_empty

Tables = dict[str, pd.DataFrame]

SETTINGS = ["kappa", "duration", "start_seed"]
SCALED = ("start", "mean", "fixed", "y")  # latents, by the names of their columns
PATHS = ("#0072B2", "#D55E00", "#CC79A7", "#E69F00")
AREA, EDGE, LEAK, PUSH = "#E3ECF4", "#333333", "#56B4E9", "#D55E00"
FIXED, DECODER = "#009E73", "#7F3C8D"


def read_scaled(schema: Schema, folder, settings: list[str] = SETTINGS) -> pd.DataFrame:
    """Rows with the first values of `settings` of their case, with latents over kappa."""
    table = first_of_each(tables.read(schema, folder), settings, ["case"]).copy()
    for name in SCALED:
        for column in (f"{name}_0", f"{name}_1", f"{name}_2"):
            if column in table:
                table[column] /= table["kappa"]
    return table


def read_all(folder) -> Tables:
    """The four tables by a short name, as read_scaled gives them."""
    return {
        "runs": read_scaled(schemas.LOWRANK_BOUNDARY, folder),
        "neurons": read_scaled(schemas.LOWRANK_BOUNDARY_NEURONS, folder),
        "paths": read_scaled(schemas.LOWRANK_BOUNDARY_PATHS, folder),
        "points": read_scaled(schemas.LOWRANK_BOUNDARY_POINTS, folder),
    }


def of_case(found: Tables, case: str) -> Tables:
    """The rows of one case; InputError if it has no runs."""
    own = {name: table[table["case"] == case] for name, table in found.items()}
    not_empty(own["runs"], f"runs of the case {case} of lowrank.boundary")
    return own


def plane(table: pd.DataFrame, name: str) -> np.ndarray:
    """NAME_1 and NAME_2 of each row, shape (n, 2)."""
    return table[[f"{name}_1", f"{name}_2"]].to_numpy(float)


def arrow(ax, tail, vector, colour: str, **style) -> None:
    """An arrow in the coordinates of the panel."""
    head = np.asarray(tail, float) + np.asarray(vector, float)
    properties = {"arrowstyle": "-|>", "color": colour, "lw": 1.2, "shrinkA": 0, "shrinkB": 0}
    properties |= {"mutation_scale": 8} | style
    ax.annotate("", xy=head, xytext=tail, arrowprops=properties, zorder=8)


def fixed_marks(ax, points: pd.DataFrame) -> None:
    """Filled circles where the fluid limit is stable, open ones where it is not."""
    for stable, face, label in ((True, FIXED, "stable"), (False, "white", "unstable")):
        x, y = plane(points[points["stable"] == stable], "y").T
        style = {"mfc": face, "mec": FIXED, "ms": 5, "mew": 1.3, "zorder": 6}
        ax.plot(x, y, "o", label=f"{label} fixed point, fluid limit", **style)


def means_marks(ax, runs: pd.DataFrame) -> None:
    """Crosses at the averaged latents of the runs."""
    x, y = plane(runs, "mean").T
    ax.plot(x, y, "+", color="k", ms=6, mew=1.0, zorder=7, label="mean of the last quarter")
