"""The same weights without spikes: completion by binary and graded networks beside spiking ones.

Each start is run by all of them. Besides where it ends, the table tells which axes change first.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from brianmem import schemas
from brianmem.errors import InputError
from brianmem.lowrank import hopfield, readout
from brianmem.lowrank.correction import first_changes, first_corrected, stronger_first
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.hopfield import BinaryRun
from brianmem.lowrank.memory import LowRankMemory
from protocols import cli
from protocols.lowrank import loads
from protocols.lowrank.starts import stored_starts
from protocols.lowrank.trials import Trial, estimate_trials, simulate_each, start_columns
from protocols.protocol import Protocol
from protocols.sweep.plan import Estimate

# Steps in which latents of a spiking network are looked at, in tau.
LOOK = 0.1


@dataclass(frozen=True)
class HopfieldTask(loads.LoadTask):
    """One network; n_tested patterns are damaged by each flip fraction."""

    gamma: float | None
    n_tested: int
    flip_fraction: tuple[float, ...]


@dataclass(frozen=True)
class Outcome:
    """Of one start: latents that are read out, shape (K,), and when axes first changed.

    n_sweeps counts how often a binary network looked at all axes.
    """

    latents: np.ndarray
    changed_at: np.ndarray
    n_sweeps: int | None = None


def check_task(task: HopfieldTask) -> None:
    """Raise InputError for values that no network can have."""
    loads.check(task, (task.gamma,), task.flip_fraction, n_tested=task.n_tested)
    if task.gamma is not None and not task.gamma > 0:
        raise InputError(f"gamma must be positive for graded states, not {task.gamma:g}")


def estimate(task: HopfieldTask) -> Estimate:
    """What the task costs: a spiking run per start, and those without spikes."""
    params = loads.parameters(task, task.gamma)
    n_trials = min(task.n_tested, params.n_patterns) * len(task.flip_fraction)
    runs = estimate_trials(params, n_trials)
    # Products of the decoder with some hundred states of each; measured on one core, as the runs.
    without_spikes = n_trials * (1.5e-2 + 5e-8 * params.n_neurons**2)
    return Estimate(runs.seconds + without_spikes, runs.memory_mb)


def run_task(task: HopfieldTask) -> dict[str, list[dict]]:
    """Rows of the table for one network: one for each start and each kind of dynamics."""
    memory = loads.stored(task).with_gamma(task.gamma)
    n_tested = min(task.n_tested, memory.params.n_patterns)
    which = range(n_tested)
    trials = stored_starts(memory.patterns, which, task.flip_fraction, task.network_seed)
    columns = loads.columns(task, memory)
    rows = [
        columns | start_columns(memory, trial) | {"dynamics": name} | _measures(memory, trial, run)
        for name, run_all in DYNAMICS.items()
        for trial, run in zip(trials, run_all(task, memory, trials), strict=True)
    ]
    return {"lowrank_hopfield": rows}


def _spiking(task: HopfieldTask, memory: LowRankMemory, trials: list[Trial]) -> list[Outcome]:
    looks = LOOK * np.arange(1, int(task.duration / LOOK + 0.5) + 1)
    runs = simulate_each([memory], [trial.start for trial in trials], task.model, task.backend)
    found = []
    for trial, spikes in zip(trials, runs, strict=True):
        mean, _ = readout.mean_and_final_latents(memory, spikes)
        along = readout.latents(memory, spikes, looks, trial.start)
        found.append(Outcome(mean, first_changes(along, looks, trial.start)))
    return found


def _binary(task: HopfieldTask, memory: LowRankMemory, trials: list[Trial]) -> list[Outcome]:
    def run(trial: Trial) -> BinaryRun:
        rng = np.random.default_rng([task.network_seed, 4, trial.pattern])
        return hopfield.random_order(memory.decoder, trial.start, rng)

    return [_of_binary(run(trial)) for trial in trials]


def _largest_first(task: HopfieldTask, memory: LowRankMemory, trials: list[Trial]) -> list[Outcome]:
    runs = (hopfield.largest_first(memory.decoder, trial.start) for trial in trials)
    return [_of_binary(run) for run in runs]


def _of_binary(run: BinaryRun) -> Outcome:
    return Outcome(run.state, run.changed_at, run.n_sweeps)


def _graded(task: HopfieldTask, memory: LowRankMemory, trials: list[Trial]) -> list[Outcome]:
    return _relaxed(memory, trials)


def _bounded(task: HopfieldTask, memory: LowRankMemory, trials: list[Trial]) -> list[Outcome]:
    return _relaxed(memory, trials, bound=1.0)


def _relaxed(memory: LowRankMemory, trials: list[Trial], **bound: float) -> list[Outcome]:
    starts = np.column_stack([trial.start for trial in trials])
    run = hopfield.relax(memory.decoder, starts, memory.gamma, memory.info["gain"], **bound)
    return [Outcome(*pair) for pair in zip(run.state.T, run.changed_at.T, strict=True)]


# By the name in the table.
DYNAMICS: dict[str, Callable[[HopfieldTask, LowRankMemory, list[Trial]], list[Outcome]]] = {
    "spiking": _spiking,
    "binary": _binary,
    "largest_first": _largest_first,
    "graded": _graded,
    "bounded": _bounded,
}


def _measures(memory: LowRankMemory, trial: Trial, outcome: Outcome) -> dict:
    """Columns that tell where a start led, and how."""
    flipped = trial.start != trial.target
    push = -trial.start * hopfield.fields(memory.decoder, trial.start)
    return {
        "overlap": readout.overlap(outcome.latents, trial.target),
        "signs_correct": readout.signs_correct(outcome.latents, trial.target),
        "n_spoiled": int(np.isfinite(outcome.changed_at[~flipped]).sum()),
        "first_corrected": first_corrected(outcome.changed_at, flipped),
        "stronger_first": stronger_first(outcome.changed_at, push),
        "n_sweeps": outcome.n_sweeps,
    }


# Of seeds that no constant of a rule was chosen on; flips around the edges of the basins.
SMOKE = {
    "network_seed": tuple(range(5000, 5005)),
    "rule": ("optimised", "regularised"),
    "n_neurons": (200,),
    "load": (0.1,),
    "correlation": (0.0,),
    "kappa": (3.0,),
    "duration": (10.0,),
    "gamma": (None,),
    "n_tested": (10,),
    "flip_fraction": (0.2, 0.26, 0.3, 0.34, 0.38, 0.42),
}
SMOKE_BUSIER = SMOKE | {
    "load": (0.3,),
    "flip_fraction": (0.02, 0.05, 0.08, 0.12, 0.16, 0.2, 0.24),
}
SMOKE_BUSIEST = SMOKE | {"load": (0.4,), "flip_fraction": (0.01, 0.02, 0.03, 0.06, 0.1, 0.14)}

SIZES = {"network_seed": tuple(range(5000, 5010)), "n_neurons": (400, 800)}
LARGEST = {"network_seed": tuple(range(5000, 5005)), "n_neurons": (1600,)}
NEAR_CAPACITY = SMOKE | {"load": (0.49,), "flip_fraction": (0.0, 0.005, 0.01, 0.02)}
PAPER = tuple(
    block | size
    for size in (SIZES, LARGEST)
    for block in (SMOKE, SMOKE_BUSIER, SMOKE_BUSIEST, NEAR_CAPACITY)
)

PROTOCOL = Protocol(
    name="lowrank.hopfield",
    description="Completion of damaged patterns by spikes, by a binary network (Hopfield 1982) "
    "with the same weights and starts, in random order and with the largest field first, and by "
    "graded ones (Hopfield 1984), and which axes each corrects first.",
    task_type=HopfieldTask,
    grids={"smoke": (SMOKE, SMOKE_BUSIER, SMOKE_BUSIEST), "paper": PAPER},
    seed_name="network_seed",
    run_task=run_task,
    schemas=(schemas.LOWRANK_HOPFIELD,),
    check_task=check_task,
    estimate=estimate,
    check_model=loads.check_model,
    default_model=LIF,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
