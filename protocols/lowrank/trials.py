"""A start of a low-rank network, and the measures of its run that every table has."""

from dataclasses import dataclass

import numpy as np

from brianmem.lowrank import readout
from brianmem.lowrank.memory import LowRankMemory
from brianmem.spikes import Spikes


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
    }


def measure(memory: LowRankMemory, trial: Trial, spikes: Spikes) -> dict:
    """Columns that tell what a run recalled."""
    mean, final = readout.mean_and_final_latents(memory, spikes, trial.start)
    return {
        "flip_fraction": trial.flip_fraction,
        "pattern": trial.pattern,
        "start": trial.start_kind,
        "overlap": readout.overlap(mean, trial.target),
        "overlap_final": readout.overlap(final, trial.target),
        "signs_correct": readout.signs_correct(mean, trial.target),
        "n_spikes": len(spikes),
        "duration": memory.params.duration,
    }
