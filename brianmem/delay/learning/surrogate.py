"""Surrogate-gradient rule: descend the F1 loss of free recall, back through time.

The network recalls every pattern from its cue, which is clamped, and the loss is

    L = 1 - 2 TP / (2 TP + FP + FN)

over all patterns, neurons and steps after the cue. Spikes are steps of the potential; backwards, a
step has the derivative of a fast sigmoid, 1 / (1 + slope |u - 1|)^2 (Zenke & Ganguli 2018; Perrinet
2026). Most potentials are far below the threshold, and the many small terms of sites that never
fire outweigh those of the targets. `windowed` takes the derivative only near the threshold. A
target after few spikes can be too far below it to be felt; `one_sided` has a window only where no
spike is wanted.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from brianmem.delay.learning.adamw import AdamW
from brianmem.delay.learning.surrogate_kernels import library
from brianmem.delay.learning.surrogate_loss import FreeRecall
from brianmem.delay.learning.surrogate_settings import PRESETS, SurrogateSettings
from brianmem.delay.learning.surrogate_synapses import starting_synapses, to_weights
from brianmem.delay.learning.threads import usable_threads
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.raster import Raster


def surrogate(
    patterns: Raster,
    params: DelayParameters,
    rng: np.random.Generator,
    settings: SurrogateSettings = PRESETS["default"],
    n_threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[DelayWeights, dict]:
    """Weights with which free recall loses least F1, of all that the descent has come by.

    Parameters
    ----------
    patterns, params : sizes, beta, firing_prob
    rng : draws random weights to start from, and what is dropped
    settings : see SurrogateSettings
    n_threads : patterns at once; None for one per core, or as OMP_NUM_THREADS says. The result
        does not depend on it
    progress : is called after each gradient step with the number of steps done and n_epochs

    Returns
    -------
    weights : float64, times the gain, on the whole support
    info : threshold, the gain; n_epochs, the gradient steps done; best_epoch, those after which the
        weights were taken; and, with a row for the start and one after each step: loss, 1 - F1;
        n_spikes, all after the cue; n_stopped, the patterns whose recall was stopped for its many
        spikes, which then count as missing; and f1_along_time, shape (n_epochs + 1, n_bins), F1 in
        windows of equal length from D to T, 1 where there is nothing to find and nothing was

    Raises InputError without a C++ compiler: the loops are compiled when they are first used.

    Source: Perrinet (2026), training; windows for the derivative are not the paper's.
    """
    library()
    synapses = starting_synapses(patterns, params, settings, rng)
    w, best, best_epoch, history = synapses.w, synapses.w.copy(), 0, []
    recalls, adam = FreeRecall(patterns, synapses, params, settings), AdamW(settings, len(w))
    with ThreadPoolExecutor(n_threads or usable_threads()) as threads:
        for epoch in range(settings.n_epochs + 1):
            scores, dropouts = recalls.scores(threads), None
            history.append(scores)
            if scores.loss < history[best_epoch].loss:
                best[:], best_epoch = w, epoch
            if scores.loss == 0 or epoch == settings.n_epochs:
                break
            if settings.dropout > 0:
                dropouts = recalls.draw_dropouts(rng)
                scores = recalls.scores(threads, dropouts)
            adam.step(w, recalls.gradient(threads, scores.costs, dropouts))
            if progress is not None:
                progress(epoch + 1, settings.n_epochs)
    return to_weights(synapses._replace(w=params.gain * best), params, settings), {
        "threshold": params.gain,
        "n_epochs": epoch,
        "best_epoch": best_epoch,
        "loss": np.array([scores.loss for scores in history]),
        "n_spikes": np.array([scores.n_spikes for scores in history]),
        "n_stopped": np.array([scores.n_stopped for scores in history]),
        "f1_along_time": np.array([scores.along_time for scores in history]),
    }
