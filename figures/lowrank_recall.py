"""Recall in small low-rank networks: Podlaski & Machens (2024), Figs. 3 and 5."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from analysis.lowrank import networks_recalling_all, recalled
from analysis.means import means_over_networks
from analysis.select import LOWRANK, first_of_each
from brianmem import schemas, tables
from figures.common import (
    RULE_COLOURS,
    Numbers,
    known_rules,
    letter,
    limits,
    name_of,
    networks,
    not_empty,
    settings,
)

PROTOCOL = "lowrank.recall"
TITLE = "Recall in small low-rank networks"
CAPTION = (
    "Recall of random patterns in small networks. a: overlap of the latents with each pattern, "
    "from a damaged start. b: spikes of the same run. c, d: decoders and recurrent weights by each "
    "rule. e: elements of the decoders against those of the first rule. f: drive of each latent "
    "along each pattern, dots, and its mean, bars; at the line the constraint is met. g: networks "
    "that recall all of their patterns, damaged starts that are completed, and random vertices "
    "that are kept although they were not stored, with 95 % intervals over networks."
)
# Sets in which two patterns (nearly) coincide cannot be told apart by any rule: they count in
# panel g, but make a poor example.
DISTINCT = 0.8
SHOWN_TAU = 5.0


def numbers(folder) -> Numbers:
    """Means over networks: overlap and success, and whether all patterns of a network are recalled.

    Of exact runs, or else of those with the smallest step.
    """
    trials = _trials(folder)
    trials = trials[trials["dt"] == trials["dt"].min()]
    trials = trials.assign(recalled=recalled(trials))
    whole = networks_recalling_all(trials, flip_fraction=0.0)
    keys, network = ["rule", "start", "flip_fraction"], "network_seed"
    return {
        "success": means_over_networks(trials, keys, network, ["overlap", "recalled"]),
        "networks": means_over_networks(whole, ["rule"], network, ["all_recalled"]),
    }


def _trials(folder):
    table = not_empty(tables.read(schemas.LOWRANK_RECALL, folder), "trials of lowrank.recall")
    return first_of_each(table, LOWRANK, ["rule", "network_seed"])


def draw(folder) -> Figure:
    """Traces and rasters of one network, its weights, and the success of many networks."""
    each = ["rule", "network_seed"]
    trials = _trials(folder)
    details = {
        schema.name: first_of_each(tables.read(schema, folder), LOWRANK, each)
        for schema in (
            schemas.LOWRANK_RECALL_TRACES,
            schemas.LOWRANK_RECALL_SPIKES,
            schemas.LOWRANK_RECALL_DECODERS,
            schemas.LOWRANK_RECALL_WEIGHTS,
            schemas.LOWRANK_RECALL_CONSTRAINTS,
        )
    }
    seed = _example_seed(trials, details["lowrank_recall_constraints"])
    one = {name: table[table["network_seed"] == seed] for name, table in details.items()}
    rules = known_rules(trials)
    figure = plt.figure(figsize=(7.2, 9.0))
    names = {"N": "n_neurons", "p": "n_patterns", "kappa": "kappa"}
    figure.suptitle(
        f"{settings(trials, **names)}. Panels a to f: network {seed}, "
        f"{trials['flip_fraction'].max():.0%} of the start flipped",
        fontsize=8,
    )
    rows = figure.subfigures(4, 1, height_ratios=[2.9, 1.5, 1.5, 2.3])
    _draw_recall(rows[0], one["lowrank_recall_traces"], one["lowrank_recall_spikes"], rules)
    _draw_matrices(
        rows[1], one["lowrank_recall_decoders"], rules, "c", "decoders D", "latent", "neuron"
    )
    _draw_matrices(rows[2], one["lowrank_recall_weights"], rules, "d", "weights", "post", "pre")
    left, middle, right = rows[3].subplots(1, 3, width_ratios=[1, 1.1, 1.5])
    _draw_correlation(left, one["lowrank_recall_decoders"], rules)
    _draw_constraints(middle, one["lowrank_recall_constraints"], rules)
    _draw_success(right, numbers(folder), rules)
    return figure


def _example_seed(trials, details) -> int:
    """The first network with all details whose patterns are distinct; else the first."""
    seeds = list(dict.fromkeys(details["network_seed"]))
    correlation = trials.groupby("network_seed")["pattern_correlation"].first()
    return next((seed for seed in seeds if correlation[seed] < DISTINCT), seeds[0])


def _draw_recall(figure, traces, spikes, rules) -> None:
    cued = traces["cued_pattern"].min()
    axes = figure.subplots(2, len(rules), sharex=True, sharey="row", squeeze=False)
    for column, rule in zip(axes.T, rules, strict=True):
        top, bottom = column
        trace = traces[(traces["rule"] == rule) & (traces["cued_pattern"] == cued)]
        for pattern, curve in trace.groupby("pattern"):
            style = {"color": "k", "lw": 1.6} if pattern == cued else {"lw": 0.9}
            label = "cued pattern" if pattern == cued else f"pattern {pattern}"
            top.plot(curve["time"], curve["overlap"], label=label, **style)
        top.axhline(1, color="0.8", lw=0.6, zorder=0)
        top.set(title=name_of(rule), xlim=(0, SHOWN_TAU), ylim=(-1.1, 1.1))
        fired = spikes[(spikes["rule"] == rule) & (spikes["cued_pattern"] == cued)]
        for active, colour in ((True, "k"), (False, "#D55E00")):
            x, y = fired.loc[fired["active"] == active, ["time", "neuron"]].to_numpy().T
            label = "active in the cued pattern" if active else "not active in it"
            bottom.scatter(x, y, c=colour, s=3, marker="|", lw=0.6, label=label)
        bottom.set(xlabel="time (tau)")
    n_neurons = spikes["n_neurons"].iloc[0]
    axes[1, 0].set(ylabel="neuron", ylim=(n_neurons - 0.5, -0.5), yticks=[0, n_neurons - 1])
    axes[0, 0].set_ylabel("overlap")
    (lines, line_names), (dots, dot_names) = (ax.get_legend_handles_labels() for ax in axes[:, 0])
    legend = [*lines, *dots], [*line_names, *dot_names]
    figure.legend(*legend, loc="outside upper center", ncols=6)
    letter(axes[0, 0], "a")
    letter(axes[1, 0], "b")


def _draw_matrices(figure, elements, rules, panel, title, row, column) -> None:
    axes = figure.subplots(1, len(rules), squeeze=False)[0]
    for ax, rule in zip(axes, rules, strict=True):
        matrix = elements[elements["rule"] == rule].pivot(index=row, columns=column, values="value")
        limit = np.abs(matrix.to_numpy()).max()
        inhibitory = not (matrix.to_numpy() > 0).any()
        colours = (
            {"cmap": "Blues_r", "vmax": 0} if inhibitory else {"cmap": "RdBu_r", "vmax": limit}
        )
        image = ax.imshow(matrix, vmin=-limit, aspect="auto", **colours)
        ax.set(xlabel=column, xticks=[0, matrix.shape[1] - 1], yticks=[0, matrix.shape[0] - 1])
        figure.colorbar(image, ax=ax, fraction=0.05, pad=0.03).ax.tick_params(labelsize=6)
    axes[0].set_ylabel(f"{title}\n{row}")
    letter(axes[0], panel)


def _draw_correlation(ax, decoders, rules) -> None:
    """Elements of D against those of the first rule; that takes few values, each a strip."""
    elements = decoders.pivot(index=["latent", "neuron"], columns="rule", values="value")
    base = elements[rules[0]]
    step = 0.25 * np.diff(np.unique(base.round(9))).min(initial=1.0)
    for number, rule in enumerate(rules[1:]):
        r = np.corrcoef(base, elements[rule])[0, 1]
        x = base + step * (number - (len(rules) - 2) / 2)
        style = {"ms": 3, "alpha": 0.7, "mec": "none", "color": RULE_COLOURS.get(rule)}
        ax.plot(x, elements[rule], ".", label=f"{name_of(rule)}, r = {r:.2f}", **style)
    ax.set(xlabel=f"element of D, {name_of(rules[0])}", ylabel="element of D, other rules")
    ax.set_ylim(top=ax.get_ylim()[1] * 2.1)
    ax.legend(loc="upper left", bbox_to_anchor=(-0.05, 1.02), fontsize=5.5, handletextpad=0.1)
    letter(ax, "e")


def _draw_constraints(ax, constraints, rules) -> None:
    """Each latent's drive along each pattern; the horizontal line is D eta = xi."""
    n_patterns = constraints["pattern"].max() + 1
    width = 0.8 / n_patterns
    for position, rule in enumerate(rules):
        for pattern, values in constraints[constraints["rule"] == rule].groupby("pattern"):
            x = position - 0.4 + width * (pattern + 0.5)
            points = values["alignment"]
            ax.plot(np.full(len(points), x), points, ".", ms=2.5, color="0.6", mec="none")
            ax.plot(x, points.mean(), "_", ms=6, color=RULE_COLOURS.get(rule, "k"), mew=1.5)
    ax.axhline(1, color="k", lw=0.6)
    ax.set(ylabel="$\\xi_k (D \\eta)_k$, by pattern", xticks=range(len(rules)))
    ax.set_xticklabels([name_of(rule) for rule in rules], rotation=40, ha="right")
    letter(ax, "f")


def _draw_success(ax, found: Numbers, rules) -> None:
    trials, whole = found["success"], found["networks"]
    flips = trials["flip_fraction"].max()
    damaged = trials[(trials["start"] == "stored") & (trials["flip_fraction"] == flips)]
    bars = (
        ("networks, all patterns", "#222222", whole, "all_recalled"),
        (f"trials, {flips:.0%} flipped", "#888888", damaged, "recalled"),
        ("random vertices kept", "#E69F00", trials[trials["start"] == "random"], "recalled"),
    )
    for number, (label, colour, table, name) in enumerate(bars):
        table = table.set_index("rule").reindex(rules)
        x = np.arange(len(rules)) + 0.27 * (number - 1)
        style = {"ecolor": "0.5", "error_kw": {"lw": 0.7}}
        drawn = ax.bar(
            x, table[name], 0.25, yerr=limits(table, name), label=label, color=colour, **style
        )
        texts = [f"{value:.2f}" for value in table[name]]
        ax.bar_label(drawn, texts, fontsize=5.5, padding=1, rotation=90)
    n_networks = networks(trials["n_networks"].max())
    ax.set(ylim=(0, 1.25), yticks=[0, 0.5, 1], ylabel=f"fraction ({n_networks})")
    ax.set_xticks(range(len(rules)), [name_of(rule) for rule in rules], rotation=40, ha="right")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=6)
    letter(ax, "g")
