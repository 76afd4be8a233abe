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

import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numba import get_num_threads
from scipy.sparse import csr_array

from brianmem.delay.learning.correlation import correlate
from brianmem.delay.learning.surrogate_kernels import (
    Dropout,
    Spikes,
    Synapses,
    collect,
    differentiate,
    outcomes,
    recall,
)
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.errors import InputError
from brianmem.raster import Raster

CHOICES = {
    "support": ("hebbian", "full"),
    "start": ("hebbian", "random_positive", "random"),
    "surrogate": ("windowed", "one_sided", "full"),
}
NOTHING = Dropout(0.0, np.uint64(0))
EPSILON = 1e-8  # of Adam, in a denominator
# Patterns that are kept in memory at a time, and parts of the synapses that a thread sums at once.
AT_ONCE, N_PARTS = 8, 16


@dataclass(frozen=True)
class SurrogateSettings:
    """How a network is taught; potentials are in units of the threshold.

    Attributes
    ----------
    support : "hebbian" for the synapses that the Hebbian rule has, "full" for all
    start : weights to start from. "hebbian": those of the Hebbian rule. "random_positive": uniform,
        with mean scale / (N D p_A). "random": normal, with sd scale sqrt((1 - beta^2) / (N D p_A))
    scale : how strong they are. A neuron that all synapses reach, in a network that fires at p_A,
        is driven by scale in each step (Hebbian weights: only at its targets), and with normal
        weights has potentials of sd scale. On the full support, positive weights fall silent
        for scale well below 1 - beta and run away above; normal ones at about 1/3, where the
        threshold is exceeded with probability p_A = 1e-3
    surrogate : "windowed" for a derivative only where |u - 1| < width; "one_sided" for this, and
        everywhere where a spike is wanted; "full" for everywhere
    slope, width : of the derivative
    through_reset : whether gradients go through the reset, (1 - s(t-1)) in u(t), too; otherwise it
        counts as given (detached)
    n_epochs : gradient steps, each over all patterns, at most; learning ends when the loss is 0
    rate : learning rate of AdamW, after a linear rise over `warm_up` steps; it then falls to 0 with
        half a cosine
    warm_up : steps
    betas : decays of Adam's moments
    weight_decay : part of a weight that is lost in a step, per rate
    dropout : part of the inputs s_i(t - d), and of the currents of a neuron in a step, that is left
        out while learning; the loss is measured without
    most_spikes : times the mean number of a pattern, beyond which a recall is stopped
    n_bins : windows in time in which F1 is measured
    """

    support: str = "hebbian"
    start: str = "hebbian"
    scale: float = 2.2
    surrogate: str = "one_sided"
    slope: float = 15.0
    width: float = 0.405
    through_reset: bool = False
    n_epochs: int = 128
    rate: float = 5e-3
    warm_up: int = 4
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    dropout: float = 0.0
    most_spikes: float = 6.0
    n_bins: int = 24

    def __post_init__(self):
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise InputError(f"unknown {name} '{value}': choose from {', '.join(choices)}")
        for name, least in {"n_epochs": 0, "warm_up": 0, "n_bins": 1}.items():
            if getattr(self, name) < least:
                raise InputError(f"{name} must be at least {least}, not {getattr(self, name)}")
        for name in ("scale", "slope", "width", "rate", "most_spikes"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} must be positive and finite, not {value}")
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout must lie in [0, 1), not {self.dropout}")
        if len(self.betas) != 2 or not all(0 <= decay < 1 for decay in self.betas):
            raise InputError(f"betas must be two numbers in [0, 1), not {self.betas}")
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise InputError(f"weight_decay must not be negative, not {self.weight_decay}")

    @property
    def widths(self) -> tuple[float, float]:
        """Of the derivative where a spike is wanted, and where it is not."""
        return (
            self.width if self.surrogate == "windowed" else math.inf,
            math.inf if self.surrogate == "full" else self.width,
        )


PRESETS = {
    "default": SurrogateSettings(),
    "windowed": SurrogateSettings(surrogate="windowed"),
    "paper": SurrogateSettings(surrogate="full", rate=1e-3, warm_up=16, dropout=0.37),
}


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
    n_threads : patterns at once; None for one per core, or as NUMBA_NUM_THREADS says. The result
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

    Source: Perrinet (2026), training; windows for the derivative are not the paper's.
    """
    course = _Course(patterns, params, settings, rng)
    w, nothing = course.synapses.w, [NOTHING] * params.n_patterns
    adam = _AdamW(settings, len(w))
    best, best_epoch, history = w.copy(), 0, []
    with ThreadPoolExecutor(n_threads or get_num_threads()) as threads:
        for epoch in range(settings.n_epochs + 1):
            scores, dropped = course.examine(threads, nothing), nothing
            history.append(scores)
            if scores.loss < history[best_epoch].loss:
                best[:], best_epoch = w, epoch
            if scores.loss == 0 or epoch == settings.n_epochs:
                break
            if settings.dropout > 0:
                dropped = course.draw_dropouts(rng)
                scores = course.examine(threads, dropped)
            adam.step(w, course.gradient(threads, dropped, scores.costs))
            if progress is not None:
                progress(epoch + 1, settings.n_epochs)
    return course.table(params.gain * best), {
        "threshold": params.gain,
        "n_epochs": epoch,
        "best_epoch": best_epoch,
        "loss": np.array([scores.loss for scores in history]),
        "n_spikes": np.array([scores.n_spikes for scores in history]),
        "n_stopped": np.array([scores.n_stopped for scores in history]),
        "f1_along_time": np.array([scores.along_time for scores in history]),
    }


@dataclass(frozen=True)
class _Scores:
    """How well the patterns are recalled.

    Attributes
    ----------
    loss, n_spikes, n_stopped, along_time : as in `surrogate`
    costs : dL/ds of a spike that is wanted, and of one that is not
    """

    loss: float
    n_spikes: int
    n_stopped: int
    along_time: np.ndarray
    costs: tuple[float, float]


class _Course:
    """The patterns, the synapses that learn them, and room for a few recalls at a time."""

    def __init__(
        self,
        patterns: Raster,
        params: DelayParameters,
        settings: SurrogateSettings,
        rng: np.random.Generator,
    ):
        self.params, self.settings = params, settings
        self.targets = [_spikes(patterns.select(m)) for m in range(params.n_patterns)]
        self.synapses = _start(patterns, params, settings, rng)
        self.most_spikes = int(settings.most_spikes * len(patterns) / params.n_patterns)
        longest = max(len(target.neuron) for target in self.targets)
        room = max(self.most_spikes, longest) + params.n_neurons
        self.fired = [
            Spikes(np.zeros(room, np.int32), np.zeros(params.n_steps + 1, np.int64))
            for _ in self.targets
        ]
        shape = params.n_steps + params.n_delays, params.n_neurons
        self.x = np.zeros((min(AT_ONCE, params.n_patterns), *shape))

    def examine(self, threads: ThreadPoolExecutor, dropouts: list[Dropout]) -> _Scores:
        """Recall all patterns."""
        n_delays, n_steps = self.params.n_delays, self.params.n_steps
        counts = np.zeros((len(self.targets), 3, n_steps), np.int64)

        def score(m: int, x: np.ndarray) -> int:
            end = self._recall(m, x, dropouts[m])
            outcomes(self.fired[m], self.targets[m], n_delays, *counts[m])
            return end

        ends = [end for batch in self._batches() for end in threads.map(score, batch, self.x)]
        by_step = counts.sum(axis=0)
        right, wrong, missed = by_step.sum(axis=1)
        total = max(1, 2 * right + wrong + missed)
        edges = np.linspace(n_delays, n_steps, self.settings.n_bins + 1).round().astype(int)
        in_bins = np.diff(np.pad(by_step.cumsum(axis=1), ((0, 0), (1, 0)))[:, edges])
        return _Scores(
            float(1 - _f1(right, wrong, missed)),
            int(right + wrong),
            sum(end < n_steps for end in ends),
            _f1(*in_bins),
            (2 * right / total**2 - 2 / total, 2 * right / total**2),
        )

    def gradient(
        self, threads: ThreadPoolExecutor, dropouts: list[Dropout], costs: tuple[float, float]
    ) -> np.ndarray:
        """dL/dw, shape (n_synapses,); costs are those of the recalls with these dropouts.

        Patterns go back through time a few at once. Each part of the synapses is then summed by one
        thread, pattern after pattern: sums do not depend on the number of threads.
        """
        gradient = np.zeros_like(self.synapses.w)
        edges = np.linspace(0, self.params.n_neurons, N_PARTS + 1).astype(int)
        for batch in self._batches():

            def add(low: int, high: int, batch=batch) -> None:
                for m, x in zip(batch, self.x, strict=False):
                    part = low, high
                    collect(self.synapses, self.fired[m], dropouts[m], part, x, gradient)

            back = partial(self._go_back, dropouts=dropouts, costs=costs)
            deque(threads.map(back, batch, self.x), maxlen=0)
            deque(threads.map(add, edges[:-1], edges[1:]), maxlen=0)
        return gradient

    def _go_back(self, m: int, x: np.ndarray, dropouts, costs) -> None:
        """Put dL/dI of pattern m into x."""
        settings, n_delays = self.settings, self.params.n_delays
        end = self._recall(m, x, dropouts[m])
        x[end:] = 0
        differentiate(
            self.synapses,
            self.fired[m],
            self.targets[m],
            n_delays,
            end,
            self.params.beta,
            settings.slope,
            settings.widths,
            settings.through_reset,
            costs,
            dropouts[m],
            x,
        )

    def _recall(self, m: int, x: np.ndarray, dropout: Dropout) -> int:
        """Put the spikes of pattern m into `fired`, and its potentials into x; where it ends."""
        return recall(
            self.synapses,
            self.targets[m],
            self.params.n_delays,
            self.params.beta,
            self.most_spikes,
            dropout,
            self.fired[m],
            x[: self.params.n_steps],
        )

    def _batches(self) -> list[range]:
        """The patterns, as many at a time as there is room for."""
        n_patterns, size = self.params.n_patterns, len(self.x)
        return [range(m, min(m + size, n_patterns)) for m in range(0, n_patterns, size)]

    def draw_dropouts(self, rng: np.random.Generator) -> list[Dropout]:
        """One for each pattern."""
        keys = rng.integers(2**64, size=len(self.targets), dtype=np.uint64)
        return [Dropout(self.settings.dropout, key) for key in keys]

    def table(self, w: np.ndarray) -> DelayWeights:
        """These weights on the support."""
        n, n_delays = self.params.n_neurons, self.params.n_delays
        if self.settings.support == "full":
            return DelayWeights(w.reshape(n, n_delays, n))
        shape = n * n_delays, n
        return DelayWeights(csr_array((w, self.synapses.post, self.synapses.first), shape=shape))


class _AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), and its schedule."""

    def __init__(self, settings: SurrogateSettings, n_weights: int):
        self.settings = settings
        self.mean, self.square = np.zeros((2, n_weights))
        self.n_done = 0

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Change the weights in place."""
        rate = learning_rate(self.settings, self.n_done)
        self.n_done += 1
        first, second = self.settings.betas
        self.mean += (1 - first) * (gradient - self.mean)
        self.square += (1 - second) * (gradient**2 - self.square)
        unbiased = np.sqrt(self.square / (1 - second**self.n_done)) + EPSILON
        w *= 1 - rate * self.settings.weight_decay
        w -= rate / (1 - first**self.n_done) * self.mean / unbiased


def learning_rate(settings: SurrogateSettings, n_done: int) -> float:
    """That of the step after n_done: a linear rise, then half a cosine down to 0."""
    if n_done < settings.warm_up:
        return settings.rate * (n_done + 1) / settings.warm_up
    part = (n_done - settings.warm_up) / max(1, settings.n_epochs - settings.warm_up)
    return settings.rate * (1 + math.cos(math.pi * part)) / 2


def _f1(right, wrong, missed):
    total = 2 * right + wrong + missed
    return np.where(total > 0, 2 * right / np.maximum(total, 1), 1.0)


def _spikes(raster: Raster) -> Spikes:
    first = np.searchsorted(raster.step, np.arange(raster.n_steps + 1))
    return Spikes(raster.neuron.astype(np.int32), first)


def _start(
    patterns: Raster,
    params: DelayParameters,
    settings: SurrogateSettings,
    rng: np.random.Generator,
) -> Synapses:
    n, n_rows = params.n_neurons, params.n_neurons * params.n_delays
    hebbian = correlate(patterns, replace(params, gain=1.0), kernel=(1.0,)).table
    if settings.support == "full":
        post, first = np.tile(np.arange(n, dtype=np.int32), n_rows), np.arange(n_rows + 1) * n
    else:
        post, first = hebbian.indices.astype(np.int32), hebbian.indptr.astype(np.int64)
    n_active = n_rows * params.firing_prob
    if settings.start == "random_positive":
        w = rng.uniform(0, 2 * settings.scale / n_active, len(post))
    elif settings.start == "random":
        sd = settings.scale * math.sqrt((1 - params.beta**2) / n_active)
        w = rng.normal(0, sd, len(post))
    else:
        w = settings.scale * (
            hebbian.toarray().ravel() if settings.support == "full" else hebbian.data
        )
    return Synapses(w, post, first)
