"""Drawn networks of leaky neurons, for the engine and for its reference."""

from dataclasses import dataclass

import numpy as np
from brian2 import Clock, Network, NeuronGroup, ms, second

from brianmem.brian import brian_backend
from brianmem.engine import EventDriven
from brianmem.engine.reference import LeakyNeurons, simulate

TAU = 10 * ms  # the unit of time of LeakyNeurons below


@dataclass(frozen=True)
class Drawn:
    neurons: LeakyNeurons
    weights: np.ndarray
    start: np.ndarray
    duration: float

    def reference(self):
        n = self.neurons
        return simulate(n, self.weights, self.start, self.duration)


def draw(n, seed, per_neuron=False, excitatory=False, tied=False, duration=2.0, **neurons) -> Drawn:
    """Inhibitory low-rank weights with strong self-connections; the rest as asked."""
    rng = np.random.default_rng(seed)
    factors = rng.standard_normal((5, n))
    weights = np.minimum(-(factors.T @ factors + 1) / n, 0)
    if excitatory:
        weights += rng.random((n, n)) * (rng.random((n, n)) < 0.2) / n
    np.fill_diagonal(weights, -0.5 - (rng.random(n) if per_neuron else 0))
    ones = np.ones(n)
    tau, drive, threshold = ones, 1.6 * ones, ones
    if per_neuron:
        tau, drive, threshold = (
            0.5 + rng.random(n),
            1.3 + rng.random(n),
            0.8 + 0.4 * rng.random(n),
        )
    start = rng.random(n)
    if tied:
        start = np.round(start * 4) / 4
        weights = np.round(weights * 8) / 8 - np.eye(n) / 4
    return Drawn(LeakyNeurons(tau, drive, threshold, **neurons), weights, start, duration)


MODEL = """
dv/dt = (drive - v)/tau : 1{flag}
tau : second (constant)
drive : 1 (constant)
theta : 1 (constant)
"""
SHARED = "dv/dt = (drive - v)/tau : 1"


def run(networks, backend, shared=False, step=0.5, also=(), n_copies=1, **options):
    """Spikes of drawn networks of one size as the blocks of one group, in units of TAU.

    Of n_copies that follow each other the first has the weights of all. `also` makes further
    objects from the group: they are returned after the spikes.
    """
    first = networks[0].neurons
    flag = " (unless refractory)" if first.frozen else ""
    if first.reset is not None:
        reset = f"v = {first.reset!r}"
    else:
        reset = f"v -= {first.subtract!r}" if first.subtract else ""
    with brian_backend(backend):
        group = NeuronGroup(
            sum(len(d.start) for d in networks),
            SHARED if shared else MODEL.format(flag=flag),
            threshold="v >= theta",
            reset=reset,
            refractory=first.refractory * TAU if first.refractory else False,
            method="exact",
            clock=Clock(step * TAU, name="tested_clock"),
            name="tested",
            namespace=(
                {"tau": TAU, "drive": first.drive[0], "theta": first.threshold[0]} if shared else {}
            ),
        )
        group.v = np.concatenate([d.start for d in networks])
        if not shared:
            group.tau = np.concatenate([d.neurons.tau for d in networks]) * TAU
            group.drive = np.concatenate([d.neurons.drive for d in networks])
            group.theta = np.concatenate([d.neurons.threshold for d in networks])
        weights = [d.weights for d in networks[::n_copies]]
        same = all(np.array_equal(weights[0], w) for w in weights)
        engine = EventDriven(group, weights[0] if same else np.array(weights), **options)
        extra = [make(group) for make in also]
        Network(group, engine, *extra).run(networks[0].duration * TAU, namespace={})
        spikes = engine.spikes_by_block(TAU)
        t, i = engine.t / second, engine.i
    return (spikes, *extra, i, t) if also else spikes
