"""The loops of the surrogate-gradient rule, in C++: one pattern at a time; surrogate_kernels.cpp.

`recall` runs the network; `differentiate` goes back from its last step to the first, and replaces
the potentials by derivatives of the loss; `collect` adds up those of the weights. Inputs are added
in the order of the delay step, so that spikes are the ones of the network that recalls.
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from brianmem.compiled.library import load_library
from brianmem.delay.learning.cpp_arguments import array, declare, record

HERE = Path(__file__).parent
FILES = HERE / "surrogate_kernels.cpp", HERE / "array.h"


class Synapses(NamedTuple):
    """Those of row i D + d - 1, from neuron i with delay d, are first[row] to first[row + 1].

    Attributes
    ----------
    w : weights, float64
    post : postsynaptic neurons, int32
    first : shape (N D + 1,)
    """

    w: np.ndarray
    post: np.ndarray
    first: np.ndarray


class Spikes(NamedTuple):
    """Those of step t are neuron[first[t]] to neuron[first[t + 1]], in increasing order."""

    neuron: np.ndarray
    first: np.ndarray


class Dropout(NamedTuple):
    """What is left out of a pattern, the same whenever it is asked for.

    Attributes
    ----------
    fraction : of the inputs s_i(t - d), which all neurons miss, and of the currents of a neuron in
        a step; what is left is larger by 1 / (1 - fraction), twice
    key : uint64; another one leaves out others
    """

    fraction: float
    key: np.uint64


@cache
def library() -> ctypes.CDLL:
    """The compiled loops; call it before threads do, which would compile it as often.

    Raises InputError without a C++ compiler.
    """
    loaded = load_library("surrogate", FILES, "the surrogate rule's loops")
    integer, real, key = ctypes.c_int64, ctypes.c_double, ctypes.c_uint64
    reals, integers, indices = array(np.float64), array(np.int64), array(np.int32)
    synapses, spikes = record(reals, indices, integers), record(indices, integers)
    dropout, pair, part = record(real, key), record(real, real), record(integer, integer)
    x = array(np.float64, 2)
    declare(loaded, "chance", real, key, integer)
    declare(
        loaded, "recall", integer,
        synapses, spikes, integer, real, integer, dropout, spikes, x,
    )  # fmt: skip
    declare(loaded, "outcomes", None, spikes, spikes, integer, integers, integers, integers)
    declare(
        loaded, "differentiate", None,
        synapses, spikes, spikes, integer, integer, real, real, pair, ctypes.c_bool, pair,
        dropout, x,
    )  # fmt: skip
    declare(loaded, "collect", None, synapses, spikes, dropout, part, x, reals)
    return loaded


def chance(key, index):
    """The number in [0, 1) that belongs to a key and an index."""
    return library().chance(int(key), index)


def recall(synapses, forced, n_clamped, beta, most_spikes, dropout, fired, u):
    """Run the network; spikes of the first n_clamped steps are the forced ones.

    fired (Spikes with room for most_spikes + N) and the potentials before resets, u, shape (T, N),
    are overwritten. Returns the number of steps until the one in which there have been more than
    most_spikes; later ones are silent.
    """
    return library().recall(synapses, forced, n_clamped, beta, most_spikes, dropout, fired, u)


def outcomes(fired, target, begin, right, wrong, missed):
    """Count right, wrong and missed spikes of each step from `begin` on; shape (T,) each."""
    library().outcomes(fired, target, begin, right, wrong, missed)


def differentiate(
    synapses, fired, target, begin, end, beta, slope, widths, through_reset, costs, dropout, x
):  # fmt: skip
    """Replace the potentials u(t) in x by dL/dI(t), I the current, from t = end - 1 to 0.

        e_i(t) = h(u_i(t) - 1) dL/ds_i(t) + beta (1 - s_i(t)) e_i(t + 1)
        dL/ds_i(t) = cost_i(t) + sum over j, d of W[j, i, d] e_j(t + d), less beta u_i(t) e_i(t + 1)
            if gradients go through resets

    h(x) = 1 / (1 + slope |x|)^2 for |x| < width, and 0 elsewhere and before the step `begin`, where
    spikes are forced. widths and costs are those where a spike is wanted, and where it is not.
    Without dropout dL/dI is e = dL/du.

    x has the shape (T + D, N); it is zero from row `end` on.
    """
    library().differentiate(
        synapses, fired, target, begin, end, beta, slope, widths, through_reset, costs, dropout, x
    )


def collect(synapses, fired, dropout, part, x, gradient):
    """Add dL/dW[j, i, d] = sum over t of s_i(t) dL/dI_j(t + d) to the gradient.

    part is (low, high): i runs from low to high - 1. x holds dL/dI, shape (T + D, N).
    """
    library().collect(synapses, fired, dropout, part, x, gradient)
