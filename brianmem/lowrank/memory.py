"""A low-rank network with its patterns stored: all numbers that a simulator needs."""

from dataclasses import dataclass, replace

import numpy as np

from brianmem.errors import InputError
from brianmem.lowrank import geometry
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.storage import fit
from brianmem.patterns import as_binary


@dataclass(frozen=True)
class LowRankMemory:
    """dV/dt = -V + I with I = threshold + bias; a spike of j adds weights[:, j] to all V.

    Attributes
    ----------
    params : LowRankParameters
    patterns : xi of +-1, shape (K, p)
    decoder : D, shape (K, N)
    weights : W - alpha of E D with self-connections -gamma, shape (N, N), as [post, pre]
    alpha : lift that makes every weight off the diagonal <= 0
    gamma : self-connection, before the lift
    bias : b = I - T > 0
    info : what the storage rule reports, see brianmem.lowrank.storage.fit
    """

    params: LowRankParameters
    patterns: np.ndarray
    decoder: np.ndarray
    weights: np.ndarray
    alpha: float
    gamma: float
    bias: float
    info: dict

    def with_gamma(self, gamma: float | None) -> "LowRankMemory":
        """The same patterns with another self-connection; None takes the one that suits the rule.

        Raises InputError if the bias would not be positive.
        """
        return _network(self.patterns, replace(self.params, gamma=gamma), self.decoder, self.info)

    @property
    def drive(self) -> float:
        """I, the potential that a neuron without input approaches."""
        return self.params.threshold + self.bias

    @property
    def axis_drive(self) -> float:
        """kappa q: what a latent axis gets from the other axes at a vertex.

        The scale of potentials is arbitrary (weights, bias and noise may all be multiplied by one
        factor), and this is what noise and thresholds of different rules can be compared with. 0
        for a memory that stores nothing.
        """
        return self.params.kappa * max(0.0, self.info["gain"])

    def start_latents(self, pattern) -> np.ndarray:
        """y(0) = kappa xi, shape (K,), for a start in a (damaged) pattern of +-1."""
        if np.shape(pattern) != (self.params.n_latents,):
            raise InputError(
                f"a start has shape ({self.params.n_latents},), not {np.shape(pattern)}"
            )
        return self.params.kappa * as_binary(np.reshape(pattern, (-1, 1)))[:, 0]

    def start_potential(self, pattern) -> np.ndarray:
        """V(0) = E y(0) - alpha kappa K + I, shape (N,), as after K neurons fired at rate kappa."""
        y = self.start_latents(pattern)
        lowered = self.drive - self.alpha * self.params.kappa * self.params.n_latents
        return np.concatenate([y, -y]) + lowered


def store(
    patterns, params: LowRankParameters, rng: np.random.Generator | None = None
) -> LowRankMemory:
    """Store patterns of +-1 or 0/1, shape (K, p), in a network.

    Raises InputError for wrong shapes and values and if the bias would not be positive; warns with
    CapacityWarning as the storage rule does.
    """
    decoder, info = fit(patterns, params, rng)
    return _network(as_binary(patterns), params, decoder, info)


def _network(
    xi: np.ndarray, params: LowRankParameters, decoder: np.ndarray, info: dict
) -> LowRankMemory:
    gamma = info["self_connection"] if params.gamma is None else params.gamma
    weights = geometry.recurrent_weights(decoder, gamma)
    alpha = geometry.lift(weights)
    bias = geometry.bias(params.kappa, alpha, info["gain"], gamma, params.n_latents)
    weights -= alpha
    return LowRankMemory(params, xi, decoder, weights, alpha, gamma, bias, info)
