"""Stability that is predicted without simulation, beside exact runs from the same vertices."""

import sys

from brianmem import schemas
from brianmem.lowrank.memory import LowRankMemory
from brianmem.lowrank.prediction import predict
from protocols import cli
from protocols.lowrank import loads
from protocols.lowrank.trials import Trial
from protocols.protocol import Protocol
from protocols.sweep.plan import Estimate

SMOKE = {
    "network_seed": (0,),
    "rule": ("hebbian", "pseudo_inverse", "pseudo_inverse_zeroed", "optimised"),
    "n_neurons": (40, 100),
    "load": (0.05, 0.2, 0.3, 0.4, 0.45, 0.55),
    "gamma": (None, 0.8, 1.2, 1.6, 2.1),
    "kappa": (1.0, 5.0),
    "duration": (20.0,),
    "n_tested": (4,),
    "flip_fraction": (0.0,),
}
PAPER = SMOKE | {
    "network_seed": tuple(range(2)),
    "n_neurons": (100, 400),
    "load": (0.05, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55),
}


def estimate(task: loads.LoadTask) -> Estimate:
    """What the task costs: a run and a prediction per start."""
    runs, params = loads.estimate(task), loads.parameters(task)
    n_trials = min(task.n_tested, params.n_patterns) * (len(task.flip_fraction) + 1)
    # Eigenvalues and inverses of matrices of K; measured on one core, as for the runs.
    return Estimate(runs.seconds + n_trials * 3e-9 * params.n_neurons**3, runs.memory_mb)


def run_task(task: loads.LoadTask) -> dict[str, list[dict]]:
    """Rows of the table for one network."""
    return {"lowrank_prediction": loads.trial_rows(task, _predicted)}


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
    task_type=loads.LoadTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="network_seed",
    run_task=run_task,
    schemas=(schemas.LOWRANK_PREDICTION,),
    check_task=loads.check_task,
    estimate=estimate,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
