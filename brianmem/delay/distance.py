"""Distances to threshold, simulated: of a clamped network, and after a unit pulse.

Brian2 solves whatever the equations are. All that they must tell is how far a neuron is from its
threshold, which therefore has to be a comparison of two sides.
"""

import re

import numpy as np
from brian2 import Clock, Network, NeuronGroup, StateMonitor

from brianmem.brian import brian_backend
from brianmem.delay.network import required_variable
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.units import STEP, constants
from brianmem.delay.weights import DelayWeights
from brianmem.engine import DelayStep
from brianmem.equations import INTEGRATORS, Model
from brianmem.errors import InputError
from brianmem.raster import Raster

LEAST_RESPONSE = 0.02  # part of its peak below which a response is over
# One side, a comparison, and the other side.
COMPARISON = re.compile(r"\s*([^<>=]+?)\s*([<>])=?\s*([^<>=]+?)\s*")


def clamped_distances(
    weights: DelayWeights,
    patterns: Raster,
    params: DelayParameters,
    threshold: float,
    model: Model,
    backend: str = "numpy",
) -> np.ndarray:
    """Distances to threshold of a network that fires the patterns and nothing else.

    Shape (n_patterns, n_neurons, n_steps): at or above 0 a free neuron would fire. A neuron that
    fires has the distance from before its reset.

    Raises InputError for a pulse that does more than to add a weight, and for a threshold that is
    no comparison of two sides.
    """
    with brian_backend(backend):
        neurons = _neurons(patterns.n_patterns * weights.n_neurons, params, threshold, model)
        step = DelayStep(
            neurons,
            weights.table,
            required_variable(model, "retraining"),
            forced=patterns,
            clamped=np.ones(patterns.n_steps, dtype=bool),
            schedule="recursion",
            monitored=False,
            name="distance_step",
        )
        seen = ["brianmem_distance", "brianmem_before_reset"]
        monitor = StateMonitor(neurons, seen, record=True, when="end", name="distance_monitor")
        Network(neurons, step, monitor).run(patterns.n_steps * STEP)
        shape = patterns.n_patterns, weights.n_neurons, patterns.n_steps
        after, before = (np.array(getattr(monitor, name)).reshape(shape) for name in seen)
    fired = patterns.to_dense()
    after[fired] = before[fired]
    return after


def impulse_response(params: DelayParameters, threshold: float, model: Model) -> np.ndarray:
    """What a pulse of unit weight adds to the distance to threshold 0, 1, 2... steps later.

    Shape (n,), the last step being the last above 2 % of the peak. The mean over neurons at rest,
    which may differ, for a pulse so small that equations are linear in it.

    Raises InputError as `clamped_distances` does, and if a pulse brings no neuron nearer to its
    threshold.
    """
    n_neurons, size = params.n_neurons, 1e-6
    with brian_backend("numpy"):
        neurons = _neurons(2 * n_neurons, params, threshold, model)
        variable = required_variable(model, "retraining")
        neurons.state(variable)[:n_neurons] += size  # the other half is at rest
        monitor = StateMonitor(neurons, "brianmem_distance", record=True, when="start")
        Network(neurons, monitor).run(params.n_steps * STEP)
        distance = np.array(monitor.brianmem_distance)
    response = (distance[:n_neurons] - distance[n_neurons:]).mean(axis=0) / size
    large = np.flatnonzero(np.abs(response) > LEAST_RESPONSE * np.abs(response).max())
    if not len(large) or response[large].max() <= 0:
        raise InputError(f"a pulse '{model.pulse}' does not bring a neuron nearer to its threshold")
    return response[: large[-1] + 1]


def _neurons(
    n_neurons: int, params: DelayParameters, threshold: float, model: Model
) -> NeuronGroup:
    """Neurons that tell their distance to threshold, and what it was before the last reset."""
    distance = _distance(model)
    # Names are part of the generated code: fixed ones let Brian2 find what it compiled before.
    return NeuronGroup(
        n_neurons,
        f"{model.model}\nbrianmem_distance = {distance} : 1\nbrianmem_before_reset : 1",
        threshold=model.threshold,
        reset=f"brianmem_before_reset = {distance}\n{model.reset}",
        refractory=model.refractory,
        method=INTEGRATORS,
        clock=Clock(STEP, name="distance_clock"),
        namespace=model.namespace(constants(params, threshold)),
        name="distance_neurons",
    )


def _distance(model: Model) -> str:
    """The expression that is positive where the threshold is exceeded."""
    found = COMPARISON.fullmatch(model.threshold)
    if found is None:
        raise InputError(
            f"{model.place('threshold', model.threshold)}: '{model.threshold}' is not a comparison "
            "of two sides, which tells how far a neuron is from it"
        )
    left, sign, right = found.groups()
    return f"({left}) - ({right})" if sign == ">" else f"({right}) - ({left})"
