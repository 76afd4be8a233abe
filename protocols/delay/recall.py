"""Recall of stored rasters from a cue: the benchmark of Perrinet (2026)."""

import sys
from dataclasses import dataclass

import numpy as np

from brianmem import schemas
from brianmem.delay import network
from brianmem.delay.equations import LIF
from brianmem.delay.learning import fit
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.scores import OUTCOMES, counts_by_pattern, counts_by_step
from brianmem.equation_check import check_model
from brianmem.equations import Model
from brianmem.patterns import draw_rasters
from brianmem.raster import Raster
from protocols import cli
from protocols.protocol import Protocol

EXAMPLE_PATTERN = 0  # whose spikes the figure shows


@dataclass(frozen=True)
class RecallTask:
    """One network and its patterns; the columns of the grid, and how to run them."""

    learner: str
    n_neurons: int
    n_delays: int
    n_steps: int
    n_patterns: int
    firing_prob: float
    beta: float
    threshold: float | None
    gain: float
    seed: int
    backend: str
    model: Model | None
    details: bool


SMOKE = {
    "learner": ("hebbian", "deconvolved"),
    "n_neurons": (512,),
    "n_delays": (41,),
    "n_steps": (1000,),
    "n_patterns": (16,),
    "firing_prob": (1e-3,),
    "beta": (0.7,),
    "threshold": (None,),
    "gain": (1.0,),
    "seed": tuple(range(5)),
}
PAPER = SMOKE | {"n_neurons": (512, 1024), "seed": tuple(range(10))}


def run_task(task: RecallTask) -> dict[str, list[dict]]:
    """Rows of all tables for one network."""
    names = [name for name in SMOKE if name != "seed"]
    params = DelayParameters(**{name: getattr(task, name) for name in names})
    patterns = draw_rasters(
        params.n_patterns,
        params.n_neurons,
        params.n_steps,
        params.firing_prob,
        np.random.default_rng(task.seed),
    )
    weights, info = fit(patterns, params)
    cues = patterns.crop(params.n_delays)
    recalled = network.recall(
        weights, cues, params, info["threshold"], task.model or LIF, task.backend
    )
    columns = {name: getattr(task, name) for name in SMOKE} | {"threshold": info["threshold"]}
    training = {
        name: info[name] for name in ("n_synapses", "missed", "extra", "gap_low", "gap_high")
    }
    by_pattern = counts_by_pattern(recalled, patterns, params.n_delays)
    by_step = counts_by_step(recalled, patterns, params.n_delays)
    return {
        "delay_recall": [
            columns
            | {"pattern": m, "backend": task.backend}
            | dict(zip(OUTCOMES, by_pattern[:, m], strict=True))
            | training
            for m in range(params.n_patterns)
        ],
        "delay_recall_steps": [
            columns | {"step": step} | dict(zip(OUTCOMES, by_step[:, step], strict=True))
            for step in range(params.n_steps)
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
        schemas.DELAY_RECALL_SPIKES,
    ),
    check_model=lambda model: check_model(
        model, network.constants(DelayParameters(), threshold=0.5)
    ),
    default_model=LIF,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
