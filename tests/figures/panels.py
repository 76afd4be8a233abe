"""What is drawn in a panel: lines by their properties, and points with error bars."""

import numpy as np


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


def with_bars(ax, colour):
    """Points of the one line of a colour that has error bars, and the ends of its bars.

    Of shapes (n, 2) and (n with a value, 2).
    """
    [found] = [c for c in ax.containers if c[0].get_color() == colour and len(c[0].get_xdata())]
    [bars] = found[2]
    ends = [segment[:, 1] for segment in bars.get_segments() if len(segment)]
    return points(found[0]), np.array(ends, float)
