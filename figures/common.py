"""What several figures share: names, colours, panel letters, means with their intervals."""

import numpy as np
import pandas as pd

from brianmem.errors import InputError

Numbers = dict[str, pd.DataFrame]  # small tables by name

RULE_NAMES = {
    "hebbian": "Hebbian",
    "pseudo_inverse": "pseudo-inverse",
    "pseudo_inverse_neural": "pseudo-inverse\nof neural patterns",
    "pseudo_inverse_zeroed": "pseudo-inverse,\nown axis zeroed",
    "pseudo_inverse_rescaled": "pseudo-inverse,\nzeroed and rescaled",
    "optimised": "optimised",
    "regularised": "regularised",
    "extended": "antagonists inhibit\neach other",
    "extended_noise": "antagonists inhibit,\nnoise-trained",
}
RULE_COLOURS = {
    "hebbian": "#D55E00",
    "pseudo_inverse": "#56B4E9",
    "pseudo_inverse_neural": "#8C564B",
    "pseudo_inverse_zeroed": "#0072B2",
    "pseudo_inverse_rescaled": "#CC79A7",
    "optimised": "#009E73",
    "regularised": "#AA3377",
    "extended": "#E69F00",
    "extended_noise": "#000000",
}
# Those of the paper, and those that go beyond its architecture or its constraints.
PAPER_RULES = ("hebbian", "pseudo_inverse", "pseudo_inverse_zeroed", "optimised")
EXTENSIONS = ("regularised", "extended", "extended_noise")
LEARNER_COLOURS = {
    "hebbian": "#D55E00",
    "deconvolved": "#0072B2",
    "normalised": "#56B4E9",
    "pseudo_inverse": "#CC79A7",
    "margin": "#009E73",
    "margin_dense": "#8C8C00",
    "margin_robust": "#000000",
    "margin_loaded": "#E69F00",
    "margin_capacity": "#AA3377",
    "surrogate": "#8C564B",
}
LEARNER_NAMES = {
    "hebbian": "Hebbian",
    "deconvolved": "deconvolved Hebbian",
    "normalised": "as published",
    "pseudo_inverse": "pseudo-inverse",
    "margin_dense": "margin, all synapses",
    "margin_robust": "margin, robust",
    "margin_loaded": "margin, loaded",
    "margin_capacity": "margin, capacity",
    "surrogate": "surrogate gradient",
}
CUE, TARGET, HIT, EXTRA = "#E69F00", "#BBBBBB", "#0072B2", "#D55E00"
PAPER = "0.55"


def letter(axes, text: str) -> None:
    """Panel letter above the upper left corner."""
    axes.set_title(text, loc="left", fontweight="bold", fontsize=10)


def known_rules(table) -> list[str]:
    """The rules of a table in the order of RULE_NAMES, then any others."""
    present = list(dict.fromkeys(table["rule"]))
    return sorted(
        present, key=lambda rule: (rule not in RULE_NAMES, [*RULE_NAMES, rule].index(rule))
    )


def name_of(rule: str) -> str:
    """A rule's name in a figure."""
    return RULE_NAMES.get(rule, rule)


def line_name(rule: str) -> str:
    """A rule's name on one line, for legends."""
    return name_of(rule).replace("\n", " ")


def learner_name(learner: str) -> str:
    """A learning rule's name in a legend."""
    return LEARNER_NAMES.get(learner, learner)


def not_empty(table, what: str):
    """The table itself; InputError if it has no row."""
    if not len(table):
        raise InputError(f"there is nothing to draw: the tables have no {what}")
    return table


def settings(table, **names: str) -> str:
    """Values of the first row, for a title: settings(table, N="n_neurons") is "N = 20"."""
    row = table.iloc[0]
    return ", ".join(f"{symbol} = {row[column]:g}" for symbol, column in names.items())


def networks(counts) -> str:
    """How many networks the points of a figure stand for, a number or several, in words."""
    fewest, most = np.min(counts), np.max(counts)
    if fewest < most:
        return f"{fewest} to {most} networks"
    return "1 network" if most == 1 else f"{most} networks"


def generator() -> np.random.Generator:
    """For the bootstrap: the same tables give the same figure."""
    return np.random.default_rng(0)


def limits(table: pd.DataFrame, name: str) -> np.ndarray:
    """Lengths of the error bars of a measure, shape (2, n); 0 where a limit is unknown."""
    low, high = table[name] - table[f"{name}_low"], table[f"{name}_high"] - table[name]
    return np.array([low.fillna(0).clip(lower=0), high.fillna(0).clip(lower=0)], float)


def nested(rule: str, rules: list[str]) -> dict:
    """A rule's line; earlier rules have broader ones, so that later ones do not hide them."""
    broader = len(rules) - 1 - rules.index(rule)
    size = {"lw": 1 + 0.5 * broader, "ms": 3 + 0.6 * broader}
    return {"color": RULE_COLOURS.get(rule), "marker": "o"} | size


def band(ax, table: pd.DataFrame, x: str, name: str, **style) -> None:
    """A measure along x as a line, its interval as a band."""
    table = table.sort_values(x)
    [line] = ax.plot(table[x], table[name], **style)
    low, high = table[f"{name}_low"], table[f"{name}_high"]
    ax.fill_between(table[x], low, high, color=line.get_color(), alpha=0.2, lw=0)
