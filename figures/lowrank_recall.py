"""Recall in small low-rank networks: Podlaski & Machens (2024), Figs. 3 and 5."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from analysis.lowrank import COINCIDE, recalled, shares_recalling_all
from analysis.means import means_over_networks
from analysis.select import LOWRANK, first_of_each
from brianmem import schemas, tables
from figures.common import (
    RULE_COLOURS,
    Numbers,
    generator,
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
    "rule. e: elements of the decoders against those of the first rule, without own axes, a panel "
    "for each other rule in the colours of f; on the line both are the same. f: their correlation "
    "with the Hebbian rule's, a dot for each network. g: how well each pattern meets "
    "D eta = xi, a dot for each pattern of each network: mean over latents of xi_k (D eta)_k, "
    "which has to be 1, and standard deviation, which has to be 0. h: networks that recall all of "
    "their patterns, of all sets and of usable ones, in which no two patterns have a |cosine| of "
    f"{COINCIDE:g} or more; damaged starts that are completed; and random vertices that are kept "
    "although they were not stored. Rings in f and g: the network of the panels before. Bars: "
    "means and their 95 % intervals over networks (of shares of networks: Wilson's)."
)
SHOWN_TAU = 5.0
MOST_DOTS = 400  # of a rule, in a panel


def numbers(folder) -> Numbers:
    """Success, and how decoders agree with the Hebbian rule and with the constraint.

    Means and shares over networks, by rule, success by kappa, too. Of exact runs, or else of those
    with the smallest step.
    """
    trials = _every_kappa(folder).assign(recalled=recalled)
    undamaged = _undamaged(trials)
    keys, network = ["rule", "kappa"], "network_seed"
    by_start = [*keys, "start", "flip_fraction"]
    alignment = ["alignment_mean", "alignment_spread"]
    return {
        "networks": shares_recalling_all(trials, keys),
        "success": means_over_networks(trials, by_start, network, ["overlap", "recalled"]),
        "decoders": means_over_networks(
            _networks(undamaged), ["rule"], network, ["hebbian_correlation"]
        ),
        "constraints": means_over_networks(undamaged, ["rule"], network, alignment),
    }


def _every_kappa(folder):
    """Runs of one configuration for each rule, network and kappa."""
    table = not_empty(tables.read(schemas.LOWRANK_RECALL, folder), "trials of lowrank.recall")
    trials = first_of_each(table, LOWRANK, ["rule", "network_seed", "kappa"])
    return trials[trials["dt"] == trials["dt"].min()]


def _undamaged(trials):
    """A row for each pattern of each network."""
    stored = trials[trials["start"] == "stored"]
    return stored.drop_duplicates(["rule", "network_seed", "pattern"])


def _networks(trials):
    """A row for each network."""
    return trials.drop_duplicates(["rule", "network_seed"])


def draw(folder) -> Figure:
    """Traces and rasters of one network, its weights, and the success of many networks."""
    trials, found, each = _every_kappa(folder), numbers(folder), ["rule", "network_seed"]
    trials = trials[trials["kappa"] == trials["kappa"].iloc[0]]
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
    figure = plt.figure(figsize=(max(7.2, 1.5 * len(rules)), 10.4))
    names = {"N": "n_neurons", "p": "n_patterns", "kappa": "kappa"}
    figure.suptitle(
        f"{settings(trials, **names)}. Panels a to e: network {seed}, "
        f"{trials['flip_fraction'].max():.0%} of the start flipped; f to h: "
        f"{networks(trials['network_seed'].nunique())}",
        fontsize=8,
    )
    rows = figure.subfigures(5, 1, height_ratios=[2.9, 1.4, 1.4, 2.1, 2.7])
    decoders = one["lowrank_recall_decoders"]
    _draw_recall(rows[0], one["lowrank_recall_traces"], one["lowrank_recall_spikes"], rules)
    _draw_matrices(rows[1], decoders, rules, "c", "decoders D", "latent", "neuron")
    _draw_matrices(rows[2], one["lowrank_recall_weights"], rules, "d", "weights", "post", "pre")
    _draw_decoders(rows[3], decoders, trials, seed, rules, found["decoders"])
    left, right = rows[4].subfigures(1, 2)
    _draw_constraints(left, trials, seed, rules, found["constraints"])
    _draw_success(right, trials, rules, found)
    return figure


def _example_seed(trials, details) -> int:
    """The first network with all details whose patterns are distinct; else the first."""
    seeds = list(dict.fromkeys(details["network_seed"]))
    correlation = trials.groupby("network_seed")["pattern_correlation"].first()
    return next((seed for seed in seeds if correlation[seed] < COINCIDE), seeds[0])


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
            bottom.scatter(x, y, c=colour, s=5, marker="|", lw=0.6, label=label)
        bottom.set(xlabel="time (tau)")
    n_neurons = spikes["n_neurons"].iloc[0]
    axes[1, 0].set(ylabel="neuron", ylim=(n_neurons - 0.5, -0.5), yticks=[0, n_neurons - 1])
    axes[0, 0].set_ylabel("overlap")
    (lines, line_names), (dots, dot_names) = (ax.get_legend_handles_labels() for ax in axes[:, 0])
    legend = [*lines, *dots], [*line_names, *dot_names]
    figure.legend(*legend, loc="outside upper center", ncols=6, markerscale=2)
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


def _draw_decoders(figure, decoders, trials, seed, rules, means) -> None:
    left, right = figure.subfigures(1, 2)
    _draw_elements(left, decoders, rules)
    ax = right.subplots()
    _draw_dots(ax, _networks(trials), seed, rules, means, "hebbian_correlation")
    ax.set(ylabel="correlation of decoders,\nwith the Hebbian one", ylim=(None, 1.03))
    letter(ax, "f")


def _draw_elements(figure, decoders, rules) -> None:
    """Elements of D against those of the first rule, a panel for each other rule."""
    others = decoders[decoders["neuron"] % (decoders["n_neurons"] // 2) != decoders["latent"]]
    elements = others.pivot(index=["latent", "neuron"], columns="rule", values="value")
    base = elements[rules[0]]
    limit = base.abs().max()
    axes = figure.subplots(1, max(1, len(rules) - 1), sharex=True, sharey=True, squeeze=False)[0]
    for ax, rule in zip(axes, rules[1:], strict=False):
        style = {"ms": 3, "alpha": 0.7, "mec": "none", "color": RULE_COLOURS.get(rule, "k")}
        ax.plot(base, elements[rule], ".", **style)
        ax.plot([-limit, limit], [-limit, limit], color="0.6", lw=0.6, zorder=0)
        ax.set_xticks([-limit, 0, limit], [f"{x:.1g}" for x in (-limit, 0, limit)])
    figure.supxlabel(f"element of D, {name_of(rules[0])}", fontsize=plt.rcParams["axes.labelsize"])
    axes[0].set_ylabel("element of D,\nother rules")
    letter(axes[0], "e")


def _draw_dots(ax, rows, seed, rules, means, name) -> None:
    """A dot for each row, beside the mean over networks; rings for those of one network."""
    scatter = generator()
    for position, rule in enumerate(rules):
        of_rule = rows[rows["rule"] == rule].dropna(subset=name)
        x = position + scatter.uniform(-0.3, 0.3, len(of_rule))
        colour = RULE_COLOURS.get(rule, "k")
        some = slice(None, None, max(1, len(of_rule) // MOST_DOTS))
        style = {"ms": 4, "alpha": 0.35, "mec": "none", "color": colour}
        ax.plot(x[some], of_rule[name][some], ".", **style)
        example = (of_rule["network_seed"] == seed).to_numpy()
        ax.plot(x[example], of_rule[name][example], "o", ms=3.5, mfc="none", mec="k", mew=0.7)
    table = means.set_index("rule").reindex(rules)
    x = np.arange(len(rules))
    style = {"fmt": "_", "ms": 9, "mew": 1.2, "color": "k", "capsize": 2, "elinewidth": 0.9}
    ax.errorbar(x, table[name], limits(table, name), zorder=4, **style)
    ax.set_xticks(x, [name_of(rule) for rule in rules], rotation=30, ha="right")
    # An axis above another one has no labels.
    for label, rule in zip(ax.get_xticklabels(), rules, strict=False):
        label.set_color(RULE_COLOURS.get(rule, "k"))


def _draw_constraints(figure, trials, seed, rules, means) -> None:
    top, bottom = figure.subplots(2, 1, sharex=True)
    patterns = _undamaged(trials)
    panels = (
        (top, "alignment_mean", 1, "mean of\n$\\xi_k (D \\eta)_k$"),
        (bottom, "alignment_spread", 0, "its standard\ndeviation"),
    )
    for ax, name, met, label in panels:
        ax.axhline(met, color="0.6", lw=0.6, zorder=0)
        _draw_dots(ax, patterns, seed, rules, means, name)
        ax.set_ylabel(label)
    letter(top, "g")


def _draw_success(figure, trials, rules, found: Numbers) -> None:
    ax = figure.subplots()
    kappa, flips = trials["kappa"].iloc[0], trials["flip_fraction"].max()
    whole, starts = (found[n][found[n]["kappa"] == kappa] for n in ("networks", "success"))
    damaged = starts[(starts["start"] == "stored") & (starts["flip_fraction"] == flips)]
    n_sets = whole.groupby("sets")["n_networks"].max().reindex(["all", "usable"], fill_value=0)
    every, usable = (whole[whole["sets"] == sets] for sets in ("all", "usable"))
    bars = (
        (f"all patterns, {n_sets['all']} networks", "#222222", every, "all_recalled"),
        (f"the same, {n_sets['usable']} usable ones", "#0072B2", usable, "all_recalled"),
        (f"starts with {flips:.0%} flipped", "#999999", damaged, "recalled"),
        ("random vertices kept", "#E69F00", starts[starts["start"] == "random"], "recalled"),
    )
    for number, (label, colour, table, name) in enumerate(bars):
        table = table.set_index("rule").reindex(rules)
        x = np.arange(len(rules)) + 0.22 * (number - 1.5)
        style = {"ecolor": "0.5", "error_kw": {"lw": 0.7}, "color": colour, "label": label}
        drawn = ax.bar(x, table[name], 0.2, yerr=limits(table, name), **style)
        texts = [f"{value:.2f}" for value in table[name]]
        ax.bar_label(drawn, texts, fontsize=5.5, padding=1, rotation=90)
    ax.set(ylim=(0, 1.25), yticks=[0, 0.5, 1], ylabel="share recalled")
    ax.set_xticks(range(len(rules)), [name_of(rule) for rule in rules], rotation=30, ha="right")
    figure.legend(loc="outside upper center", ncols=2, fontsize=6)
    letter(ax, "h")
