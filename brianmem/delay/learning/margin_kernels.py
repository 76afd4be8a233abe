"""The loops of the margin rule, compiled: one postsynaptic neuron at a time.

What is learned is the potential V[i, d] that a spike of neuron i leaves d steps later, or, on a
given support, the weights w of single synapses (i, d). Either way the potential without resets is
linear, U(t) = sum over input spikes of V[i, t - t_i], and a neuron that was reset to zero at its
own target t_r has u(t) = U(t) - beta^(t - t_r) U(t_r).
"""

from typing import NamedTuple

import numpy as np
from numba import njit


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


@njit(cache=True, nogil=True)
def potential_dense(v, neuron, step, u):
    """U(t) of one pattern; v[i, d] is what a spike of i leaves d + 1 steps later."""
    u[:] = 0
    length = v.shape[1]
    for k in range(len(neuron)):
        row = v[neuron[k]]
        after = u[step[k] + 1 : step[k] + 1 + length]
        for d in range(length):
            after[d] += row[d]


@njit(cache=True, nogil=True)
def learn_dense(v, neuron, step, delta, n_delays, decay, beyond, coming):
    """Add delta(t) to V[i, t - t_i] of every input spike; beyond D only V[i, D] is free.

    Few steps lack anything, so most spikes are passed over: coming(t) is the first step after t
    with something to learn, and beyond(t) what V[i, D] of a spike in t can do about all steps after
    t + D. Both are overwritten, shape (T,).
    """
    n_steps, length = len(beyond), v.shape[1]
    felt, first = np.float32(0), n_steps + length
    for t in range(n_steps - 1, -1, -1):
        felt = decay[1] * (felt + delta[t + n_delays + 1])
        beyond[t], coming[t] = felt, first
        if delta[t] != 0:
            first = t
    for k in range(len(neuron)):
        if coming[step[k]] > step[k] + length:
            continue
        row = v[neuron[k]]
        after = delta[step[k] + 1 : step[k] + 1 + n_delays]
        for d in range(n_delays):
            row[d] += after[d]
        row[n_delays - 1] += beyond[step[k]]
        last = row[n_delays - 1]
        tail = row[n_delays:]
        for d in range(length - n_delays):
            tail[d] = decay[d + 1] * last


@njit(cache=True, nogil=True)
def potential_sparse(w, first, delay, neuron, step, u, n_steps, beta):
    """U(t) of one pattern; synapses first[i] to first[i + 1] are those from neuron i."""
    u[:] = 0
    for k in range(len(neuron)):
        for s in range(first[neuron[k]], first[neuron[k] + 1]):
            u[step[k] + delay[s]] += w[s]
    for t in range(1, n_steps):
        u[t] += beta * u[t - 1]


@njit(cache=True, nogil=True)
def learn_sparse(w, first, delay, neuron, step, delta, n_steps, beta):
    """Add to each synapse what its spikes could have done about delta at all later steps."""
    delta[n_steps:] = 0
    for t in range(n_steps - 2, -1, -1):
        delta[t] += beta * delta[t + 1]
    for k in range(len(neuron)):
        for s in range(first[neuron[k]], first[neuron[k] + 1]):
            w[s] += delta[step[k] + delay[s]]


@njit(cache=True, nogil=True)
def corrections(u, target, begin, end, margins, rate, overlap, decay, delta):
    """delta(t) for begin <= t < end: what is missing to the margins (upper, lower), divided among
    the inputs.

    decay holds the powers of beta; beyond them a reset is forgotten. All steps of a pattern are
    mended at once, each as if all others were mended the same way: divided by the sum of its
    overlaps with them, a correction cannot overshoot.

    Returns the largest part of its margin that a step lacks: above 0 a margin is not met, above 1
    the step is on the wrong side of the threshold, which is 1.
    """
    delta[:] = 0
    worst = np.float32(-1)
    upper, lower = margins
    reach = len(decay) - 1
    after_reset = decay[1] / (1 - decay[1])  # of the overlaps of steps that share a reset
    last = -reach - 1  # the last own target, where the potential was reset
    q = 0
    while q < len(target) and target[q] < begin:
        last = target[q]
        q += 1
    t = begin
    while t < end:
        following = target[q] if q < len(target) and target[q] < end else end
        near = min(following, max(t, last + reach + 1))
        for k in range(t, near):
            factor = decay[k - last]
            excess = u[k] - factor * u[last] - (1 - lower)
            if excess > 0:
                change = rate * excess / (overlap[k] + factor * after_reset * overlap[last])
                delta[k] -= change
                delta[last] += factor * change
                worst = max(worst, excess / lower)
        for k in range(near, following):
            excess = u[k] - (1 - lower)
            if excess > 0:
                delta[k] = -rate * excess / overlap[k]
                worst = max(worst, excess / lower)
        if following < end:
            lack = 1 + upper - u[following]
            shared = overlap[following]
            factor = np.float32(0)
            if following - last <= reach:
                factor = decay[following - last]
                lack += factor * u[last]
                shared += factor * after_reset * overlap[last]
            if lack > 0:
                change = rate * lack / shared
                delta[following] += change
                if factor > 0:
                    delta[last] -= factor * change
                worst = max(worst, lack / upper)
            last = following
            q += 1
        t = following + 1
    return worst


@njit(cache=True, nogil=True)
def corrupt(neuron, step, n_neurons, until, deletion, insertion, rng, to_neuron, to_step):
    """Delete spikes before the step `until`, and insert others; returns how many are left."""
    count = 0
    for k in range(len(neuron)):
        if step[k] >= until or rng.random() >= deletion:
            to_neuron[count], to_step[count] = neuron[k], step[k]
            count += 1
    room = len(to_neuron) - count
    for _ in range(min(room, rng.poisson(insertion * n_neurons * until))):
        to_neuron[count] = int(n_neurons * rng.random())
        to_step[count] = int(until * rng.random())
        count += 1
    return count


@njit(cache=True, nogil=True)
def overlaps_dense(step, n_delays, beta, overlap):
    """Sum over all steps t' of the inner product of what is learned from t and from t', plus 0.5.

    A spike of the last D steps takes part in one t' only. One beyond D is felt by beta^k in all
    that follow, through V[i, D].
    """
    n_steps = len(overlap)
    counts = np.zeros(n_steps, np.int32)
    for k in range(len(step)):
        counts[step[k]] += 1
    recent, beyond = 0, np.float32(0)
    for t in range(n_steps):
        overlap[t] = recent + beyond * beta / (1 - beta) + 0.5
        recent += counts[t]
        if t >= n_delays:
            recent -= counts[t - n_delays]
            beyond = beta * (beyond + counts[t - n_delays])
        else:
            beyond *= beta


@njit(cache=True, nogil=True)
def overlaps_sparse(first, delay, neuron, step, beta, overlap):
    """The same for inputs on a support, which are felt by beta^k from the step they arrive in."""
    n_steps = len(overlap)
    overlap[:] = 0
    for k in range(len(neuron)):
        for s in range(first[neuron[k]], first[neuron[k] + 1]):
            if step[k] + delay[s] < n_steps:
                overlap[step[k] + delay[s]] += 1
    felt = np.float32(0)
    for t in range(n_steps):
        felt = beta * felt + overlap[t]
        overlap[t] = felt / (1 - beta) + 0.5


@njit(cache=True, nogil=True)
def clean_overlaps(dense, first, delay, lessons):
    """The overlaps of the patterns as they are, shape (M, T): they stay the same in all sweeps."""
    overlaps = np.empty((len(lessons.first) - 1, lessons.n_steps), np.float32)
    for m in range(len(overlaps)):
        i = lessons.neuron[lessons.first[m] : lessons.first[m + 1]]
        t = lessons.step[lessons.first[m] : lessons.first[m + 1]]
        if dense:
            overlaps_dense(t, lessons.n_delays, lessons.beta, overlaps[m])
        else:
            overlaps_sparse(first, delay, i, t, lessons.beta, overlaps[m])
    return overlaps


@njit(cache=True, nogil=True)
def fit_neuron(
    dense, v, w, first, delay, lessons, own, order, begin, margins, rates, heads, whole,
    n_averaged, rng,
):  # fmt: skip
    """Teach one neuron, in place; returns the sweeps that it took.

    v, shape (N, length), is learned if `dense`, else w, the weights of the synapses first[i] to
    first[i + 1] from each neuron i. own are the neuron's Targets; order is (n_sweeps, M). heads and
    whole are as in MarginSettings, with the head's steps counted from 0.
    """
    n_neurons, n_delays, n_steps = lessons.n_neurons, lessons.n_delays, lessons.n_steps
    beta, decay = lessons.beta, lessons.decay
    n_heads, head_end, head_margins, head_deletion, head_insertion = heads
    whole_deletion, whole_insertion = whole
    noisy = n_heads > 0 or whole_deletion > 0 or whole_insertion > 0
    room = n_steps + max(v.shape[1], n_delays) + 1
    u, delta = np.zeros(room, np.float32), np.zeros(room, np.float32)
    beyond, coming = np.zeros(n_steps, np.float32), np.zeros(n_steps, np.int32)
    overlaps = clean_overlaps(dense, first, delay, lessons)
    noisy_overlap = np.ones(n_steps, np.float32)
    most = np.max(np.diff(lessons.first))
    room = 2 * most + int(4 * n_neurons * n_steps * max(head_insertion, whole_insertion)) + 100
    noisy_neuron, noisy_step = np.zeros(room, np.int32), np.zeros(room, np.int32)
    learned = v if dense else w.reshape(1, -1)
    total = np.zeros_like(learned)
    n_sweeps = order.shape[0]
    for sweep in range(n_sweeps):
        worst = np.float32(-1)
        for m in order[sweep]:
            clean_i = lessons.neuron[lessons.first[m] : lessons.first[m + 1]]
            clean_t = lessons.step[lessons.first[m] : lessons.first[m + 1]]
            target = own.step[own.first[m] : own.first[m + 1]]
            for copy in range(n_heads + 1):
                i, t, overlap, end, asked = clean_i, clean_t, overlaps[m], n_steps, margins
                count = -1
                if copy > 0:
                    end, asked = head_end, head_margins
                    count = corrupt(
                        i, t, n_neurons, n_delays, head_deletion, head_insertion, rng,
                        noisy_neuron, noisy_step,
                    )  # fmt: skip
                elif whole_deletion + whole_insertion > 0 and sweep % 3 > 0:
                    strength = 1.0 if sweep % 3 == 1 else rng.random()
                    count = corrupt(
                        i, t, n_neurons, n_steps, strength * whole_deletion,
                        strength * whole_insertion, rng, noisy_neuron, noisy_step,
                    )  # fmt: skip
                if count >= 0:
                    i, t, overlap = noisy_neuron[:count], noisy_step[:count], noisy_overlap
                    if dense:
                        overlaps_dense(t, n_delays, beta, overlap)
                    else:
                        overlaps_sparse(first, delay, i, t, beta, overlap)
                if dense:
                    potential_dense(v, i, t, u)
                else:
                    potential_sparse(w, first, delay, i, t, u, n_steps, beta)
                lack = corrections(
                    u, target, begin, end, asked, rates[sweep], overlap, decay, delta
                )
                worst = max(worst, lack)
                if lack > 0:
                    if dense:
                        learn_dense(v, i, t, delta, n_delays, decay, beyond, coming)
                    else:
                        learn_sparse(w, first, delay, i, t, delta, n_steps, beta)
        if worst < 0.5 and not noisy:
            return sweep + 1
        if n_averaged > 1 and sweep >= n_sweeps - n_averaged:
            total += learned
    if n_averaged > 1:
        learned[:] = total / min(n_averaged, n_sweeps)
    return n_sweeps


@njit(cache=True, nogil=True)
def examine(dense, v, w, first, delay, lessons, own, begin, margins):
    """What a neuron has learned of the patterns as they are, from the step `begin` on.

    Returns the number of patterns with an error, and the largest part of a margin that a step
    lacks: at most 0 if all are met, above 1 if there is an error.
    """
    room = lessons.n_steps + max(v.shape[1], lessons.n_delays) + 1
    u, delta = np.zeros(room, np.float32), np.zeros(room, np.float32)
    overlap = np.ones(lessons.n_steps, np.float32)
    n_wrong, worst = 0, np.float32(-1)
    for m in range(len(lessons.first) - 1):
        i = lessons.neuron[lessons.first[m] : lessons.first[m + 1]]
        t = lessons.step[lessons.first[m] : lessons.first[m + 1]]
        if dense:
            potential_dense(v, i, t, u)
        else:
            potential_sparse(w, first, delay, i, t, u, lessons.n_steps, lessons.beta)
        lack = corrections(
            u, own.step[own.first[m] : own.first[m + 1]], begin, lessons.n_steps, margins,
            np.float32(1), overlap, lessons.decay, delta,
        )  # fmt: skip
        n_wrong += lack > 1
        worst = max(worst, lack)
    return n_wrong, worst


@njit(cache=True, nogil=True)
def quantise(w, spacing, n_levels, seen):
    """The nearest of n_levels values, `spacing` apart and symmetric about 0, of each weight.

    Hidden weights end at the outermost levels, so that a later correction is felt at once.
    """
    top = np.float32(0.5) * spacing * np.float32(n_levels - 1)
    shift = np.float32(0.5 * ((n_levels - 1) % 2))  # an even number of levels leaves out 0
    for k in range(len(w)):
        w[k] = min(max(w[k], -top), top)
        level = spacing * (np.rint(w[k] / spacing - shift) + shift)
        seen[k] = min(max(level, -top), top)


@njit(cache=True, nogil=True)
def fit_levels(
    w, first, delay, levels, lessons, own, order, begin, margins, rates
):  # fmt: skip
    """Teach one neuron whose weights have few levels; w is overwritten.

    Straight through: potentials are those of the levels, corrections go to the hidden weights w.
    The best sweep is the one after which the fewest patterns have an error, and of these the one
    that lacks least; what half meets its margins is enough.

    levels is (spacing, n_levels). Returns the weights of the best sweep, the number of sweeps, and
    what `examine` says.
    """
    n_steps, beta = lessons.n_steps, lessons.beta
    room = n_steps + lessons.n_delays + 1
    u, delta = np.zeros(room, np.float32), np.zeros(room, np.float32)
    overlaps = clean_overlaps(False, first, delay, lessons)
    spacing, n_levels = levels
    seen, no_v = np.empty_like(w), np.zeros((1, 1), np.float32)
    quantise(w, spacing, n_levels, seen)
    best = seen.copy()
    left = examine(False, no_v, best, first, delay, lessons, own, lessons.n_delays, margins)
    n_sweeps = order.shape[0]
    for sweep in range(n_sweeps):
        if left[0] == 0 and left[1] < 0.5:
            return best, sweep, left
        for m in order[sweep]:
            i = lessons.neuron[lessons.first[m] : lessons.first[m + 1]]
            t = lessons.step[lessons.first[m] : lessons.first[m + 1]]
            target = own.step[own.first[m] : own.first[m + 1]]
            potential_sparse(seen, first, delay, i, t, u, n_steps, beta)
            lack = corrections(
                u, target, begin, n_steps, margins, rates[sweep], overlaps[m], lessons.decay, delta
            )
            if lack > 0:
                learn_sparse(w, first, delay, i, t, delta, n_steps, beta)
                quantise(w, spacing, n_levels, seen)
        found = examine(False, no_v, seen, first, delay, lessons, own, lessons.n_delays, margins)
        if found < left:
            best[:], left = seen, found
    return best, n_sweeps, left
