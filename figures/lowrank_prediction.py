"""Stability predicted without a simulation, beside exact runs."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.prediction import (
    LEAST_EIGENVALUE,
    LEAST_MARGIN,
    MOST_SPREAD,
    OUTCOMES,
    agreement,
    confusion,
    outcomes,
    reasons,
    undamaged,
)
from analysis.select import LOWRANK
from brianmem import schemas, tables
from figures.common import (
    RULE_COLOURS,
    Numbers,
    generator,
    known_rules,
    letter,
    limits,
    name_of,
    not_empty,
)

PROTOCOL = "lowrank.prediction"
TITLE = "Stability predicted without a simulation"
CAPTION = (
    "Whether a network stays at a vertex, stored or random, predicted from the fixed point of its "
    "rates, and as exact runs have it (recalled: overlap above 0.95). a: starts by prediction and "
    "outcome, with their share of the column: on the diagonal are sensitivity and specificity. "
    "Below, the part that is predicted right, and its base rate: the same if all starts, or none, "
    "were predicted to be recalled. b: the same for the first condition that fails where stability "
    "is not predicted. c: distance of the overlap from 1, predicted and simulated, of starts that "
    "were predicted to be recalled and are; distances below 1e-5 are drawn there. d: part of the "
    "starts that is predicted right, with 95 % intervals over networks (another gamma or kappa "
    "makes another network), its base rate, and sensitivity and specificity, with Wilson's; a "
    "trivial memory keeps every vertex. e to g: what the prediction rests on, by outcome: least "
    "real part of an eigenvalue, spread of active "
    "rates over kappa, margin of silent neurons over its deviation; dashed, the limits, and "
    "shaded, the stable side. The numbers tell how many starts have the value, which is only "
    "looked for where a fixed point is next to the vertex; margins beyond 0.1 and 100 are drawn "
    "there. Known failure: the pseudo-inverse as printed with p >= K. With gamma above its window "
    "it has no fixed point next to a vertex, and all neurons fire in turn, but the little that is "
    "left of the latents still points to the vertex."
)
COLOURS = dict(zip(OUTCOMES, ("#0072B2", "#D55E00", "#E69F00", "#888888"), strict=True))
STABLE = "stable"
LEAST_DISTANCE, DRAWN_MARGINS, MOST_DOTS = 1e-5, (0.1, 100.0), 400
GROUPS = {
    "all": "",
    "trivial": "trivial",
    "rule": "rule",
    "load": "load p/N",
    "kappa": "kappa",
    "gamma": "gamma",
}
SHARES = (
    ("agreement", "_", "k", "predicted right"),
    ("sensitivity", "o", "#0072B2", "sensitivity: of the recalled"),
    ("specificity", "s", "#CC79A7", "specificity: of the others"),
)


def numbers(folder) -> Numbers:
    """Predictions by outcome and by condition, and the part that is right, by columns."""
    trials = _trials(folder)
    return {
        "agreement": agreement(trials),
        "prediction_confusion": confusion(trials),
        "reasons": reasons(trials),
    }


def _trials(folder) -> pd.DataFrame:
    table = undamaged(tables.read(schemas.LOWRANK_PREDICTION, folder))
    return not_empty(table, "undamaged starts of lowrank.prediction")


def draw(folder) -> Figure:
    """Confusion, overlaps, agreement by columns, and where the errors lie."""
    trials, found = _trials(folder), numbers(folder)
    figure = plt.figure(figsize=(7.2, 8.0))
    figure.suptitle(_title(trials), fontsize=8)
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=[1.1, 1.1, 1])
    left, between, right = top.subplots(1, 3, width_ratios=[1, 1, 1.35])
    _draw_confusion(left, found["reasons"], found["prediction_confusion"].iloc[0])
    _draw_reasons(between, found["reasons"])
    _draw_overlaps(right, trials)
    _draw_shares(middle, found)
    _draw_errors(bottom, trials)
    return figure


def _title(trials: pd.DataFrame) -> str:
    sizes = ", ".join(f"{n}" for n in sorted(trials["n_neurons"].unique()))
    return f"{len(trials)} starts of {_networks(trials)} networks, N = {sizes}"


def _networks(trials: pd.DataFrame) -> int:
    return len(trials[LOWRANK].drop_duplicates())


def _draw_confusion(ax, found: pd.DataFrame, of_all: pd.Series) -> None:
    stable = found["prediction"] == STABLE
    counts = [_counts(found[stable]), _counts(found[~stable])]
    _draw_matrix(ax, np.array(counts), ["stable", "not stable"])
    ax.set_ylabel("predicted")
    ax.set_xlabel(f"right: {of_all['agreement']:.1%}; base rate: {of_all['base_rate']:.1%}")
    letter(ax, "a")


def _draw_reasons(ax, found: pd.DataFrame) -> None:
    """The conditions that fail, the most frequent first; shares are of the same columns as in a."""
    letter(ax, "b")
    failed = found[found["prediction"] != STABLE]
    if not len(failed):
        ax.set_axis_off()
        return
    counts = np.array([_counts(row) for _, row in failed.groupby("prediction", sort=False)])
    _draw_matrix(ax, counts, list(failed["prediction"]), _counts(found))


def _counts(rows: pd.DataFrame) -> tuple[int, int]:
    """How many starts are recalled, and how many are not."""
    recalled = int(rows["n_recalled"].sum())
    return recalled, int(rows["n_trials"].sum()) - recalled


def _draw_matrix(ax, counts: np.ndarray, names: list[str], totals=None) -> None:
    """Counts and their shares of the columns' totals."""
    totals = counts.sum(axis=0) if totals is None else np.array(totals)
    shares = counts / np.maximum(totals, 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1.6, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        text = f"{counts[row, column]}\n{share:.1%}" if totals[column] else "0"
        ax.text(column, row, text, ha="center", va="center", fontsize=7)
    ax.set_xticks([0, 1], ["recalled", "not recalled"])
    ax.set_yticks(range(len(names)), [name.replace(" of ", " of\n") for name in names])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _draw_overlaps(ax, trials: pd.DataFrame) -> None:
    hits = trials[outcomes(trials) == "true positive"]
    ax.plot([LEAST_DISTANCE, 1], [LEAST_DISTANCE, 1], color="0.6", lw=0.6, zorder=0)
    for rule in known_rules(trials):
        of_rule = hits[hits["rule"] == rule]
        x, y = (
            (1 - of_rule[name]).clip(lower=LEAST_DISTANCE)
            for name in ("overlap", "predicted_overlap")
        )
        style = {"ms": 4, "alpha": 0.5, "mec": "none", "color": RULE_COLOURS.get(rule, "k")}
        ax.plot(x, y, ".", label=name_of(rule), **style)
    ends = LEAST_DISTANCE / 1.5, 0.1
    ax.set(xscale="log", yscale="log", xlim=ends, ylim=ends)
    ax.set(xlabel="1 - overlap, simulated", ylabel="1 - overlap, predicted")
    ax.legend(loc="upper left", fontsize=5.5, handletextpad=0.1, borderaxespad=0.1)
    letter(ax, "c")


def _draw_shares(figure, found: Numbers) -> None:
    """Agreement, its base rate, sensitivity and specificity, a panel for each split column."""
    table = found["prediction_confusion"].merge(
        found["agreement"].drop(columns=["n_networks", "n_trials"]),
        on=["by", "value"],
        suffixes=("_of_trials", ""),
    )
    parts = {by: table[table["by"] == by] for by in GROUPS}
    widths = [len(part) + 0.6 for part in parts.values()]
    axes = figure.subplots(1, len(GROUPS), sharey=True, width_ratios=widths)
    for ax, (by, part) in zip(axes, parts.items(), strict=True):
        x = np.arange(len(part))
        style = {"color": "0.6", "lw": 1.2, "zorder": 1, "label": "base rate"}
        ax.hlines(part["base_rate"], x - 0.4, x + 0.4, **style)
        for number, (name, marker, colour, label) in enumerate(SHARES):
            style = {"fmt": marker, "color": colour, "ms": 6 if marker == "_" else 3.5, "lw": 0.8}
            beside = x + 0.24 * (number - 1)
            ax.errorbar(beside, part[name], limits(part, name), label=label, **style)
        names = [name_of(value) if by == "rule" else value for value in part["value"]]
        ax.set_xticks(x, names, rotation=90, fontsize=6)
        ax.set(title=GROUPS[by], xlim=(-0.6, len(part) - 0.4))
        ax.tick_params(axis="y", length=2 if ax is axes[0] else 0)
        ax.grid(axis="y", lw=0.3)
    axes[0].set(ylabel="share of the starts", ylim=(-0.04, 1.06))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    letter(axes[0], "d")


def _draw_errors(figure, trials: pd.DataFrame) -> None:
    """What the prediction rests on, by outcome."""
    panels = (
        ("eigenvalue", "least eigenvalue,\nreal part", "linear", LEAST_EIGENVALUE, True, "e"),
        ("spread", "spread of rates", "log", MOST_SPREAD, False, "f"),
        ("margin", "margin", "log", LEAST_MARGIN, True, "g"),
    )
    kinds = outcomes(trials)
    for ax, panel in zip(figure.subplots(1, 3), panels, strict=True):
        name, label, scale, limit, above, text = panel
        ax.set(yscale=scale, ylabel=label)
        for position, kind in enumerate(OUTCOMES):
            values = trials.loc[kinds == kind, name].dropna()
            values = values.clip(*DRAWN_MARGINS) if name == "margin" else values
            _draw_dots(ax, position, values, COLOURS[kind])
        ax.axhline(limit, color="k", lw=0.8, ls="--")
        low, high = ax.get_ylim()
        ax.axhspan(*((limit, high) if above else (low, limit)), color="0.93", zorder=0, lw=0)
        ax.set_ylim(low, high)
        known = trials[name].notna().groupby(kinds).agg(["sum", "size"]).reindex(OUTCOMES).fillna(0)
        ax.set_xticks(range(len(OUTCOMES)), [_tick(kind, *known.loc[kind]) for kind in OUTCOMES])
        ax.tick_params(axis="x", labelsize=5.5)
        letter(ax, text)


def _tick(kind: str, known: float, of_all: float) -> str:
    return "\n".join([*kind.split(), f"{known:.0f}/{of_all:.0f}"])


def _draw_dots(ax, position: int, values: pd.Series, colour: str) -> None:
    some = values[:: max(1, len(values) // MOST_DOTS)]
    x = position + generator().uniform(-0.3, 0.3, len(some))
    ax.plot(x, some, ".", ms=4, alpha=0.5, mec="none", color=colour)
