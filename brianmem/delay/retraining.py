"""Teach a delay network through its own simulation, whatever its equations are.

The network is clamped to its patterns, and Brian2 tells how far each neuron is from its threshold
in each step. Where a margin is not met, the weights of the spikes before it are changed in
proportion to what a unit of weight does to that distance so many steps later, which is simulated,
too. What is nonlinear, resets among it, is thus in the distances that are measured, and left out of
the changes only.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from brian2 import Clock, Network, NeuronGroup, StateMonitor
from scipy.linalg import toeplitz
from scipy.sparse import csr_array, issparse

from brianmem.backends import brian_backend
from brianmem.delay.network import driven_variable
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.units import STEP, constants
from brianmem.delay.weights import DelayWeights
from brianmem.engine import DelayStep
from brianmem.equations import INTEGRATORS, Model
from brianmem.errors import InputError
from brianmem.raster import Raster

AT_ONCE = 8  # patterns that are simulated side by side: each takes 16 bytes per neuron and step
LEAST_RESPONSE = 0.02  # part of its peak below which a response is over
# A threshold that tells a distance: one side, a comparison, and the other side.
COMPARISON = re.compile(r"\s*([^<>=]+?)\s*([<>])=?\s*([^<>=]+?)\s*")


@dataclass(frozen=True)
class RetrainingSettings:
    """How a network is taught; distances are in units of the threshold.

    Attributes
    ----------
    upper, lower : margins above the threshold at targets, and below it elsewhere
    n_sweeps : passes over all patterns, at most; done when half of every margin is met
    rate : part of what is lacking that a step mends
    """

    upper: float = 0.5
    lower: float = 0.4
    n_sweeps: int = 40
    rate: float = 0.7

    def __post_init__(self):
        for name in ("upper", "lower", "n_sweeps", "rate"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be positive, not {getattr(self, name)}")


def retrain(
    weights: DelayWeights,
    patterns: Raster,
    params: DelayParameters,
    threshold: float,
    model: Model,
    backend: str = "numpy",
    settings: RetrainingSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[DelayWeights, dict]:
    """Change weights until the clamped network keeps its margins.

    Parameters
    ----------
    weights : where to start, learned for leaky integrators; see `matched`
    patterns, params, threshold, model, backend : as for brianmem.delay.network.run
    settings : see RetrainingSettings
    progress : called with the sweeps that are done, and the most there can be

    Returns
    -------
    weights : the ones with the fewest errors
    info : missed and extra, their errors while the network is clamped; gap_low and gap_high, the
        highest potential that rightly stays silent and the lowest that fires; lack, shape
        (n_sweeps,): the largest part of a margin that was missing, above 1 an error; errors, shape
        (n_sweeps,): sites on the wrong side of the threshold

    Raises InputError for a pulse that does more than to add a weight, and for a threshold that is
    no comparison of two sides.
    """
    settings = settings or RetrainingSettings()
    response = impulse_response(params, threshold, model)
    weights = matched(weights, response, params.beta)
    course, best = [], None
    for sweep in range(settings.n_sweeps):
        change, found = _sweep(
            weights, patterns, params, threshold, model, backend, response, settings
        )
        if found.errors < min((earlier.errors for earlier in course), default=np.inf):
            best = weights, found
        course.append(found)
        if progress is not None:
            progress(sweep + 1, settings.n_sweeps)
        if found.lack < 0.5:
            break
        weights = DelayWeights(weights.table + threshold * settings.rate * change)
    weights, found = best
    return weights, {
        "missed": found.missed,
        "extra": found.extra,
        "gap_low": threshold * (1 + found.silent),
        "gap_high": threshold * (1 + found.firing),
        "lack": np.array([state.lack for state in course]),
        "errors": np.array([state.errors for state in course]),
    }


@dataclass
class _State:
    """How a clamped network does: see retrain; silent and firing are distances."""

    missed: int = 0
    extra: int = 0
    lack: float = 0.0
    silent: float = -1.0
    firing: float = np.inf

    @property
    def errors(self) -> int:
        return self.missed + self.extra

    def see(self, distance: np.ndarray, wanted: np.ndarray, lack: float) -> None:
        fires = distance >= 0
        self.missed += int(np.sum(wanted & ~fires))
        self.extra += int(np.sum(fires & ~wanted))
        self.lack = max(self.lack, lack)
        self.silent = max(self.silent, distance[~fires & ~wanted].max(initial=-1.0))
        self.firing = min(self.firing, distance[fires & wanted].min(initial=np.inf))


def _sweep(weights, patterns, params, threshold, model, backend, response, settings):
    """The change of the weights, and how the network does without it."""
    support, change, state = _support(weights), 0 * weights.table, _State()
    for first in range(0, patterns.n_patterns, AT_ONCE):
        part = patterns.take(range(first, min(first + AT_ONCE, patterns.n_patterns)))
        distances = clamped_distances(weights, part, params, threshold, model, backend)
        wanted = part.to_dense()[:, :, params.n_delays :]
        for m, distance in enumerate(distances[:, :, params.n_delays :] / threshold):
            missing = lacking(distance, wanted[m], settings)
            margin = np.where(wanted[m], settings.upper, settings.lower)
            state.see(distance, wanted[m], float(np.max(np.abs(missing) / margin)))
            x = contexts(part.select(m), params.n_delays, response)
            change = change + _change(x, csr_array(missing.T), support, weights)
    return change, state


def _change(x: csr_array, missing: csr_array, support: csr_array | None, weights: DelayWeights):
    """What mends all steps at once, divided among the inputs that a step shares with others.

    x has shape (n_steps, N D), missing (n_steps, N); the result that of the weights' table.
    """
    inputs = x.T.tocsr()
    lacks = missing.copy()
    lacks.data[:] = 1
    shared = _elements(x @ _on_support(inputs @ lacks, support), *missing.nonzero())
    missing.data = missing.data / (shared + 0.5)
    change = _on_support(inputs @ missing, support).astype(weights.table.dtype)
    return change if support is not None else change.toarray().reshape(weights.table.shape)


def _on_support(array: csr_array, support: csr_array | None) -> csr_array:
    """The elements where there are synapses, all of these in their order."""
    if support is None:
        return array
    pre = np.repeat(np.arange(support.shape[0]), np.diff(support.indptr))
    data = _elements(array, pre, support.indices)
    return csr_array((data, support.indices, support.indptr), support.shape)


def _support(weights: DelayWeights) -> csr_array | None:
    """Ones where there are synapses; None if all are there."""
    table = weights.table
    if not issparse(table):
        return None
    return csr_array((np.ones_like(table.data), table.indices, table.indptr), table.shape)


def matched(weights: DelayWeights, response: np.ndarray, beta: float) -> DelayWeights:
    """Weights for neurons with this response whose potential is that of leaky integrators.

    A weight W[i, d] of a leaky integrator leaves W[i, d] beta^k after k steps. For every pair of
    neurons the D weights are looked for whose responses add up to the same, by least squares; all
    synapses are there in the result, unless the response is that of a leaky integrator.
    """
    n_delays = weights.n_delays
    decay = beta ** np.arange(len(response))
    if np.abs(response - decay).max() < LEAST_RESPONSE:
        return weights
    long = np.zeros(n_delays)
    # From a pulse at delay d - 1 (column) to the step d + k - 1 (row), up to where both are over.
    effects = [toeplitz(np.pad(kernel, (0, n_delays - 1)), long) for kernel in (response, decay)]
    conversion = np.linalg.lstsq(*effects, rcond=LEAST_RESPONSE)[0]
    n_neurons = weights.n_neurons
    dense = weights.table.toarray() if issparse(weights.table) else weights.table
    dense = dense.reshape(n_neurons, n_delays, n_neurons)
    return DelayWeights((conversion.astype(dense.dtype) @ dense).astype(np.float32))


def lacking(distance: np.ndarray, wanted: np.ndarray, settings: RetrainingSettings) -> np.ndarray:
    """What has to be added to distances to meet the margins: positive at targets, else negative."""
    above = np.maximum(settings.upper - distance, 0)
    below = np.maximum(settings.lower + distance, 0)
    return np.where(wanted, above, -below)


def contexts(raster: Raster, n_delays: int, response: np.ndarray) -> csr_array:
    """Effect of a unit of each weight on each step from D on, shape (n_steps - D, N D).

    Element (t - D, (i, d)) is the sum over the spikes t_i of neuron i of response[t - t_i - d].
    """
    d, k = np.meshgrid(np.arange(1, n_delays + 1), np.arange(len(response)), indexing="ij")
    after, delay, effect = (d + k).ravel(), d.ravel(), response[k.ravel()]
    step = np.add.outer(raster.step, after)
    column = np.add.outer(raster.neuron * n_delays, delay - 1)
    effect = np.broadcast_to(effect, step.shape)
    asked_for = (n_delays <= step) & (step < raster.n_steps)
    shape = raster.n_steps - n_delays, raster.n_neurons * n_delays
    row = step[asked_for] - n_delays
    return csr_array((effect[asked_for], (row, column[asked_for])), shape=shape)


def impulse_response(params: DelayParameters, threshold: float, model: Model) -> np.ndarray:
    """What a pulse of unit weight adds to the distance to threshold 0, 1, 2... steps later.

    The mean over neurons at rest, which may differ, for a small pulse; up to 2 % of the peak.

    Raises InputError if a pulse does nothing to the distance.
    """
    n_neurons, size = params.n_neurons, 1e-6
    with brian_backend("numpy"):
        pulsed = _group(2 * n_neurons, params, threshold, model)
        variable = _driven(model)
        pulsed.state(variable)[:n_neurons] += size
        monitor = StateMonitor(pulsed, "brianmem_distance", record=True, when="start")
        Network(pulsed, monitor).run(params.n_steps * STEP)
        distance = np.array(monitor.brianmem_distance)
    response = (distance[:n_neurons] - distance[n_neurons:]).mean(axis=0) / size
    large = np.flatnonzero(np.abs(response) > LEAST_RESPONSE * np.abs(response).max())
    if not len(large) or response[large].max() <= 0:
        raise InputError(f"a pulse '{model.pulse}' does not bring a neuron nearer to its threshold")
    return response[: large[-1] + 1]


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
    """
    with brian_backend(backend):
        neurons = _group(patterns.n_patterns * weights.n_neurons, params, threshold, model)
        step = DelayStep(
            neurons,
            weights.table,
            _driven(model),
            forced=patterns,
            clamped=np.ones(patterns.n_steps, dtype=bool),
            monitored=False,
            name="retraining_step",
        )
        seen = ["brianmem_distance", "brianmem_before_reset"]
        monitor = StateMonitor(neurons, seen, record=True, when="end", name="retraining_monitor")
        Network(neurons, step, monitor).run(patterns.n_steps * STEP)
        shape = patterns.n_patterns, weights.n_neurons, patterns.n_steps
        after, before = (np.array(getattr(monitor, name)).reshape(shape) for name in seen)
    fired = patterns.to_dense()
    after[fired] = before[fired]
    return after


def _group(n_neurons: int, params: DelayParameters, threshold: float, model: Model) -> NeuronGroup:
    """Neurons that tell their distance to threshold, and what it was before the last reset."""
    found = COMPARISON.fullmatch(model.threshold)
    if found is None:
        raise InputError(
            f"{model.place('threshold', model.threshold)}: '{model.threshold}' is not a comparison "
            "of two sides, which tells how far a neuron is from it"
        )
    left, sign, right = found.groups()
    distance = f"({left}) - ({right})" if sign == ">" else f"({right}) - ({left})"
    return NeuronGroup(
        n_neurons,
        f"{model.model}\nbrianmem_distance = {distance} : 1\nbrianmem_before_reset : 1",
        threshold=model.threshold,
        reset=f"brianmem_before_reset = {distance}\n{model.reset}",
        refractory=model.refractory,
        method=INTEGRATORS,
        clock=Clock(STEP, name="retraining_clock"),
        namespace=model.namespace(constants(params, threshold)),
        name="retraining_neurons",
    )


def _driven(model: Model) -> str:
    variable = driven_variable(model)
    if variable is None:
        raise InputError(
            f"{model.place('pulse', model.pulse)}: retraining needs a pulse that adds w to a "
            f"variable, not '{model.pulse}'"
        )
    return variable


def _elements(array: csr_array, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    return np.asarray(array[row, column]).ravel() if len(row) else np.zeros(0)
