"""Why an event loop stopped, in words."""

from enum import IntEnum

import numpy as np

from brianmem.engine.weights import dense, size
from brianmem.errors import BrianmemError, InputError, RunawayError


class Failure(IntEnum):
    """What the loops report; the same numbers stand in support/record.h."""

    NONE = 0
    RUNAWAY = 1
    NOT_FINITE = 2
    NO_FRAME = 3
    NOT_SHARED = 4
    NO_ROOM = 5
    NO_SPIKE_ROOM = 6


def error(failure: int, neuron: int, seconds: float, engine) -> BrianmemError:
    """The exception for a failure of `neuron` at a time of the simulation."""
    moment = f"at {seconds:.6g} s"
    if failure == Failure.RUNAWAY:
        return RunawayError(
            f"neuron {neuron} would fire more often than the cap allows {moment} (max_rate = "
            f"{engine.max_rate:.4g} Hz per neuron): {_likely_cause(neuron, engine)}"
        )
    if failure == Failure.NOT_FINITE:
        return InputError(
            f"the state of neuron {neuron} is NaN or infinite {moment}: check its start, its "
            "parameters, and that no two time constants make its equations degenerate"
        )
    if failure == Failure.NO_FRAME:
        return InputError(
            f"the growing frame needs a positive time constant, which neuron {neuron} does not "
            "have: use form='general'"
        )
    if failure == Failure.NOT_SHARED:
        return InputError(
            "the growing frame needs the same tau, drive and threshold for all neurons of a "
            f"network, and neuron {neuron} differs from the first of its own: use form='general'"
        )
    if failure == Failure.NO_SPIKE_ROOM:
        return InputError(
            f"{engine.spike_room} spikes are recorded {moment}, and on CUDA there is room for no "
            "more: raise spike_room"
        )
    return InputError(
        f"more than {len(engine.group)} spikes fell into one step of the clock {moment}, and "
        "Brian2's monitors can be told of no more: choose a smaller clock step, or "
        "monitored=False to read spikes from this object only"
    )


def _likely_cause(neuron: int, engine) -> str:
    n = size(engine.networks[0])
    network = engine.networks[neuron // n // engine.n_copies]
    weights, own = dense(network), neuron % n
    others = np.delete(weights[own], own)
    if (others > 0).any():
        return "likely excitatory weights that run away; if not, raise max_rate"
    if weights[own, own] >= 0 and not engine.reset:
        return (
            "likely it stays above threshold after its own spike, because it has neither a reset "
            "nor a negative self-connection"
        )
    return (
        "likely its drive is too far above threshold for its self-connection or reset; if the "
        "rate is meant, raise max_rate"
    )
