"""What may be wrong with a network: noise, neurons and weights that differ, parts that are missing.

Thresholds and noise are told in units of kappa q, what a latent axis gets from the other axes at a
vertex: see LowRankMemory.axis_drive.
"""

import math
from dataclasses import dataclass, fields

import numpy as np

from brianmem.errors import InputError
from brianmem.patterns import check_fraction

NOISE_STEP = 0.01  # tau between kicks
FRACTIONS = ("lost_synapses", "dead_neurons")


@dataclass(frozen=True)
class Strengths:
    """How much is wrong with a network; 0 is a network as it was designed.

    Attributes
    ----------
    noise : standard deviation of the membrane noise, in kappa q
    tau_spread : standard deviation of the neurons' time constants, relative to their mean
    threshold_spread : standard deviation of the neurons' thresholds, in kappa q
    weight_spread : standard deviation of every weight, relative to its designed value
    lost_synapses : part of the synapses between neurons that are missing
    dead_neurons : part of the neurons that never fire

    Raises InputError for negative values, and fractions above 1.
    """

    noise: float = 0.0
    tau_spread: float = 0.0
    threshold_spread: float = 0.0
    weight_spread: float = 0.0
    lost_synapses: float = 0.0
    dead_neurons: float = 0.0

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in FRACTIONS:
                check_fraction(field.name, value)
            elif not (math.isfinite(value) and value >= 0):
                raise InputError(f"{field.name} must be at least 0 and finite, not {value}")


@dataclass(frozen=True)
class Defects:
    """What is wrong with the parts of one network, for as long as it lives.

    Attributes
    ----------
    tau : time constants, relative to the designed one, shape (N,)
    threshold : what is added to the thresholds, in kappa q, shape (N,)
    weights : factors on the weights, lift and self-connections included, shape (N, N), as
        [post, pre]; 0 where a synapse is lost
    alive : whether a neuron can fire, boolean, shape (N,)
    """

    tau: np.ndarray
    threshold: np.ndarray
    weights: np.ndarray
    alive: np.ndarray


def draw_defects(strengths: Strengths, n_neurons: int, rng: np.random.Generator) -> Defects:
    """Defects of a network of N neurons.

    Time constants are lognormal with mean 1, threshold offsets Gaussian. Every weight, that of a
    neuron on itself like any other, has a factor max(0, 1 + spread z) with a Gaussian z of its own:
    none changes its sign. Only synapses between different neurons are lost.

    The same generator gives the same numbers whatever the strengths: a stronger defect is the same
    one, scaled, and what is lost at one strength is lost at all larger ones.
    """
    z_tau, z_threshold = rng.standard_normal((2, n_neurons))
    z_weights = rng.standard_normal((n_neurons, n_neurons))
    # The relative standard deviation of exp(sigma z) is sqrt(exp(sigma^2) - 1), its mean
    # exp(sigma^2 / 2).
    sigma = math.sqrt(math.log1p(strengths.tau_spread**2))
    weights = np.maximum(0.0, 1 + strengths.weight_spread * z_weights)
    between = ~np.eye(n_neurons, dtype=bool)
    lost = _some(np.count_nonzero(between), strengths.lost_synapses, rng)
    weights[between] *= ~lost
    return Defects(
        tau=np.exp(sigma * z_tau - sigma**2 / 2),
        threshold=strengths.threshold_spread * z_threshold,
        weights=weights,
        alive=~_some(n_neurons, strengths.dead_neurons, rng),
    )


def _some(n: int, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """A mask of round(fraction n) out of n; a larger fraction keeps those of a smaller one."""
    return rng.permutation(n) < round(fraction * n)


def draw_kicks(
    strengths: Strengths,
    tau: np.ndarray,
    duration: float,
    rng: np.random.Generator,
    step: float = NOISE_STEP,
) -> np.ndarray:
    """Kicks of the potentials that make up the membrane noise, in kappa q, shape (n_steps, N).

    The noise is an Ornstein-Uhlenbeck process that is added to the potential and has the time
    constant of its neuron. A neuron without reset is linear, so that the sum of potential and noise
    follows the equation of the potential alone, and white noise enters it. Its exact discretisation
    are kicks at the beginning of n_steps equal steps, which decay with the potential: the first
    draws the noise from its stationary distribution, the others make up for what has decayed.
    Between kicks the potential is exact for the kicks it had. What the noise does between them is
    not seen: a threshold that it crosses there is met at the next kick, if at all.

    Parameters
    ----------
    tau : time constants relative to the designed one, shape (N,)
    duration : of the run, in tau
    step : the longest time between kicks, in tau

    Source: Gillespie (1996), Phys. Rev. E 54, 2084.
    """
    n_steps = math.ceil(duration / step)
    kicks = strengths.noise * rng.standard_normal((n_steps, len(tau)))
    kicks[1:] *= np.sqrt(-np.expm1(-2 * duration / n_steps / tau))
    return kicks
