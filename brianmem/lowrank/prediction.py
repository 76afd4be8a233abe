"""Whether a vertex is a stable state of a memory, and with what overlap, without a simulation.

As long as V = I + M r with the filtered spikes r (Eq. 2 of Podlaski & Machens 2024; M are the
weights), a fixed point of the fluid limit has rates r >= 0 with which active neurons are at
threshold and silent ones below: b + (M r)_A = 0, b + (M r)_S < 0. Neurons whose rate would be
negative fall silent, silent ones above threshold become active, until that is so. This is a linear
complementarity problem (Cottle, Pang & Stone 1992), solved next to the vertex.

Rates return to the fixed point if all eigenvalues of -M_AA have a positive real part. That its
symmetric part is positive definite is sufficient, but leaves out many patterns that are recalled.

Spikes are no fluid. A neuron's spike lowers its own potential by gamma, so that active potentials
are spread over about [T - gamma, T], and r over an interval of length one. Two ratios tell whether
the fixed point survives that: the spread of rates, and the margin of silent neurons. Their limits
were chosen by simulation, and runs of 20 tau sometimes stay where they are not met.

One case is not foreseen: the pseudo-inverse as printed, from p = K on and with gamma above its
window. All neurons fire in turn, and the little that is left of the latents points to the start.
"""

from dataclasses import dataclass

import numpy as np

from brianmem.criteria import RECALLED
from brianmem.lowrank import readout
from brianmem.lowrank.geometry import own_elements, without_own_elements
from brianmem.lowrank.memory import LowRankMemory

STABLE = "stable"
NO_FIXED_POINT = "no fixed point"
ELSEWHERE = "elsewhere"
REPELLING = "repelling"
SPREAD_OF_RATES = "spread of rates"
THIN_MARGIN = "thin margin"
REASONS = (STABLE, NO_FIXED_POINT, ELSEWHERE, REPELLING, SPREAD_OF_RATES, THIN_MARGIN)

# Chosen on 6216 starts (four rules, N = 40 to 400) that are in no grid. The minima are flat: errors
# grow by less than 15 % between 1.5 and 2.5 for the spread, and 1.6 and 2.8 for the margin.
MOST_SPREAD = 2.0
LEAST_MARGIN = 2.4
# Exchanges that are tried, as a part of the latents. What is recalled needs fewer.
EXCHANGES = 0.2
# In rates and potentials over those of the fixed point; rounding is near 1e-13.
ROUNDING = 1e-9
UNIFORM = 1 / np.sqrt(12)  # standard deviation of what is spread evenly over an interval of one


@dataclass(frozen=True)
class Prediction:
    """What becomes of a start in a vertex.

    Attributes
    ----------
    stable : whether the network stays at the vertex
    reason : one of REASONS, the first condition that fails: no fixed point is next to the vertex;
        its overlap is at most 0.95; an eigenvalue has no positive real part; the rates of active
        neurons spread too far; spikes carry silent neurons across threshold
    overlap : cosine of the vertex and the fixed point's latents; nan without a fixed point
    active : the active neurons of the fixed point, boolean, shape (N,); the vertex's without one
    rates : r in the fluid limit, spikes/tau, shape (N,); nan without a fixed point
    latents : y = D r, shape (K,); nan without a fixed point
    eigenvalue : least real part of an eigenvalue of -M_AA; nan if not looked for
    spread : standard deviation of active rates, over kappa; nan if not looked for
    margin : distance of silent neurons to threshold, over the standard deviation that spikes give
        to it; nan if not looked for
    """

    stable: bool
    reason: str
    overlap: float
    active: np.ndarray
    rates: np.ndarray
    latents: np.ndarray
    eigenvalue: float = np.nan
    spread: float = np.nan
    margin: float = np.nan


def predict(memory: LowRankMemory, pattern) -> Prediction:
    """Predict whether a run that starts in a vertex of +-1, shape (K,), stays there.

    Raises InputError for a pattern of another shape or with other values.
    """
    pattern = np.sign(memory.start_latents(pattern))
    vertex = np.concatenate([pattern, -pattern]) > 0
    found = fixed_point(memory, vertex)
    if found is None:
        nothing = np.full(len(vertex), np.nan)
        return Prediction(False, NO_FIXED_POINT, np.nan, vertex, nothing, nothing[: len(pattern)])
    active, rates = found
    latents = memory.decoder @ rates
    overlap = readout.overlap(latents, pattern)
    if not overlap > RECALLED:
        return Prediction(False, ELSEWHERE, overlap, active, rates, latents)
    inhibition = -memory.weights[np.ix_(active, active)]
    eigenvalue = float(np.linalg.eigvals(inhibition).real.min())
    if not eigenvalue > 0:
        return Prediction(False, REPELLING, overlap, active, rates, latents, eigenvalue)
    inverse = np.linalg.inv(inhibition)
    spread, margin = spread_of_rates(memory, inverse), silent_margin(memory, active, inverse)
    reason = STABLE
    if not spread < MOST_SPREAD:
        reason = SPREAD_OF_RATES
    elif not margin > LEAST_MARGIN:
        reason = THIN_MARGIN
    return Prediction(
        reason == STABLE, reason, overlap, active, rates, latents, eigenvalue, spread, margin
    )


def fixed_point(memory: LowRankMemory, active) -> tuple[np.ndarray, np.ndarray] | None:
    """Active neurons and rates of a fixed point next to a set of active neurons; None if not found.

    Both have shape (N,). As long as a condition fails, the neuron with the worst violation changes
    sides. A rate is compared with potentials through its neuron's self-connection.
    """
    active = np.array(active, dtype=bool)
    for _ in range(max(2, int(EXCHANGES * memory.params.n_latents))):
        rates = np.zeros(len(active))
        inhibition = -memory.weights[np.ix_(active, active)]
        try:
            rates[active] = np.linalg.solve(inhibition, np.full(len(inhibition), memory.bias))
        except np.linalg.LinAlgError:
            return None
        above = memory.bias + memory.weights @ rates
        violation = np.where(active, -memory.gamma * rates, above)
        worst = violation.argmax()
        if violation[worst] <= ROUNDING * memory.bias:
            return active, rates
        active[worst] = not active[worst]
    return None


def spread_of_rates(memory: LowRankMemory, inverse: np.ndarray) -> float:
    """Standard deviation of the active neurons' r over kappa, root mean square over neurons.

    From V_A = I + M_AA r_A, exactly, r_A = (-M_AA)^-1 (b + T - V_A), where T - V_A is spread over
    gamma. `inverse` is (-M_AA)^-1.
    """
    amplification = np.sqrt(np.mean(np.sum(inverse**2, axis=1)))
    return float(memory.gamma * UNIFORM * amplification / memory.params.kappa)


def silent_margin(memory: LowRankMemory, active: np.ndarray, inverse: np.ndarray) -> float:
    """Mean distance T - V of silent neurons over its standard deviation; infinite without any.

    Active potentials lie gamma/2 below threshold on average, as if the bias were larger by that.
    The deviation is that of the latents: each r_j of an active neuron saws through one, at a
    phase of its own. What a neuron's antagonist gives is no chance: half a saw's height at most.
    `inverse` is (-M_AA)^-1.
    """
    if active.all():
        return np.inf
    inhibition = -memory.weights[np.ix_(~active, active)]
    rates = (memory.bias + memory.gamma / 2) * inverse.sum(axis=1)
    own = np.abs(memory.decoder[own_elements(memory.params.n_latents)])
    antagonist = np.roll(np.where(active, own, 0.0), memory.params.n_latents)[~active]
    distance = np.mean(inhibition @ rates - memory.bias - antagonist / 2)
    others = without_own_elements(memory.decoder)[:, active]
    variance = UNIFORM**2 * np.mean(np.tile(np.sum(others**2, axis=1), 2)[~active])
    if variance == 0:
        return np.inf if distance > 0 else -np.inf
    return float(distance / np.sqrt(variance))
