"""The loops of the margin rule, in C++: one postsynaptic neuron at a time. See margin_kernels.cpp.

What is learned is the potential V[i, d] that a spike of neuron i leaves d steps later, or, on a
given support, the weights w of single synapses (i, d). Either way the potential without resets is
linear, U(t) = sum over input spikes of V[i, t - t_i], and a neuron that was reset to zero at its
own target t_r has u(t) = U(t) - beta^(t - t_r) U(t_r).
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from brianmem.compiled.library import load_library
from brianmem.delay.learning.cpp_arguments import array, declare, record

HERE, NUMPY = Path(__file__).parent, Path(np.random.__file__).parent
FILES = (
    HERE / "margin_kernels.cpp",
    HERE / "array.h",
    Path(np.get_include(), "numpy", "random", "bitgen.h"),
    NUMPY / "lib" / "libnpyrandom.a",
)


class Lessons(NamedTuple):
    """What all neurons are taught.

    Attributes
    ----------
    neuron, step : spikes of all patterns, those of pattern m from first[m] to first[m + 1], by
        neuron: the order of V in memory
    first : shape (M + 1,)
    n_neurons, n_delays, n_steps, beta : N, D, T, decay per step
    decay : powers of beta, from 0 on; beyond them a reset is forgotten
    """

    neuron: np.ndarray
    step: np.ndarray
    first: np.ndarray
    n_neurons: int
    n_delays: int
    n_steps: int
    beta: np.float32
    decay: np.ndarray


class Targets(NamedTuple):
    """The steps in which a neuron has to fire, those of pattern m from first[m] to first[m + 1]."""

    step: np.ndarray
    first: np.ndarray


@cache
def library() -> ctypes.CDLL:
    """The compiled loops; call it before threads do, which would compile it as often.

    Raises InputError without a C++ compiler.
    """
    loaded = load_library("margin", FILES, "the margin rule's loops")
    integer, real, single = ctypes.c_int64, ctypes.c_double, ctypes.c_float
    integers, indices, floats = array(np.int64), array(np.int32), array(np.float32)
    inputs = ctypes.c_bool, array(np.float32, 2), floats, integers, indices
    lessons = record(indices, indices, integers, integer, integer, integer, single, floats)
    own, order, margins = record(indices, integers), array(np.int64, 2), record(single, single)
    heads, whole = record(integer, integer, margins, real, real), record(real, real)
    levels, left = record(single, integer), record(integer, real)
    taught = lessons, own, order, integer, margins, floats
    noise = heads, whole, integer, ctypes.c_void_p
    declare(loaded, "fit_neuron", integer, *inputs, *taught, *noise)
    declare(loaded, "examine", left, *inputs, lessons, own, integer, margins)
    declare(loaded, "quantise", None, floats, levels, floats)
    rounded = record(integer, left)
    declare(loaded, "fit_levels", rounded, floats, integers, indices, levels, *taught, floats)
    return loaded


def fit_neuron(
    dense, v, w, first, delay, lessons, own, order, begin, margins, rates, heads, whole,
    n_averaged, rng,
):  # fmt: skip
    """Teach one neuron, in place; returns the sweeps that it took.

    v, shape (N, length), is learned if `dense`, else w, the weights of the synapses first[i] to
    first[i + 1] from each neuron i. own are the neuron's Targets; order is (n_sweeps, M). heads and
    whole are as in MarginSettings, with the head's steps counted from 0.
    """
    with rng.bit_generator.lock:
        return library().fit_neuron(
            dense, v, w, first, delay, lessons, own, order, begin, margins, rates, heads, whole,
            n_averaged, rng.bit_generator.ctypes.bit_generator,
        )  # fmt: skip


def examine(dense, v, w, first, delay, lessons, own, begin, margins):
    """What a neuron has learned of the patterns as they are, from the step `begin` on.

    Returns the number of patterns with an error, and the largest part of a margin that a step
    lacks: at most 0 if all are met, above 1 if there is an error.
    """
    return tuple(library().examine(dense, v, w, first, delay, lessons, own, begin, margins))


def quantise(w, spacing, n_levels, seen):
    """The nearest of n_levels values, `spacing` apart and symmetric about 0, of each weight.

    Hidden weights end at the outermost levels, so that a later correction is felt at once.
    """
    library().quantise(w, (spacing, n_levels), seen)


def fit_levels(w, first, delay, levels, lessons, own, order, begin, margins, rates):
    """Teach one neuron whose weights have few levels; w is overwritten.

    Straight through: potentials are those of the levels, corrections go to the hidden weights w.
    The best sweep is the one after which the fewest patterns have an error, and of these the one
    that lacks least; what half meets its margins is enough.

    levels is (spacing, n_levels). Returns the weights of the best sweep, the number of sweeps, and
    what `examine` says.
    """
    best = np.empty_like(w)
    n_sweeps, left = library().fit_levels(
        w, first, delay, levels, lessons, own, order, begin, margins, rates, best
    )
    return best, n_sweeps, tuple(left)
