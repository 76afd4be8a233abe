"""Recall of periodic rasters, travelling waves and spoken digits, as in Perrinet's notebooks."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.targets import f1_by_period, f1_by_target, first_networks
from brianmem import schemas, tables
from figures.common import (
    CUE,
    LEARNER_COLOURS,
    Numbers,
    learner_name,
    letter,
    limits,
    not_empty,
    settings,
)
from figures.rasters import draw_spikes, legend_of_kinds

PROTOCOL = "delay.targets"
TITLE = "Recall of periodic rasters, travelling waves and spoken digits"
CAPTION = (
    "Recall of rasters of several kinds. Upper row: one pattern of each kind, recalled by the last "
    "learner; the cue (shaded) is clamped, the network then runs freely. Periodic rasters begin "
    "anew after T - D steps, so that the network goes on for ever; lines mark the periods. Waves "
    "run up and down, at several speeds, with jitter. Spoken digits are cochlear spikes, one "
    "channel for each neuron. A silence of D steps or more cannot be bridged; the longest one "
    "of any pattern is given. Lower row: F1 of each network, all periods together, with mean and "
    "95 % interval; and F1 of each period of the periodic rasters, mean and each network. A recall "
    "with more than six times the target's spikes is stopped."
)
NAMES = {
    "bernoulli": "independent spikes",
    "periodic": "periodic",
    "waves": "travelling waves",
    "digits": "spoken digits",
}


def numbers(folder) -> Numbers:
    """Mean F1 by kind of raster and learner, and by period."""
    rows = _networks(folder)
    return {
        "f1_by_target": f1_by_target(rows),
        "f1_by_period": f1_by_period(rows),
    }


def _networks(folder) -> pd.DataFrame:
    table = tables.read(schemas.DELAY_TARGETS, folder)
    return first_networks(not_empty(table, "networks of delay.targets"))


def draw(folder) -> Figure:
    """A raster of each kind above; F1 by kind, and by period, below."""
    rows, found = _networks(folder), numbers(folder)
    spikes = tables.read(schemas.DELAY_TARGETS_SPIKES, folder)
    present = set(rows["target"])
    kinds = [kind for kind in NAMES if kind in present]
    figure = plt.figure(figsize=(9.2, 6.0))
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.35, 1])
    panels = top.subplots(1, len(kinds), squeeze=False)[0]
    shown = []
    for ax, kind, name in zip(panels, kinds, "abcd", strict=False):
        of_kind = rows[rows["target"] == kind]
        shown.append(_draw_raster(ax, _example(spikes, of_kind), of_kind))
        letter(ax, name)
    panels[0].set_ylabel("neuron")
    given = pd.concat(shown)["kind"]
    legend_of_kinds(top, panels[0], given, loc="outside lower center", ncols=5)
    learner = learner_name(rows["learner"].iloc[-1])
    figure.suptitle(f"rasters: pattern 0, {learner} rule, first network", fontsize=8)
    last = len(kinds)
    by_target, by_period = bottom.subplots(1, 2, width_ratios=[1.6, 1])
    _draw_targets(by_target, rows, found["f1_by_target"], kinds)
    letter(by_target, "abcdef"[last])
    _draw_periods(by_period, found["f1_by_period"])
    letter(by_period, "abcdef"[last + 1])
    return figure


def _example(spikes: pd.DataFrame, of_kind: pd.DataFrame) -> pd.DataFrame:
    """Spikes of the first network of the last learner."""
    last = of_kind[of_kind["learner"] == of_kind["learner"].iloc[-1]].iloc[0]
    same = pd.Series(True, spikes.index)
    for name in ("target", "dataset", "learner", "n_neurons", "n_delays", "n_steps", "seed"):
        same &= spikes[name] == last[name]
    one = not_empty(spikes[same], f"spikes of the target {last['target']}")
    for name in ("n_patterns", "firing_prob", "beta", "threshold", "gain", "bin_ms"):
        first = one[name].iloc[0]
        one = one[(one[name] == first) | (one[name].isna() & pd.isna(first))]
    return one


def _draw_raster(ax, spikes: pd.DataFrame, of_kind: pd.DataFrame) -> pd.DataFrame:
    """Draw an example, and return its spikes."""
    row = of_kind.iloc[0]
    kind, n_delays, n_steps = row["target"], row["n_delays"], row["n_steps"]
    draw_spikes(ax, spikes, size=3.0 if len(spikes) < 2000 else 1.6)
    ax.axvspan(-0.5, n_delays - 0.5, color=CUE, alpha=0.15, lw=0)
    last = n_steps
    if kind == "periodic":
        period = n_steps - n_delays
        last = max(n_steps, 1 + spikes["step"].max())
        for start in range(period, last, period):
            ax.axvline(start - 0.5, color="0.5", lw=0.8, ls="--")
    step = "1 ms" if pd.isna(row["bin_ms"]) else f"{row['bin_ms']:g} ms"
    silence = of_kind["longest_silence"].max()
    limit = "at most" if silence < n_delays else "or less: not bridged from D on"
    title = NAMES[kind] if kind != "digits" else f"{NAMES[kind]}: {row['dataset']}"
    sizes = settings(of_kind, N="n_neurons", D="n_delays", T="n_steps", M="n_patterns")
    ax.set_title(f"{title}\n{sizes}\nsilent for {silence} steps {limit}", fontsize=7)
    ax.set(xlabel=f"step ({step})", xlim=(-0.01 * last, 1.01 * last))
    ax.set_ylim(-0.01 * row["n_neurons"], 1.01 * row["n_neurons"])
    return spikes


def _draw_targets(ax, rows: pd.DataFrame, means: pd.DataFrame, kinds: list[str]) -> None:
    learners = list(dict.fromkeys(rows["learner"]))
    scores = {
        key: f1_by_target(group)["f1"].iloc[0]
        for key, group in rows.groupby(["target", "learner", "seed"])
    }
    for number, learner in enumerate(learners):
        of_learner = means[means["learner"] == learner].set_index("target")
        of_learner = of_learner.loc[[kind for kind in kinds if kind in of_learner.index]]
        x = np.array([kinds.index(kind) for kind in of_learner.index], float)
        x += 0.2 * (number - (len(learners) - 1) / 2)
        colour = LEARNER_COLOURS.get(learner)
        for place, kind in zip(x, of_learner.index, strict=True):
            dots = [value for key, value in scores.items() if key[:2] == (kind, learner)]
            ax.plot(np.full(len(dots), place), dots, "o", ms=3.5, color=colour, mec="none")
        ax.errorbar(
            x,
            of_learner["f1"],
            limits(of_learner, "f1"),
            fmt="_",
            ms=12,
            lw=1,
            color=colour,
            label=learner_name(learner),
        )
    ax.axhline(1, color="0.7", lw=0.6, zorder=0)
    counts = means.groupby("target")["n_networks"].max()
    names = [f"{NAMES[kind]}\n(networks: {counts[kind]})" for kind in kinds]
    ax.set_xticks(range(len(kinds)), names)
    ax.set(ylabel="F1 of each network and mean", ylim=(-0.05, 1.08))
    ax.legend(loc="best")


def _draw_periods(ax, periods: pd.DataFrame) -> None:
    for learner, table in periods.groupby("learner", sort=False):
        by_period = table.pivot_table(index="period", columns="seed", values="f1")
        colour = LEARNER_COLOURS.get(learner)
        x = by_period.index + 1
        ax.plot(x, by_period, color=colour, lw=0.5, alpha=0.6)
        ax.plot(x, by_period.mean(axis=1), "o-", ms=2, lw=1.6, color=colour, clip_on=False)
    ax.set(xlabel="period", ylabel="F1, periodic rasters")
    # What differs little is not to look equal, and what is equal not to differ.
    least = periods["f1"].min() if len(periods) else 0.0
    ax.set_ylim(min(0.9, least) - 0.02, 1.01)
    ax.set_title("thick: mean, thin: each network", fontsize=7)
