"""Stability that is predicted without simulation, beside exact runs from the same vertices."""

import sys
from dataclasses import dataclass

from brianmem import schemas
from brianmem.lowrank.memory import LowRankMemory
from brianmem.lowrank.prediction import predict
from protocols import cli
from protocols.lowrank import loads
from protocols.lowrank.starts import random_starts, stored_starts
from protocols.lowrank.trials import Trial, estimate_trials
from protocols.protocol import Protocol
from protocols.sweep.plan import Estimate


@dataclass(frozen=True)
class PredictionTask(loads.LoadTask):
    """One network with each gamma; n_tested patterns, and as many random vertices."""

    gamma: tuple[float | None, ...]
    n_tested: int


SMOKE = {
    "network_seed": (0,),
    "rule": ("hebbian", "pseudo_inverse", "pseudo_inverse_zeroed", "optimised"),
    "n_neurons": (40, 100),
    "load": (0.05, 0.2, 0.3, 0.4, 0.45, 0.55),
    "correlation": (0.0,),
    "kappa": (1.0, 5.0),
    "duration": (20.0,),
    "gamma": (None, 0.8, 1.2, 1.6, 2.1),
    "n_tested": (4,),
}
PAPER = SMOKE | {
    "network_seed": tuple(range(2)),
    "n_neurons": (100, 400),
    "load": (0.05, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55),
}


def check_task(task: PredictionTask) -> None:
    """Raise InputError for values that no network can have."""
    loads.check(task, task.gamma, (), n_tested=task.n_tested)


def estimate(task: PredictionTask) -> Estimate:
    """What the task costs: a run and a prediction per start."""
    params = loads.parameters(task)
    n_trials = 2 * min(task.n_tested, params.n_patterns)
    runs = estimate_trials(params, n_trials, n_networks=len(task.gamma))
    # Eigenvalues and inverses of matrices of K; measured on one core, as for the runs.
    predictions = len(task.gamma) * n_trials * 3e-9 * params.n_neurons**3
    return Estimate(runs.seconds + predictions, runs.memory_mb)


def run_task(task: PredictionTask) -> dict[str, list[dict]]:
    """Rows of the table for one network."""
    stored = loads.stored(task)
    n_tested = min(task.n_tested, stored.params.n_patterns)
    trials = stored_starts(stored.patterns, range(n_tested), (0.0,), task.network_seed)
    trials += random_starts(stored.patterns, n_tested, task.network_seed)
    rows = []
    for memory in map(stored.with_gamma, task.gamma):
        runs = loads.trial_rows(task, [memory], trials)
        rows += [row | _predicted(memory, trial) for row, trial in zip(runs, trials, strict=True)]
    return {"lowrank_prediction": rows}


def _predicted(memory: LowRankMemory, trial: Trial) -> dict:
    found = predict(memory, trial.target)
    return {
        "predicted_stable": found.stable,
        "prediction": found.reason,
        "predicted_overlap": found.overlap,
        "eigenvalue": found.eigenvalue,
        "spread": found.spread,
        "margin": found.margin,
    }


PROTOCOL = Protocol(
    name="lowrank.prediction",
    description="Stability of stored patterns and random vertices, predicted from the fixed point "
    "of the fluid limit, beside exact runs.",
    task_type=PredictionTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="network_seed",
    run_task=run_task,
    schemas=(schemas.LOWRANK_PREDICTION,),
    check_task=check_task,
    estimate=estimate,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
