"""The compiled loops of the learning rules give the same bits with every compiler and processor.

Their inputs are made without a function whose last bit depends on a library, such as a power.
"""

import ctypes
import hashlib

import numpy as np
import pytest
from joblib import cpu_count

from brianmem.delay.learning import fit, margin_kernels, surrogate_kernels
from brianmem.delay.learning.margin_kernels import Lessons, Targets
from brianmem.delay.learning.surrogate_kernels import Dropout, Spikes, Synapses
from brianmem.delay.learning.threads import usable_threads
from brianmem.delay.parameters import DelayParameters
from brianmem.errors import InputError
from brianmem.raster import Raster

N, D, T, M, TAIL = 12, 7, 80, 3, 5
MARGINS = np.float32(0.75), np.float32(0.4)
QUIET, NOISY = (0, T, MARGINS, 0.0, 0.0), (2, D + 20, MARGINS, 0.3, 0.01)
# Each fit draws Poisson numbers with a mean below ten and one above: NumPy has two ways.
WHOLES = {"quiet": (0.0, 0.0), "noisy": (0.25, 0.02)}


def digest(*arrays):
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:16]


def raster():
    """Patterns, neurons and steps of spikes, in this order."""
    return np.nonzero(np.random.default_rng(1).random((M, N, T)) < 0.06)


def lessons(beta):
    pattern, neuron, step = raster()
    first = np.searchsorted(pattern, np.arange(M + 1))
    decay = np.cumprod(np.full(30, beta, np.float32), dtype=np.float32)
    decay = np.concatenate([np.ones(1, np.float32), decay])
    events = neuron.astype(np.int32), step.astype(np.int32)
    return Lessons(*events, first, N, D, T, np.float32(beta), decay)


def targets(j):
    pattern, neuron, step = raster()
    own = neuron == j
    first = np.searchsorted(pattern[own], np.arange(M + 1))
    return Targets(step[own].astype(np.int32), first)


def sparse(rng):
    """Weights of some synapses, those from each neuron by first, and their delays."""
    pre, delay = np.nonzero(rng.random((N, D)) < 0.5)
    first = np.searchsorted(pre, np.arange(N + 1))
    return rng.random(len(pre), np.float32) - np.float32(0.3), first, (delay + 1).astype(np.int32)


SWEEPS = np.array([[0, 1, 2], [2, 0, 1], [1, 0, 2], [0, 2, 1], [2, 1, 0]])
RATES = np.array([1.0, 0.8, 0.6, 0.4, 0.2], np.float32)
NOTHING = np.zeros(1, np.float32), np.zeros(2, np.int64), np.zeros(1, np.int32)
MARGIN = {
    (True, "quiet", 0.5): "23c96cb1f60c8e3f",
    (True, "quiet", 0.7): "f272b0ef38345c00",
    (True, "noisy", 0.7): "da46c5c3234619ff",
    (False, "quiet", 0.5): "e49688a80a8fe870",
    (False, "quiet", 0.7): "f7d846ba7ff94739",
    (False, "noisy", 0.7): "917540dfad748511",
}


@pytest.mark.parametrize(("dense", "noise", "beta"), MARGIN)
def test_the_margin_rule(dense, noise, beta):
    rng, what = np.random.default_rng(2), lessons(beta)
    v = (rng.random((N, D + TAIL), np.float32) - np.float32(0.4)) * np.float32(0.3)
    w, first, delay = sparse(rng)
    inputs = (
        (True, v, *NOTHING) if dense else (False, np.zeros((1, 1), np.float32), w, first, delay)
    )
    heads, whole = NOISY if noise == "noisy" else QUIET, WHOLES[noise]
    found = []
    for j in range(4):
        n_sweeps = margin_kernels.fit_neuron(
            *inputs, what, targets(j), SWEEPS, D - 2, MARGINS, RATES, heads, whole, 3, rng
        )
        n_wrong, lack = margin_kernels.examine(*inputs, what, targets(j), D, MARGINS)
        found += [inputs[1], inputs[2], np.int64(n_sweeps), np.int64(n_wrong), np.float64(lack)]
    assert np.isfinite(inputs[1]).all() and np.isfinite(inputs[2]).all()
    assert digest(*found, rng.random(1)) == MARGIN[dense, noise, beta]


def test_noise_takes_its_random_numbers_as_numpy_does():
    """By rejection at a mean just above ten, which numba has wrong in one of 30 000 draws."""
    insertion, n_sweeps = 10.24 / (N * D), 30_000
    heads = (1, D + 20, MARGINS, 0.3, insertion)
    rng, twin = np.random.default_rng(4), np.random.default_rng(4)
    w, first, delay = sparse(np.random.default_rng(3))
    inputs = False, np.zeros((1, 1), np.float32), w, first, delay
    sweeps, rates = np.zeros((n_sweeps, 1), np.int64), np.zeros(n_sweeps, np.float32)
    margin_kernels.fit_neuron(
        *inputs, lessons(0.7), targets(1), sweeps, D, MARGINS, rates, heads, (0.0, 0.0), 0, rng
    )
    pattern, _, step = raster()
    in_the_cue = np.sum((pattern == 0) & (step < D))
    for _ in range(n_sweeps):
        twin.random(in_the_cue)
        twin.random(2 * twin.poisson(insertion * N * D))
    assert rng.random() == twin.random()


LEVELS = {2: "4527d1795ed8bc43", 7: "bc66d2969e72c684"}


@pytest.mark.parametrize("n_levels", LEVELS)
def test_the_margin_rule_with_levels(n_levels):
    w, first, delay = sparse(np.random.default_rng(3))
    levels = np.float32(0.15), n_levels
    own = lessons(0.7), targets(1), SWEEPS, D, MARGINS, RATES
    rounded, n_sweeps, left = margin_kernels.fit_levels(w, first, delay, levels, *own)
    numbers = np.int64(n_sweeps), np.int64(left[0]), np.float64(left[1])
    assert digest(w, rounded, *numbers) == LEVELS[n_levels]


SURROGATE = {
    ("some", 0.0, False): "85e12398d3fa554a",
    ("some", 0.3, True): "b07b4c9ef857fa7b",
    ("all", 0.0, True): "86e3aa9e9cb0c521",
    ("all", 0.3, False): "dcc06604b909d8e8",
}


def spikes(m):
    pattern, neuron, step = raster()
    order = np.lexsort((neuron, step))
    of_pattern = order[pattern[order] == m]
    first = np.searchsorted(step[of_pattern], np.arange(T + 1))
    return Spikes(neuron[of_pattern].astype(np.int32), first)


@pytest.mark.parametrize(("support", "dropout", "through_reset"), SURROGATE)
def test_the_surrogate_rule(support, dropout, through_reset):
    rng = np.random.default_rng(4)
    row, post = np.nonzero(rng.random((N * D, N)) < (1 if support == "all" else 0.3))
    first = np.searchsorted(row, np.arange(N * D + 1))
    w = 0.45 * rng.random(len(row)) * (0.25 if support == "all" else 1)
    synapses = Synapses(w, post.astype(np.int32), first)
    found, gradient = [], np.zeros_like(w)
    for m in range(M):
        dropped = Dropout(dropout, np.uint64(2**63 + m))
        fired, x = (
            Spikes(np.zeros(200 + N, np.int32), np.zeros(T + 1, np.int64)),
            np.ones((T + D, N)),
        )
        end = surrogate_kernels.recall(synapses, spikes(m), D, 0.7, 200, dropped, fired, x[:T])
        found += [np.int64(end), *fired, x[:end].copy()]
        counts = np.zeros((3, T), np.int64)
        surrogate_kernels.outcomes(fired, spikes(m), D, *counts)
        x[end:] = 0
        surrogate_kernels.differentiate(
            synapses, fired, spikes(m), D, end, 0.7, 15.0, (np.inf, 0.4), through_reset,
            (-0.01, 0.005), dropped, x,
        )  # fmt: skip
        for part in ((0, 5), (5, N)):
            surrogate_kernels.collect(synapses, fired, dropped, part, x, gradient)
        found += [counts, x]
    assert np.count_nonzero(gradient) > len(w) / 3
    assert digest(*found, gradient) == SURROGATE[support, dropout, through_reset]


def test_arguments_that_do_not_fit_are_refused():
    w, seen = np.zeros((4, 2), np.float32), np.zeros(4, np.float32)
    for wrong, message in (
        (w, "expected an array of float32 with 1 axes, not of float32 with 2"),
        (seen.astype(float), "expected an array of float32 with 1 axes, not of float64 with 1"),
        (w[:, 0], "not C contiguous"),
        (np.broadcast_to(np.float32(0), 4), "not writable|not C contiguous"),
    ):
        with pytest.raises((TypeError, ctypes.ArgumentError), match=message):
            margin_kernels.quantise(wrong, 0.5, 3, seen)
    with pytest.raises((TypeError, ctypes.ArgumentError), match="integer"):
        margin_kernels.quantise(seen, 0.5, 3.5, seen.copy())


@pytest.mark.parametrize("learner", ["margin", "surrogate"])
def test_without_a_compiler_it_is_said(learner, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    kernels = {"margin": margin_kernels, "surrogate": surrogate_kernels}[learner]
    kernels.library.cache_clear()
    with pytest.raises(InputError, match="there is no no-such-compiler;"):
        fit(Raster(*raster(), M, N, T), DelayParameters(learner, N, D, T, M))


@pytest.mark.parametrize(("told", "expected"), [("3", 3), (" 2,1", 2), ("", None), ("0", None)])
def test_as_many_threads_as_the_environment_says(told, expected, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert usable_threads() == (expected or cpu_count())
