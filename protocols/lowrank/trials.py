"""A start of a low-rank network, its run, and the measures of it that every table has."""

from dataclasses import dataclass

import numpy as np

from brianmem.equations import Model
from brianmem.errors import InputError
from brianmem.lowrank import network, readout
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.memory import LowRankMemory
from brianmem.spikes import Spikes

EXACT = 0.0  # the clock step of the exact simulator, in grids and tables


@dataclass(frozen=True)
class Trial:
    """A start, and the vertex that it should lead to; both of +-1, shape (K,)."""

    start_kind: str
    pattern: int
    flip_fraction: float
    target: np.ndarray
    start: np.ndarray


def network_columns(memory: LowRankMemory, network_seed: int) -> dict:
    """Columns that tell which network a row belongs to."""
    params = memory.params
    return {
        "rule": params.rule,
        "n_neurons": params.n_neurons,
        "n_patterns": params.n_patterns,
        "load": params.load,
        "gamma": memory.gamma,
        "kappa": params.kappa,
        "network_seed": network_seed,
        "duration": params.duration,
    }


def simulate(
    memory: LowRankMemory, starts: list, dt: float, model: Model | None, backend: str
) -> list[Spikes]:
    """Spikes of each start: exact if dt is 0, else with that clock step, in tau.

    Raises InputError if the equations cannot be run exactly.
    """
    if dt != EXACT:
        return network.simulate_with_clock(memory, starts, dt, model or LIF, backend)
    if not runs_exactly(model):
        raise InputError(
            f"{model.place('model')}: {network.solution(model).reason}, so that the run cannot be "
            "exact: choose a clock step such as --set dt=0.001"
        )
    return network.simulate(memory, starts, model or LIF, backend)


def runs_exactly(model: Model | None) -> bool:
    """Whether the engine solves these equations (None: the built-in ones)."""
    return model is None or network.solution(model).exactness.exact


def run_columns(dt: float, backend: str) -> dict:
    """Columns that tell how a row was simulated."""
    simulator = "exact" if dt == EXACT else "clock"
    return {"simulator": simulator, "dt": dt, "backend": backend}


def measure(memory: LowRankMemory, trial: Trial, spikes: Spikes) -> dict:
    """Columns that tell what a run recalled."""
    mean, final = readout.mean_and_final_latents(memory, spikes)
    return {
        "flip_fraction": trial.flip_fraction,
        "pattern": trial.pattern,
        "start": trial.start_kind,
        "overlap": readout.overlap(mean, trial.target),
        "overlap_final": readout.overlap(final, trial.target),
        "signs_correct": readout.signs_correct(mean, trial.target),
        "n_spikes": len(spikes),
    }
