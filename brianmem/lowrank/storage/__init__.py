"""Storage rules: binary patterns to decoding weights, one call for every rule.

A rule takes patterns of +-1, shape (K, p), and returns a decoder D of shape (K, 2K). To add one,
write a file with such a function and name it in RULES, and in SELF_CONNECTIONS if the middle of
the stable window is not the best place for gamma.
"""

import warnings

import numpy as np

from brianmem.errors import CapacityWarning, InputError
from brianmem.lowrank import geometry
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.storage import extended, extended_noise, regularised
from brianmem.lowrank.storage.hebbian import hebbian
from brianmem.lowrank.storage.optimised import optimised
from brianmem.lowrank.storage.pseudo_inverse import (
    pseudo_inverse,
    pseudo_inverse_neural,
    pseudo_inverse_rescaled,
    pseudo_inverse_zeroed,
)
from brianmem.patterns import as_binary

RULES = {
    "hebbian": hebbian,
    "pseudo_inverse": pseudo_inverse,
    "pseudo_inverse_zeroed": pseudo_inverse_zeroed,
    "pseudo_inverse_rescaled": pseudo_inverse_rescaled,
    "pseudo_inverse_neural": pseudo_inverse_neural,
    "optimised": optimised,
    "regularised": regularised.regularised,
    "extended": extended.extended,
    "extended_noise": extended_noise.extended_noise,
}

# gamma as a function of the load, of the rules that have their own.
SELF_CONNECTIONS = {
    "regularised": regularised.self_connection,
    "extended": extended.self_connection,
    "extended_noise": extended_noise.self_connection,
}

# D eta = xi is met to rounding below capacity; with K p terms of size one, 1e-6 is far above that.
RESIDUAL_TOLERANCE = 1e-6


def check_rule(rule: str) -> None:
    """Raise InputError for an unknown rule."""
    if rule not in RULES:
        raise InputError(f"unknown rule '{rule}': choose from {', '.join(RULES)}")


def fit(
    patterns, params: LowRankParameters, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, dict]:
    """Decoding weights that store the patterns by the rule `params.rule`.

    Parameters
    ----------
    patterns : array of +-1 or 0/1, shape (n_latents, n_patterns)
    params : rule and sizes
    rng : not used by the rules so far, which are deterministic

    Returns
    -------
    decoder : D, shape (n_latents, n_neurons), normalised so that D eta = xi where the rule can
    info : residual (largest element of |D eta - xi|), rank (of the neural patterns eta),
        gain (q), self_connection (the gamma that suits the rule) and trivial (whether D eta = xi
        holds for any vertex, so that nothing is remembered)

    Warns with CapacityWarning where a rule that should meet D eta = xi cannot, or meets it for
    every vertex and so remembers nothing. Raises InputError for an unknown rule, wrong shapes and
    patterns that are not binary.

    Source: Podlaski & Machens (2024), Eqs. 10 to 12; the regularised and extended rules are not
    in the paper.
    """
    check_rule(params.rule)
    xi = as_binary(patterns)
    if xi.shape != (params.n_latents, params.n_patterns):
        raise InputError(
            f"patterns have shape {xi.shape}, but n_neurons = {params.n_neurons} and n_patterns = "
            f"{params.n_patterns} ask for ({params.n_latents}, {params.n_patterns})"
        )
    decoder = RULES[params.rule](xi.astype(float))
    gain = geometry.gain(decoder, xi)
    info = {
        "residual": _residual(decoder, xi),
        "rank": _rank_of_neural_patterns(xi),
        "gain": gain,
        "self_connection": _self_connection(params, decoder, gain),
        "trivial": _keeps_every_vertex(decoder),
    }
    _warn_beyond_capacity(params, info)
    return decoder, info


def _residual(decoder: np.ndarray, xi: np.ndarray) -> float:
    return float(np.abs(decoder @ geometry.neural_patterns(xi) - xi).max())


def _keeps_every_vertex(decoder: np.ndarray) -> bool:
    """Whether D eta = xi holds for all xi: (L - R) xi + (L + R) 1 = 2 xi, with D = [L, R]."""
    left, right = np.split(decoder, 2, axis=1)
    slope, offset = (left - right) / 2 - np.eye(len(decoder)), (left + right).sum(axis=1) / 2
    return bool(max(np.abs(slope).max(), np.abs(offset).max()) < RESIDUAL_TOLERANCE)


def _rank_of_neural_patterns(xi: np.ndarray) -> int:
    """The rank of eta = [1 + xi; 1 - xi] / 2, whose rows span what 1 and the rows of xi span."""
    return int(np.linalg.matrix_rank(np.vstack([np.ones(xi.shape[1]), xi])))


def _self_connection(params: LowRankParameters, decoder: np.ndarray, gain: float) -> float:
    if params.rule in SELF_CONNECTIONS:
        return SELF_CONNECTIONS[params.rule](params.load)
    return geometry.self_connection(decoder, gain)


def _warn_beyond_capacity(params: LowRankParameters, info: dict) -> None:
    place = (
        f"{params.n_patterns} patterns in {params.n_latents} latents (load {params.load:.3g}): "
        f"residual {info['residual']:.3g}, rank {info['rank']}"
    )
    if info["trivial"]:
        message = f"the rule {params.rule} keeps every vertex, stored or not: {place}"
    elif params.rule == "optimised" and info["residual"] > RESIDUAL_TOLERANCE:
        message = (
            f"the optimised rule cannot meet its constraints and stores by least squares {place}"
        )
    elif params.rule == "pseudo_inverse_zeroed" and abs(info["gain"]) < geometry.NOTHING:
        message = f"the pseudo-inverse without own axes stores nothing when p reaches K: {place}"
    else:
        return
    warnings.warn(message, CapacityWarning, stacklevel=3)
