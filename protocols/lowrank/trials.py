"""A start of a low-rank network, its run, and the measures of it that every table has."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from brianmem.equations import Model
from brianmem.errors import InputError
from brianmem.lowrank import many, network, readout
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.memory import LowRankMemory
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.reference import expected_spikes
from brianmem.lowrank.storage import check_rule
from brianmem.patterns import check_fraction
from brianmem.spikes import Spikes
from protocols.sweep.plan import COMPILER_MB, PROCESS_MB, Estimate

EXACT = 0.0  # the clock step of the exact simulator, in grids and tables
# Seconds to store patterns, over N^3.
STORING = {"extended_noise": 1.5e-8}


@dataclass(frozen=True)
class Trial:
    """A start, and the vertex that it should lead to; both of +-1, shape (K,)."""

    start_kind: str
    pattern: int
    flip_fraction: float
    target: np.ndarray
    start: np.ndarray


def parameters(task) -> LowRankParameters:
    """The parameters that a task's columns give; InputError if one is out of range."""
    return LowRankParameters(
        task.rule, task.n_neurons, task.n_patterns, task.gamma, task.kappa, duration=task.duration
    )


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
    require_exact(model)
    return network.simulate(memory, starts, model or LIF, backend)


def simulate_each(
    memories: list[LowRankMemory], starts: list, model: Model | None, backend: str
) -> Iterator[Spikes]:
    """Exact spikes of each memory from each start, of which only a part is in memory at a time.

    Raises InputError if the equations cannot be run exactly.
    """
    require_exact(model)
    return many.simulate(memories, [starts] * len(memories), model or LIF, backend)


def check_trials(
    params: LowRankParameters,
    flip_fractions: tuple[float, ...],
    steps: tuple[float, ...],
    model: Model | None,
) -> None:
    """Raise InputError for a rule, a rate, a flip fraction or a clock step that cannot be run."""
    check_rule(params.rule)
    expected_spikes(params)
    for fraction in flip_fractions:
        check_fraction("flip_fraction", fraction)
    for dt in steps:
        if dt != EXACT:
            network.check_step(dt, params.duration)
    if set(steps) == {EXACT}:
        require_exact(model)


def fractions_of_flips(
    n_flips: tuple[int, ...], n_latents: int, fewest: int = 0
) -> tuple[float, ...]:
    """The flip fractions of so many flipped elements of K = n_latents.

    Raises InputError for numbers outside [fewest, K].
    """
    for number in n_flips:
        if not fewest <= number <= n_latents:
            raise InputError(f"n_flips must lie in [{fewest}, {n_latents}], not {number}")
    return tuple(number / n_latents for number in n_flips)


def require_exact(model: Model | None) -> None:
    """Raise InputError if the equations cannot be run exactly."""
    if not runs_exactly(model):
        raise InputError(
            f"{model.place('model')}: {network.solution(model).reason}, so that the run cannot be "
            "exact: choose a clock step such as --set dt=0.001"
        )


def estimate_trials(
    params: LowRankParameters,
    n_trials: int,
    steps: tuple[float, ...] = (EXACT,),
    n_networks: int = 1,
) -> Estimate:
    """What a network costs that is stored once and run from so many starts with each clock step.

    Besides, this may be done with so many self-connections.

    The constants were measured on one core of 2020, with compiled code.
    """
    n = params.n_neurons
    n_spikes = n_networks * n_trials * params.n_latents * params.kappa * params.duration
    n_synapses = 0
    seconds = STORING.get(params.rule, 1e-10) * n**3
    for dt in steps:
        if dt == EXACT:
            seconds += n_networks * (0.05 + 5e-8 * n**2) + n_spikes * (1e-7 + 1.5e-10 * n)
        else:
            n_synapses = n_trials * n**2
            n_steps = params.duration / dt
            seconds += 0.5 + n_steps * (2e-5 + 1e-8 * n * n_trials) + n_spikes * 1e-8 * n
    in_memory = min(n_spikes, many.SPIKES) if set(steps) == {EXACT} else n_spikes
    # Each self-connection has a matrix of its own, of which copies are simulated together.
    matrices = n_networks * 8 * n**2
    weights = 24 * n**2 + matrices + 4 * min(matrices, many.WEIGHT_BYTES)
    megabytes = (weights + 50 * in_memory + 16 * n_synapses) / 2**20
    compiling = COMPILER_MB if n_synapses else 0
    return Estimate(seconds, PROCESS_MB + compiling + megabytes)


@cache
def runs_exactly(model: Model | None) -> bool:
    """Whether the engine solves these equations (None: the built-in ones)."""
    return model is None or network.solution(model).exactness.exact


def run_columns(dt: float, backend: str) -> dict:
    """Columns that tell how a row was simulated."""
    simulator = "exact" if dt == EXACT else "clock"
    return {"simulator": simulator, "dt": dt, "backend": backend}


def start_columns(memory: LowRankMemory, trial: Trial) -> dict:
    """Columns that tell what a run started from."""
    return {
        "gamma_chosen": memory.params.gamma is None,
        "trivial": memory.info["trivial"],
        "flip_fraction": trial.flip_fraction,
        "pattern": trial.pattern,
        "start": trial.start_kind,
    }


def measure(memory: LowRankMemory, trial: Trial, spikes: Spikes) -> dict:
    """Columns that tell what a run recalled."""
    mean, final = readout.mean_and_final_latents(memory, spikes)
    return start_columns(memory, trial) | {
        "overlap": readout.overlap(mean, trial.target),
        "overlap_final": readout.overlap(final, trial.target),
        "signs_correct": readout.signs_correct(mean, trial.target),
        "n_spikes": len(spikes),
    }
