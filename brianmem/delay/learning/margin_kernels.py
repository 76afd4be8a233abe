"""The loops of the margin rule, compiled: one postsynaptic neuron at a time.

What is learned is the potential V[i, d] that a spike of neuron i leaves d steps later, or, on a
given support, the weights w of single synapses (i, d). Either way the potential without resets is
linear, U(t) = sum over input spikes of V[i, t - t_i], and a neuron that was reset to zero at its
own target t_r has u(t) = U(t) - beta^(t - t_r) U(t_r).
"""

import numpy as np
from numba import njit


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
def learn_dense(v, neuron, step, delta, n_delays, decay):
    """Add delta(t) to V[i, t - t_i] of every input spike; beyond D only V[i, D] is free."""
    length = v.shape[1]
    for k in range(len(neuron)):
        row = v[neuron[k]]
        after = delta[step[k] + 1 : step[k] + 1 + length]
        for d in range(n_delays):
            row[d] += after[d]
        beyond = np.float32(0)
        for d in range(n_delays, length):
            beyond += decay[d - n_delays + 1] * after[d]
        row[n_delays - 1] += beyond
        for d in range(n_delays, length):
            row[d] = decay[d - n_delays + 1] * row[n_delays - 1]


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
def corrections(u, target, begin, end, upper, lower, rate, overlap, decay, delta):
    """delta(t) for begin <= t < end: what is missing to the margins, divided among the inputs.

    decay holds the powers of beta; beyond them a reset is forgotten. All steps of a pattern are
    mended at once, each as if all others were mended the same way: divided by the sum of its
    overlaps with them, a correction cannot overshoot.

    Returns the largest part of its margin that a step lacks: above 0 a margin is not met, above 1
    the step is on the wrong side of the threshold, which is 1.
    """
    delta[:] = 0
    worst = np.float32(-1)
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
def fit_neuron(
    dense, v, w, first, delay, neuron, step, pattern_first, target, target_first, order, n_neurons,
    n_delays, n_steps, begin, upper, lower, rates, beta, decay, heads, whole, n_averaged, rng,
):  # fmt: skip
    """Teach one neuron, in place; returns the sweeps that it took and what it then lacks.

    v, shape (N, length), is learned if `dense`, else w, the weights of the synapses first[i] to
    first[i + 1] from each neuron i. Spikes (neuron, step) of pattern m begin at pattern_first[m],
    own targets at target_first[m]; order is (n_sweeps, M). heads and whole are as in
    MarginSettings, with the head's steps counted from 0.
    """
    n_heads, head_end, head_upper, head_lower, head_deletion, head_insertion = heads
    whole_deletion, whole_insertion = whole
    noisy = n_heads > 0 or whole_deletion > 0 or whole_insertion > 0
    room = n_steps + max(v.shape[1], n_delays) + 1
    u, delta = np.zeros(room, np.float32), np.zeros(room, np.float32)
    overlap = np.ones(n_steps, np.float32)
    most = np.max(np.diff(pattern_first))
    room = 2 * most + int(4 * n_neurons * n_steps * max(head_insertion, whole_insertion)) + 100
    noisy_neuron, noisy_step = np.zeros(room, np.int32), np.zeros(room, np.int32)
    learned = v if dense else w.reshape(1, -1)
    total = np.zeros_like(learned)
    n_sweeps = order.shape[0]
    worst = np.float32(0)
    for sweep in range(n_sweeps):
        worst = np.float32(-1)
        for m in order[sweep]:
            clean_i = neuron[pattern_first[m] : pattern_first[m + 1]]
            clean_t = step[pattern_first[m] : pattern_first[m + 1]]
            own = target[target_first[m] : target_first[m + 1]]
            for copy in range(n_heads + 1):
                i, t, end, above, below = clean_i, clean_t, n_steps, upper, lower
                count = -1
                if copy > 0:
                    end, above, below = head_end, head_upper, head_lower
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
                    i, t = noisy_neuron[:count], noisy_step[:count]
                if dense:
                    overlaps_dense(t, n_delays, beta, overlap)
                    potential_dense(v, i, t, u)
                else:
                    overlaps_sparse(first, delay, i, t, beta, overlap)
                    potential_sparse(w, first, delay, i, t, u, n_steps, beta)
                lack = corrections(
                    u, own, begin, end, above, below, rates[sweep], overlap, decay, delta
                )
                worst = max(worst, lack)
                if lack > 0:
                    if dense:
                        learn_dense(v, i, t, delta, n_delays, decay)
                    else:
                        learn_sparse(w, first, delay, i, t, delta, n_steps, beta)
        if worst < 0.5 and not noisy:
            return sweep + 1, worst
        if sweep >= n_sweeps - n_averaged:
            total += learned
    if n_averaged > 1:
        learned[:] = total / min(n_averaged, n_sweeps)
    return n_sweeps, worst
