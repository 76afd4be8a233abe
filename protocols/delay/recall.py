"""Recall of stored rasters from a cue: the benchmark of Perrinet (2026)."""

import sys
from dataclasses import dataclass

from brianmem import schemas
from brianmem.delay.equations import LIF
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.scores import OUTCOMES, counts_by_neuron, counts_by_step
from brianmem.raster import Raster
from protocols import cli
from protocols.delay import networks
from protocols.protocol import Protocol

EXAMPLE_PATTERN = 0  # whose spikes the figure shows


@dataclass(frozen=True)
class RecallTask(networks.DelayTask):
    """One network; details: whether its spikes are wanted."""

    details: bool


LEARNERS = (*networks.BENCHMARK["learner"], "surrogate")
SMOKE = networks.BENCHMARK | {"learner": LEARNERS, "seed": tuple(range(5))}
PAPER = SMOKE | {"n_neurons": (512, 1024), "seed": tuple(range(10))}


def run_task(task: RecallTask) -> dict[str, list[dict]]:
    """Rows of all tables for one network."""
    params = networks.parameters(task)
    patterns, run, info = networks.learn_and_recall(task)
    recalled = run.raster
    columns = networks.network_columns(task, info)
    by_step = counts_by_step(recalled, patterns, params.n_delays)
    by_neuron = counts_by_neuron(recalled, patterns, params.n_delays)
    return {
        "delay_recall": networks.pattern_rows(task, patterns, run, info),
        "delay_recall_steps": [
            columns | {"step": step} | dict(zip(OUTCOMES, by_step[:, step], strict=True))
            for step in range(params.n_steps)
        ],
        "delay_recall_neurons": [
            columns | {"neuron": neuron} | dict(zip(OUTCOMES, by_neuron[:, neuron], strict=True))
            for neuron in range(params.n_neurons)
        ],
        "delay_recall_spikes": _spikes(columns, params, patterns, recalled) if task.details else [],
    }


def _spikes(
    columns: dict, params: DelayParameters, patterns: Raster, recalled: Raster
) -> list[dict]:
    """Cue, and after it target and recalled spikes, of one pattern."""
    target, found = patterns.select(EXAMPLE_PATTERN), recalled.select(EXAMPLE_PATTERN)
    return [
        columns | {"pattern": EXAMPLE_PATTERN, "kind": kind, "step": step, "neuron": neuron}
        for kind, raster, in_cue in (
            ("cue", target, True),
            ("target", target, False),
            ("recalled", found, False),
        )
        for step, neuron in zip(raster.step, raster.neuron, strict=True)
        if (step < params.n_delays) == in_cue
    ]


PROTOCOL = Protocol(
    name="delay.recall",
    description="Recall of stored rasters from a cue, the benchmark of Perrinet (2026).",
    task_type=RecallTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="seed",
    run_task=run_task,
    schemas=(
        schemas.DELAY_RECALL,
        schemas.DELAY_RECALL_STEPS,
        schemas.DELAY_RECALL_NEURONS,
        schemas.DELAY_RECALL_SPIKES,
    ),
    check_task=networks.check_task,
    estimate=networks.estimate,
    check_model=networks.check_model,
    default_model=LIF,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
