"""Latents on the boundaries of small networks: Podlaski & Machens (2024), Figs. 1 and 2.

Each example is started in several places. Rows tell where its latents come to rest, beside the
fixed points of the fluid limit; paths have every spike's jump.
"""

import math
import sys
from dataclasses import dataclass

import numpy as np

from brianmem import schemas
from brianmem.errors import InputError
from brianmem.lowrank import readout
from brianmem.lowrank.boundary import BoundaryNetwork, FixedPoint, fixed_points, mean_rates, path
from brianmem.lowrank.boundary_examples import EXAMPLES, XI, starts
from brianmem.lowrank.boundary_network import simulate
from brianmem.lowrank.reference import MOST_SPIKES
from brianmem.spikes import Spikes
from protocols import cli
from protocols.lowrank.trials import EXACT, run_columns
from protocols.protocol import Protocol
from protocols.sweep.plan import PROCESS_MB, Estimate

PATH_TAU = 6.0  # by then all are at rest but for spikes
LAST = 0.75  # averages begin at this part of the run


@dataclass(frozen=True)
class BoundaryTask:
    """One example with all of its starts; kappa None is the example's own."""

    start_seed: int
    case: str
    kappa: float | None
    duration: float
    backend: str
    details: bool


SMOKE = {
    "start_seed": (0,),
    "case": tuple(EXAMPLES),
    "kappa": (None,),
    "duration": (12.0,),
}
PAPER = SMOKE | {"start_seed": tuple(range(20)), "kappa": (None, 5.0, 50.0)}


def check_task(task: BoundaryTask) -> None:
    """Raise InputError for an unknown case, and values that cannot be run."""
    if task.case not in EXAMPLES:
        raise InputError(f"unknown case '{task.case}': choose from {', '.join(EXAMPLES)}")
    for name, value in (("kappa", scale(task)), ("duration", task.duration)):
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"{name} must be positive and finite, not {value}")
    if expected_spikes(task) > MOST_SPIKES:
        raise InputError(
            f"the run would have {expected_spikes(task):.1g} spikes: lower kappa or duration"
        )


def scale(task: BoundaryTask) -> float:
    """kappa."""
    return EXAMPLES[task.case].kappa if task.kappa is None else task.kappa


def expected_spikes(task: BoundaryTask) -> float:
    """Spikes of all starts: two to three kappa per tau in a memory, less in a polygon."""
    return 3 * scale(task) * task.duration * EXAMPLES[task.case].n_starts


def estimate(task: BoundaryTask) -> Estimate:
    """What the task costs; measured on one core, with compiled code."""
    n_spikes = expected_spikes(task)
    return Estimate(0.05 + n_spikes * 5e-6, PROCESS_MB + n_spikes * 1e-3)


def run_task(task: BoundaryTask) -> dict[str, list[dict]]:
    """Rows of all tables for one example."""
    example, kappa = EXAMPLES[task.case], scale(task)
    network = example.build(kappa)
    degrees, latents = starts(example, network, kappa, np.random.default_rng(task.start_seed))
    points = fixed_points(network)
    columns = {
        "case": task.case,
        "start_seed": task.start_seed,
        "kappa": kappa,
        "duration": task.duration,
    }
    tables = {schema.name: [] for schema in SCHEMAS}
    for number, spikes in enumerate(simulate(network, latents, task.duration, task.backend)):
        rates = mean_rates(network, spikes, LAST * task.duration, task.duration)
        point = _nearest(points, network.decoder @ rates)
        own = columns | {"start": number}
        tables["lowrank_boundary"].append(
            own
            | {"own_share": example.own_share, "start_degrees": degrees[number]}
            | _network_columns(network)
            | _latents("start", latents[number])
            | _measures(network, rates, point)
            | {"n_spikes": len(spikes)}
            | run_columns(EXACT, task.backend)
        )
        tables["lowrank_boundary_neurons"] += _neurons(network, rates, point, own)
        if task.details:
            tables["lowrank_boundary_paths"] += _path(network, latents[number], spikes, own)
    tables["lowrank_boundary_points"] = [
        columns
        | {"point": number, "n_active": np.count_nonzero(point.rates), "stable": point.stable}
        | _latents("y", point.latents)
        for number, point in enumerate(points)
    ]
    return tables


def _nearest(points: list[FixedPoint], latents: np.ndarray) -> FixedPoint | None:
    stable = [point for point in points if point.stable]
    return min(stable, key=lambda p: np.linalg.norm(p.latents - latents), default=None)


def _latents(name: str, latents: np.ndarray | None) -> dict:
    """NAME_0 (which may be missing), NAME_1 and NAME_2; nothing for None."""
    if latents is None:
        return {}
    first = 3 - len(latents)
    return {f"{name}_{first + k}": value for k, value in enumerate(latents)}


def _network_columns(network: BoundaryNetwork) -> dict:
    lifted = network.encoder.shape[1] == 3
    alpha = -network.decoder[0, 0] if lifted else None
    own = network.self_connection
    return {
        "n_neurons": len(network.bias),
        "alpha": alpha,
        "gamma": None if own is None else -own - alpha,
        "spike_size": np.linalg.norm(network.decoder, axis=0).max(),
    }


def _measures(network: BoundaryNetwork, rates: np.ndarray, point: FixedPoint | None) -> dict:
    mean = network.decoder @ rates
    # A memory's first latent is y_0.
    overlap = readout.overlap(mean[1:], XI) if len(mean) == 3 else None
    fixed = None if point is None else point.latents
    return _latents("mean", mean) | _latents("fixed", fixed) | {"overlap": overlap}


def _neurons(
    network: BoundaryNetwork, rates: np.ndarray, point: FixedPoint | None, columns: dict
) -> list[dict]:
    return [
        columns
        | _latents("encoder", network.encoder[i])
        | _latents("decoder", network.decoder[:, i])
        | {
            "neuron": i,
            "bias": network.bias[i],
            "rate": rate,
            "fixed_rate": None if point is None else point.rates[i],
        }
        for i, rate in enumerate(rates)
    ]


def _path(network: BoundaryNetwork, start: np.ndarray, spikes: Spikes, columns: dict) -> list[dict]:
    found = path(network, start, spikes, min(PATH_TAU, columns["duration"]))
    corners = zip(found.time, found.event, found.neuron, found.latents, strict=True)
    return [
        columns | {"time": time, "event": event, "neuron": neuron} | _latents("y", latents)
        for time, event, neuron, latents in corners
    ]


SCHEMAS = (
    schemas.LOWRANK_BOUNDARY,
    schemas.LOWRANK_BOUNDARY_NEURONS,
    schemas.LOWRANK_BOUNDARY_PATHS,
    schemas.LOWRANK_BOUNDARY_POINTS,
)

PROTOCOL = Protocol(
    name="lowrank.boundary",
    description="Latents of small networks on the boundaries of their thresholds, and where they "
    "come to rest, Podlaski & Machens (2024), Figs. 1 and 2. kappa is the scale of the boundary in "
    "spikes; auto: the one that suits the case.",
    task_type=BoundaryTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="start_seed",
    run_task=run_task,
    schemas=SCHEMAS,
    check_task=check_task,
    estimate=estimate,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
