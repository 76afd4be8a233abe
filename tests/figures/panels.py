"""What is drawn in a panel: lines by their properties, and points with error bars."""

import numpy as np
from matplotlib.colors import to_hex


def lines(ax, **properties):
    """The lines of a panel that have points and given properties, such as marker or linestyle."""
    return [
        line
        for line in ax.get_lines()
        if len(line.get_xdata())
        and all(getattr(line, f"get_{name}")() == value for name, value in properties.items())
    ]


def points(line):
    """The points of a line, shape (n, 2)."""
    return np.array([line.get_xdata(), line.get_ydata()], float).T


def with_band(ax, colour):
    """Points of the one line of a colour that has marks, and the ends of its band at each of them.

    Of shapes (n, 2) and (n with a value, 2).
    """
    [line] = lines(ax, color=colour, marker="o")
    bands = [c for c in ax.collections if to_hex(c.get_facecolor()[0]) == colour.lower()]
    edges = np.vstack([path.vertices for band in bands for path in band.get_paths()])
    found = points(line)
    ends = [edges[np.isclose(edges[:, 0], x), 1] for x, y in found if np.isfinite(y)]
    return found, np.array([[y.min(), y.max()] for y in ends])
