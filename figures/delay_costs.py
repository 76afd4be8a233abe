"""Synapses, bytes and seconds per pattern of delay networks."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.means import means_over_networks
from brianmem import schemas, tables
from figures.common import (
    LEARNER_COLOURS,
    Numbers,
    band,
    learner_name,
    letter,
    networks,
    not_empty,
)
from figures.delay_capacity import PROTOCOL, SIZE, label_patterns, of_size
from figures.sources import parameters, timings

TITLE = "What a stored pattern costs"
CAPTION = (
    "What each of M patterns costs a delay network. First row: synapses; second row: bytes of the "
    "table of weights, with its indices where not all synapses are there; third row: seconds on "
    "the clock, of learning and of all recalls of the protocol, while other networks were computed "
    "on the machine's other cores; none without timings.csv. Bands: 95 % intervals over networks."
)
NETWORK = [*SIZE, "learner", "n_patterns", "seed"]
COSTS = {
    "synapses": "synapses\nper pattern",
    "bytes": "bytes\nper pattern",
    "seconds": "seconds\nper pattern",
}


def numbers(folder) -> Numbers:
    """Costs per pattern at each number of patterns: means over networks."""
    table = tables.read(schemas.DELAY_CAPACITY, folder)
    clean = not_empty(table[table["scanned"] == "none"], "networks of delay.capacity")
    clean = clean.merge(_seconds(timings(Path(folder))), on=NETWORK, how="left")
    per_pattern = {
        "synapses": clean["n_synapses"] / clean["n_patterns"],
        "bytes": clean["n_bytes"] / clean["n_patterns"],
        "seconds": clean["seconds"] / clean["n_patterns"],
    }
    keys = [*SIZE, "learner", "n_patterns"]
    return {"costs": means_over_networks(clean.assign(**per_pattern), keys, "seed", [*COSTS])}


def _seconds(tasks: pd.DataFrame) -> pd.DataFrame:
    """Time of each network's task, one row a network."""
    tasks = tasks[tasks["protocol"] == PROTOCOL]
    rows = [
        {name: task[name] for name in NETWORK} | {"seconds": seconds}
        for task, seconds in zip(
            tasks["configuration"].map(parameters), tasks["seconds"], strict=True
        )
        if all(name in task for name in NETWORK)
    ]
    return pd.DataFrame(rows, columns=[*NETWORK, "seconds"]).drop_duplicates(NETWORK)


def draw(folder) -> Figure:
    """A column for each size, a row for each cost, a line for each learner."""
    costs = numbers(folder)["costs"]
    sizes = costs[SIZE].drop_duplicates().sort_values("n_neurons")
    figure, axes = plt.subplots(
        len(COSTS),
        len(sizes),
        figsize=(max(5.6, 2.4 * len(sizes)), 1.7 * len(COSTS) + 1.2),
        sharex="col",
        sharey="row",
        squeeze=False,
    )
    for row, (ax, text) in enumerate(zip(axes[:, 0], COSTS.values(), strict=True)):
        ax.set_ylabel(text)
        letter(ax, "abc"[row])
    for column, size in zip(axes.T, sizes.to_dict("records"), strict=True):
        for ax, name in zip(column, COSTS, strict=True):
            for learner, line in of_size(costs, size).groupby("learner", sort=False):
                colour = LEARNER_COLOURS.get(learner)
                band(ax, line, "n_patterns", name, color=colour, marker="o", ms=2.5)
            ax.set_yscale("log")
        label_patterns(column, size)
    figure.suptitle(networks(costs["n_networks"]), fontsize=8)
    handles = [
        Line2D([], [], color=LEARNER_COLOURS.get(learner), label=learner_name(learner))
        for learner in dict.fromkeys(costs["learner"])
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure
