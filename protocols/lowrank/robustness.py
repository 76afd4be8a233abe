"""Recall by networks with noise, neurons and weights that differ, and parts that are missing.

One of these varies at a time, while the others are as designed. A network keeps its defects in all
trials; noise is new in each.
"""

import sys
from dataclasses import dataclass, fields

import numpy as np

from brianmem import schemas
from brianmem.errors import InputError, RunawayError
from brianmem.lowrank import perturbed_network
from brianmem.lowrank.memory import LowRankMemory, store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.perturbation import (
    NOISE_STEP,
    Defects,
    Strengths,
    draw_defects,
    draw_kicks,
)
from brianmem.patterns import draw_binary
from brianmem.spikes import Spikes
from protocols import cli
from protocols.lowrank.loads import patterns_at_load
from protocols.lowrank.starts import stored_starts
from protocols.lowrank.trials import (
    EXACT,
    Trial,
    check_trials,
    estimate_trials,
    measure,
    network_columns,
    run_columns,
)
from protocols.protocol import Protocol
from protocols.sweep.plan import Estimate

SCANS = tuple(field.name for field in fields(Strengths))
NOTHING = Spikes(np.zeros(0, dtype=np.int64), np.zeros(0))
# The noise of all trials at once, as one array of doubles, and Brian2's copy in order of time.
COPIES_OF_NOISE = 3


@dataclass(frozen=True)
class RobustnessTask:
    """One network with what is wrong with it; scanned: what is not as designed."""

    network_seed: int
    rule: str
    n_neurons: int
    load: float
    gamma: float | None
    kappa: float
    duration: float
    n_tested: int
    flip_fraction: tuple[float, ...]
    noise: float
    tau_spread: float
    threshold_spread: float
    weight_spread: float
    lost_synapses: float
    dead_neurons: float
    scanned: str
    backend: str


SMOKE = {
    "network_seed": tuple(range(3)),
    "rule": ("optimised", "extended"),
    "n_neurons": (100,),
    "load": (0.1, 0.25, 0.4),
    "gamma": (None,),
    "kappa": (3.0,),
    "duration": (10.0,),
    "n_tested": (4,),
    "flip_fraction": (0.0, 0.05),
    "noise": (0.0, 0.03, 0.1, 0.3, 1.0),
    "tau_spread": (0.0, 0.005, 0.02, 0.05),
    "threshold_spread": (0.0, 0.03, 0.1, 0.3, 1.0),
    "weight_spread": (0.0, 0.02, 0.05, 0.2),
    "lost_synapses": (0.0, 0.002, 0.01, 0.05),
    "dead_neurons": (0.0, 0.02, 0.05, 0.2),
}
PAPER = SMOKE | {
    "network_seed": tuple(range(5)),
    "rule": ("pseudo_inverse", "optimised", "regularised", "extended"),
    "n_neurons": (400,),
    "n_tested": (6,),
    "noise": (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0),
    "tau_spread": (0.0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05),
    "threshold_spread": (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8),
    "weight_spread": (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2),
    "lost_synapses": (0.0, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05),
    "dead_neurons": (0.0, 0.01, 0.02, 0.05, 0.1, 0.2),
}


def parameters(task: RobustnessTask) -> LowRankParameters:
    """The parameters of the network as designed; InputError if one is out of range."""
    n_patterns = patterns_at_load(task.load, task.n_neurons)
    return LowRankParameters(
        task.rule, task.n_neurons, n_patterns, task.gamma, task.kappa, duration=task.duration
    )


def strengths(task: RobustnessTask) -> Strengths:
    """How much is wrong with the network; InputError if a strength is out of range."""
    return Strengths(**{name: getattr(task, name) for name in SCANS})


def check_task(task: RobustnessTask) -> None:
    """Raise InputError for values that no network can have."""
    params = parameters(task)
    strengths(task)
    if task.n_tested < 1:
        raise InputError(f"n_tested must be at least 1, not {task.n_tested}")
    check_trials(params, task.flip_fraction, (EXACT,), None)


def estimate(task: RobustnessTask) -> Estimate:
    """What the task costs: a run per start, slower if neurons differ, in many steps with noise."""
    params = parameters(task)
    n_trials = min(task.n_tested, params.n_patterns) * len(task.flip_fraction)
    runs = estimate_trials(params, n_trials)
    seconds, megabytes = runs.seconds, runs.memory_mb
    # Measured on one core, as for the runs.
    if task.tau_spread or task.threshold_spread:
        n_spikes = n_trials * params.n_latents * params.kappa * params.duration
        seconds += n_spikes * 1.5e-8 * params.n_neurons
    if task.noise:
        n_kicks = n_trials * params.n_neurons * params.duration / NOISE_STEP
        seconds += 1e-7 * n_kicks
        megabytes += COPIES_OF_NOISE * 8 * n_kicks / 2**20
    return Estimate(seconds, megabytes)


def run_task(task: RobustnessTask) -> dict[str, list[dict]]:
    """Rows of the table for one network."""
    params, seed = parameters(task), task.network_seed
    xi = draw_binary(params.n_latents, params.n_patterns, np.random.default_rng(seed))
    memory = store(xi, params)
    n_tested = min(task.n_tested, params.n_patterns)
    trials = stored_starts(xi, range(n_tested), task.flip_fraction, seed)
    columns = (
        {"scanned": task.scanned}
        | network_columns(memory, seed)
        | {name: getattr(task, name) for name in SCANS}
        | {"axis_drive": memory.axis_drive}
        | run_columns(EXACT, task.backend)
    )
    runs = _runs(task, memory, trials)
    rows = [
        columns
        | measure(memory, trial, NOTHING if spikes is None else spikes)
        | {"ran_away": spikes is None}
        for trial, spikes in zip(trials, runs, strict=True)
    ]
    return {"lowrank_robustness": rows}


def _runs(task: RobustnessTask, memory: LowRankMemory, trials: list[Trial]) -> list[Spikes | None]:
    """The spikes of each trial; None if the network runs away, as with no self-inhibition left."""
    wrong, seed = strengths(task), task.network_seed
    defects = draw_defects(wrong, task.n_neurons, np.random.default_rng([seed, 3]))
    kicks = None
    if wrong.noise:
        rngs = [np.random.default_rng([seed, 4, number]) for number in range(len(trials))]
        kicks = np.array([draw_kicks(wrong, defects.tau, task.duration, rng) for rng in rngs])
    starts = [trial.start for trial in trials]
    try:
        return perturbed_network.simulate(memory, defects, starts, kicks, task.backend)
    except RunawayError:
        return [
            _run(memory, defects, start, None if kicks is None else kicks[[number]], task.backend)
            for number, start in enumerate(starts)
        ]


def _run(
    memory: LowRankMemory, defects: Defects, start, kicks: np.ndarray | None, backend: str
) -> Spikes | None:
    try:
        [spikes] = perturbed_network.simulate(memory, defects, [start], kicks, backend)
    except RunawayError:
        return None
    return spikes


PROTOCOL = Protocol(
    name="lowrank.robustness",
    description="Recall with membrane noise, neurons and weights that differ, lost synapses and "
    "dead neurons. One varies at a time; the first value of each is the baseline. Noise and "
    "thresholds are in units of kappa q, what an axis gets from the others.",
    task_type=RobustnessTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="network_seed",
    run_task=run_task,
    schemas=(schemas.LOWRANK_ROBUSTNESS,),
    check_task=check_task,
    estimate=estimate,
    scans=SCANS,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
