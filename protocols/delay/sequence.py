"""All patterns retrieved one after another in one run: Perrinet (2026), sequential retrieval.

Each pattern has a segment of the run: clamped background activity, the clamped cue, and free
recall. Background ends the run, too.
"""

import sys
from dataclasses import dataclass

import numpy as np

from brianmem import schemas
from brianmem.delay import network
from brianmem.delay.drive import Drive
from brianmem.delay.equations import LIF
from brianmem.delay.scores import OUTCOMES, counts_by_pattern, counts_by_step
from brianmem.errors import InputError
from brianmem.patterns import draw_rasters
from brianmem.raster import Raster
from protocols import cli
from protocols.delay import networks
from protocols.delay.kinds import spike_rows
from protocols.protocol import Protocol
from protocols.sweep.plan import Estimate


@dataclass(frozen=True)
class SequenceTask(networks.DelayTask):
    """One network, and a run of all of its patterns.

    background_steps: of background before each cue; bin_steps: that are counted together.
    """

    background_steps: int
    bin_steps: int
    details: bool


def check_task(task: SequenceTask) -> None:
    """Raise InputError for values that no network, or no run of it, can have."""
    networks.check_task(task)
    for name, least in (("background_steps", 0), ("bin_steps", 1)):
        if getattr(task, name) < least:
            raise InputError(f"{name} must be at least {least}, not {getattr(task, name)}")
    networks.check_pulse(task, "a sequence")


def estimate(task: SequenceTask) -> Estimate:
    """What the task costs: the network, and a long run."""
    learned = networks.estimate(task)
    return Estimate(learned.seconds + 4e-8 * task.n_neurons * run_steps(task), learned.memory_mb)


def starts(task: SequenceTask) -> np.ndarray:
    """First step of each pattern in the run, shape (n_patterns,)."""
    segment = task.background_steps + task.n_steps
    return task.background_steps + segment * np.arange(task.n_patterns)


def run_steps(task: SequenceTask) -> int:
    """Length of the run."""
    segment = task.background_steps + task.n_steps
    return task.n_patterns * segment + task.background_steps


def in_a_row(patterns: Raster, first: np.ndarray, n_steps: int) -> Raster:
    """Patterns one after another, from these steps on, as a raster of one pattern of `n_steps`."""
    step = patterns.step + first[patterns.pattern]
    return Raster(np.zeros_like(step), patterns.neuron, step, 1, patterns.n_neurons, n_steps)


def pieces(raster: Raster, first: np.ndarray, n_steps: int) -> Raster:
    """The raster of one pattern cut into patterns of `n_steps`, from these steps on."""
    parts = [raster.crop(start + n_steps, start) for start in first]
    events = [(part.neuron, part.step) for part in parts]
    return Raster.from_events(events, raster.n_neurons, n_steps)


def sequence(task: SequenceTask, patterns: Raster, rng: np.random.Generator) -> Drive:
    """What the run is driven by: background and cues, both of them clamped."""
    n_steps, first = run_steps(task), starts(task)
    clamped = np.zeros(n_steps, dtype=bool)
    for start in (*first, n_steps):
        clamped[start - task.background_steps : start + task.n_delays] = True
    background = draw_rasters(
        len(first) + 1, task.n_neurons, task.background_steps, task.firing_prob, rng
    )
    before = np.append(first, n_steps) - task.background_steps
    cues = in_a_row(patterns.crop(task.n_delays), first, n_steps)
    noise = in_a_row(background, before, n_steps)
    neuron = np.concatenate([cues.neuron, noise.neuron])
    step = np.concatenate([cues.step, noise.step])
    forced = Raster(np.zeros_like(step), neuron, step, 1, task.n_neurons, n_steps)
    return Drive(forced, clamped[None])


def run_task(task: SequenceTask) -> dict[str, list[dict]]:
    """Rows of all tables for one network."""
    patterns, weights, info = networks.learn(task)
    first = starts(task)
    drive = sequence(task, patterns, np.random.default_rng([task.seed, 2]))
    run = network.run(
        weights,
        drive,
        networks.parameters(task),
        info["threshold"],
        task.model or LIF,
        task.backend,
        network.RUNAWAY * len(patterns) + len(drive.forced),
    )
    columns = networks.network_columns(task, info) | {"background_steps": task.background_steps}
    spikes = []
    if task.details:
        target = in_a_row(patterns, first, run_steps(task))
        spikes = [columns | spike for spike in spike_rows(run.raster, target, drive.forced)]
    trained = networks.training_columns(task, info)
    trained |= {"backend": task.backend, "ran_away": run.ran_away[0]}
    recalls = pieces(run.raster, first, task.n_steps)
    return {
        "delay_sequence": [columns | trained | row for row in _recalls(task, recalls, patterns)],
        "delay_sequence_steps": [columns | row for row in _steps(task, run.raster, patterns)],
        "delay_sequence_spikes": spikes,
    }


def _recalls(task: SequenceTask, recalls: Raster, patterns: Raster) -> list[dict]:
    """What followed each cue, compared with each pattern."""
    rows = []
    for m in range(task.n_patterns):
        same = patterns.take([m] * task.n_patterns)
        counts = counts_by_pattern(recalls, same, task.n_delays)
        rows += [
            {"cued_pattern": k, "pattern": m} | dict(zip(OUTCOMES, counts[:, k], strict=True))
            for k in range(task.n_patterns)
        ]
    return rows


def _steps(task: SequenceTask, raster: Raster, patterns: Raster) -> list[dict]:
    """The whole run compared with each pattern in place of every one, in bins of time."""
    edges = np.arange(0, run_steps(task), task.bin_steps)
    rows = []
    for m in range(task.n_patterns):
        same = in_a_row(patterns.take([m] * task.n_patterns), starts(task), run_steps(task))
        counts = np.add.reduceat(counts_by_step(raster, same, 0), edges, axis=1)
        rows += [
            {"pattern": m, "bin_steps": task.bin_steps, "step": step}
            | dict(zip(OUTCOMES, counts[:, n], strict=True))
            for n, step in enumerate(edges)
        ]
    return rows


PAPER = networks.BENCHMARK | {
    "background_steps": (50,),
    "bin_steps": (10,),
    "seed": tuple(range(10)),
}
SMOKE = PAPER | {
    "n_neurons": (256,),
    "n_steps": (500,),
    "n_patterns": (8,),
    "firing_prob": (2e-3,),
    "seed": tuple(range(3)),
}

PROTOCOL = Protocol(
    name="delay.sequence",
    description="All patterns retrieved one after another in one run, with background activity "
    "between them, Perrinet (2026).",
    task_type=SequenceTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="seed",
    run_task=run_task,
    schemas=(
        schemas.DELAY_SEQUENCE,
        schemas.DELAY_SEQUENCE_STEPS,
        schemas.DELAY_SEQUENCE_SPIKES,
    ),
    check_task=check_task,
    estimate=estimate,
    check_model=networks.check_model,
    default_model=LIF,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
