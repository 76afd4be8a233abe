"""Digits that low-rank networks complete: those of Fig. 4e, and how many more from how many flips.

Fig. 4e is of Podlaski & Machens (2024).
"""

import pandas as pd

from analysis.configurations import configurations
from analysis.lowrank import recalled
from analysis.papers.reported import FIG_4E_FLIPS, FIG_4E_PIXELS, FIG_4E_STORED
from analysis.statistics import last_of_run

COMPLETED = 0.98  # share of the trials with which so many digits count as completed


def fig_4e(table: pd.DataFrame) -> pd.DataFrame:
    """The rows with one digit of each class, and with flips as near as can be to Fig. 4e's."""
    ten = table[table["n_patterns"] == FIG_4E_STORED]
    distance = (ten["flip_fraction"] - FIG_4E_FLIPS / FIG_4E_PIXELS).abs()
    return ten[distance == distance.min()]


def with_outcomes(trials: pd.DataFrame) -> pd.DataFrame:
    """The trials with columns completed (overlap above 0.95) and completed_exactly (all signs)."""
    return trials.assign(completed=recalled(trials), completed_exactly=trials["signs_correct"] == 1)


def most_digits(
    trials: pd.DataFrame, keys: list[str], criterion: float = COMPLETED
) -> pd.DataFrame:
    """The most digits that can be stored and completed, for each combination of the keys' values.

    Columns: the keys, criterion, most_digits (the largest n_patterns such that of it, and of all
    smaller ones, that share of the trials is completed; empty if not even of the smallest),
    most_digits_exactly (the same with all signs right) and most_tried.
    """
    rows = []
    for setting, group in configurations(with_outcomes(trials), keys):
        shares = group.groupby("n_patterns")[["completed", "completed_exactly"]].mean()
        most, exactly = (last_of_run(shares.index, shares[name] >= criterion) for name in shares)
        row = {"criterion": criterion, "most_digits": most, "most_digits_exactly": exactly}
        rows.append(setting | row | {"most_tried": shares.index.max()})
    names = ["criterion", "most_digits", "most_digits_exactly", "most_tried"]
    return pd.DataFrame(rows, columns=[*keys, *names])
