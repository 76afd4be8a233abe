"""Boundary networks in Brian2: their exact spikes, by the event-driven engine."""

import numpy as np
from brian2 import Clock, Network, NeuronGroup

from brianmem.backends import RUNTIME
from brianmem.brian import brian_backend
from brianmem.engine import EventDriven, Program
from brianmem.lowrank.boundary import BoundaryNetwork
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.network import TAU, constants
from brianmem.lowrank.reference import CAP_FACTOR
from brianmem.spikes import Spikes

THRESHOLD = 1.0


def simulate(
    network: BoundaryNetwork, starts: np.ndarray, duration: float, backend: str = "numpy"
) -> list[Spikes]:
    """Exact spikes of independent copies of the network, one per start; times are in tau.

    Potentials are in units of each neuron's bias, so that all neurons have one drive.

    Parameters
    ----------
    starts : latents y(0), shape (n_starts, K), from which potentials follow
    duration : in tau
    backend : one of brianmem.backends.BACKENDS

    Raises RunawayError for more than 20 times the spikes of the most active neuron alone.
    """
    weights = network.weights / network.bias[:, None]
    potential = (THRESHOLD + network.excess(starts) / network.bias).ravel()
    # A neuron alone fires at the rate at which it balances its own inhibition.
    cap = CAP_FACTOR / np.min(-np.diag(weights))
    with brian_backend(backend, build_on_run=False):
        group = NeuronGroup(
            len(potential),
            LIF.model,
            threshold=LIF.threshold,
            reset=LIF.reset,
            method="exact",
            clock=Clock(duration * TAU, name="boundary_clock"),
            namespace=constants(THRESHOLD + 1, THRESHOLD),
            name="boundary_neurons",
        )
        engine = EventDriven(
            group,
            weights,
            LIF.pulse,
            form="growing",
            max_rate=cap / TAU,
            monitored=False,
            name="boundary_events",
        )
        if backend not in RUNTIME:
            runs = Program(engine, group).run(duration * TAU, v=potential)
            return [Spikes(run.neuron, run.time / float(TAU)) for run in runs]
        group.v = potential
        Network(group, engine).run(duration * TAU)
        return engine.spikes_by_block(TAU)
