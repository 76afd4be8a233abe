"""What several figures share: names, colours, panel letters."""

from brianmem.errors import InputError

RULE_NAMES = {
    "hebbian": "Hebbian",
    "pseudo_inverse": "pseudo-inverse",
    "pseudo_inverse_zeroed": "pseudo-inverse,\nown axis zeroed",
    "optimised": "optimised",
}
RULE_COLOURS = {
    "hebbian": "#D55E00",
    "pseudo_inverse": "#56B4E9",
    "pseudo_inverse_zeroed": "#0072B2",
    "optimised": "#009E73",
}
LEARNER_COLOURS = {"hebbian": "#D55E00", "deconvolved": "#0072B2"}
CUE, TARGET, HIT, EXTRA = "#E69F00", "#BBBBBB", "#0072B2", "#D55E00"


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


def not_empty(table, what: str):
    """The table itself; InputError if it has no row."""
    if not len(table):
        raise InputError(f"there is nothing to draw: the tables have no {what}")
    return table


def settings(table, **names: str) -> str:
    """Values of the first row, for a title: settings(table, N="n_neurons") is "N = 20"."""
    row = table.iloc[0]
    return ", ".join(f"{symbol} = {row[column]:g}" for symbol, column in names.items())
