"""Completion of damaged patterns against load: Podlaski & Machens (2024), Fig. 4d."""

import math
import sys
from dataclasses import dataclass

import numpy as np

from brianmem import schemas
from brianmem.lowrank import many, network, readout
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.memory import LowRankMemory
from brianmem.patterns import draw_flips, flip
from protocols import cli
from protocols.lowrank import loads
from protocols.lowrank.bisection import NOT_EVEN_UNDAMAGED, most_completed
from protocols.lowrank.starts import random_starts, stored_starts
from protocols.lowrank.trials import Trial, estimate_trials, start_columns
from protocols.protocol import Protocol
from protocols.sweep.plan import Estimate

# Beyond half of the flips a pattern is nearer to its negative than to itself.
MOST_FLIPPED = 0.5


@dataclass(frozen=True)
class CompletionTask(loads.LoadTask):
    """One network; n_tested patterns and as many random vertices are damaged."""

    gamma: float | None
    n_tested: int


def check_task(task: CompletionTask) -> None:
    """Raise InputError for values that no network can have."""
    loads.check(task, (task.gamma,), (), n_tested=task.n_tested)


def estimate(task: CompletionTask) -> Estimate:
    """What the task costs: the runs of two bisections per pattern, one per random vertex."""
    params = loads.parameters(task, task.gamma)
    n_runs = 1.5 * math.log2(params.n_latents) + 2
    return estimate_trials(params, math.ceil(min(task.n_tested, params.n_patterns) * n_runs))


def run_task(task: CompletionTask) -> dict[str, list[dict]]:
    """Rows of the table for one network: one for each pattern, and for each random vertex."""
    memory = loads.stored(task).with_gamma(task.gamma)
    n_tested = min(task.n_tested, memory.params.n_patterns)
    trials = stored_starts(memory.patterns, range(n_tested), (0.0,), task.network_seed)
    trials += random_starts(memory.patterns, n_tested, task.network_seed)
    completed, n_runs = _bisect(task, memory, trials)
    columns = loads.columns(task, memory)
    rows = [
        columns
        | start_columns(memory, trial)
        | _completed(flips, len(trial.target))
        | {"n_runs": n}
        for trial, flips, n in zip(trials, completed, n_runs, strict=True)
    ]
    return {"lowrank_completion": rows}


def _bisect(
    task: CompletionTask, memory: LowRankMemory, trials: list[Trial]
) -> tuple[np.ndarray, np.ndarray]:
    n_latents = memory.params.n_latents
    n_copies = many.fitting_part(memory.params, 1, len(trials), task.backend).n_copies

    def run(pairs: list[tuple[int, int]]) -> np.ndarray:
        found = []
        for first in range(0, len(pairs), n_copies):
            batch = pairs[first : first + n_copies]
            starts = [_damaged(task, trials[trial], n_flips) for trial, n_flips in batch]
            found += [
                readout.successes(memory, spikes, trials[trial].target)
                for (trial, _), spikes in zip(batch, simulate(starts), strict=True)
            ]
        return np.array(found)

    with network.repeated(memory, n_copies, task.model or LIF, task.backend) as simulate:
        return most_completed(run, len(trials), int(MOST_FLIPPED * n_latents), n_criteria=2)


def _damaged(task: CompletionTask, trial: Trial, n_flips: int) -> np.ndarray:
    """The start with so many flips; of one start they are nested."""
    n_latents = len(trial.start)
    stream = 1 if trial.start_kind == "stored" else 3
    rng = np.random.default_rng([task.network_seed, stream, trial.pattern])
    return flip(trial.start, draw_flips(n_latents, n_flips / n_latents, rng))


def _completed(flips: np.ndarray, n_latents: int) -> dict:
    fractions = np.where(flips == NOT_EVEN_UNDAMAGED, np.nan, flips / n_latents)
    return dict(zip(("completed", "completed_exactly"), fractions, strict=True))


SMOKE = {
    "network_seed": tuple(range(5)),
    "rule": ("pseudo_inverse_zeroed", "optimised", "regularised", "extended"),
    "n_neurons": (200,),
    "load": (0.05, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5),
    "correlation": (0.0,),
    "kappa": (3.0,),
    "duration": (10.0,),
    "gamma": (None,),
    "n_tested": (10,),
}
SMOKE_CORRELATED = SMOKE | {
    "network_seed": tuple(range(2000, 2003)),
    "rule": ("optimised", "extended"),
    "load": (0.1, 0.25),
    "correlation": (0.0, 0.2, 0.4, 0.6, 0.8),
}
# Fig. 4d.
SIZES = SMOKE | {
    "network_seed": tuple(range(10)),
    "rule": ("pseudo_inverse_zeroed", "optimised"),
    "n_neurons": (400, 800, 1600),
    "load": (0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.475),
}
READINGS = SIZES | {
    "rule": ("hebbian", "pseudo_inverse", "pseudo_inverse_rescaled", "pseudo_inverse_neural"),
    "n_neurons": (400,),
    "load": (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.45),
}
EXTENDED = SIZES | {
    "rule": ("regularised", "extended"),
    "load": (0.05, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6),
}
# Training takes longer than runs do: more of the patterns.
NOISE_TRAINED = SIZES | {
    "rule": ("extended_noise",),
    "n_tested": (20,),
    "n_neurons": (400, 800),
    "load": (0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7),
}
NOISE_TRAINED_LARGEST = NOISE_TRAINED | {
    "network_seed": tuple(range(3)),
    "n_neurons": (1600,),
    "load": (0.2, 0.3, 0.4, 0.45, 0.5, 0.55),
}
CORRELATED = SMOKE_CORRELATED | {
    "network_seed": tuple(range(2000, 2010)),
    "rule": ("pseudo_inverse", "pseudo_inverse_zeroed", "optimised", "regularised", "extended"),
    "n_neurons": (400,),
    "load": (0.1, 0.25, 0.4),
}
PAPER = (SIZES, READINGS, EXTENDED, NOISE_TRAINED, NOISE_TRAINED_LARGEST, CORRELATED)

PROTOCOL = Protocol(
    name="lowrank.completion",
    description="Flips that are completed against load, by bisection, Podlaski & Machens (2024), "
    "Fig. 4d, beside random vertices that were not stored.",
    task_type=CompletionTask,
    grids={"smoke": (SMOKE, SMOKE_CORRELATED), "paper": PAPER},
    seed_name="network_seed",
    run_task=run_task,
    schemas=(schemas.LOWRANK_COMPLETION,),
    check_task=check_task,
    estimate=estimate,
    check_model=loads.check_model,
    default_model=LIF,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
