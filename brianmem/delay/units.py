"""Brian2 wants times with units: the step of a delay network, and what follows from it."""

from brian2 import ms

from brianmem.delay.parameters import DelayParameters

# A step of the paper's networks. Time constants in a user's equations are relative to it.
STEP = 1 * ms


def constants(params: DelayParameters, threshold: float) -> dict:
    """What the network gives to the equations."""
    return {"tau": params.tau_steps * STEP, "theta": threshold}
