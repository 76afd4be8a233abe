"""The F1 loss of free recall and its surrogate gradient, over all patterns, in threads."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from brianmem.delay.learning.surrogate_kernels import (
    Dropout,
    Spikes,
    Synapses,
    collect,
    differentiate,
    outcomes,
    recall,
)
from brianmem.delay.learning.surrogate_settings import SurrogateSettings
from brianmem.delay.parameters import DelayParameters
from brianmem.raster import Raster

NO_DROPOUT = Dropout(0.0, np.uint64(0))
# Patterns that are kept in memory at a time, and parts of the synapses that a thread sums at once.
AT_ONCE, N_PARTS = 8, 16


@dataclass(frozen=True)
class Scores:
    """How well the patterns are recalled.

    Attributes
    ----------
    loss : 1 - F1
    n_spikes : all after the cue
    n_stopped : patterns whose recall was stopped for its many spikes
    along_time : F1 in windows of equal length from D to T, shape (n_bins,)
    costs : dL/ds of a spike that is wanted, and of one that is not
    """

    loss: float
    n_spikes: int
    n_stopped: int
    along_time: np.ndarray
    costs: tuple[float, float]


class FreeRecall:
    """The recalls of all patterns by synapses whose weights change, with room for a few at a time.

    `dropouts` are one for each pattern; None for no dropout.
    """

    def __init__(
        self,
        patterns: Raster,
        synapses: Synapses,
        params: DelayParameters,
        settings: SurrogateSettings,
    ):
        self.synapses, self.params, self.settings = synapses, params, settings
        self.targets = [_spikes(patterns.select(m)) for m in range(params.n_patterns)]
        self.most_spikes = int(settings.most_spikes * len(patterns) / params.n_patterns)
        longest = max(len(target.neuron) for target in self.targets)
        room = max(self.most_spikes, longest) + params.n_neurons
        self.fired = [
            Spikes(np.zeros(room, np.int32), np.zeros(params.n_steps + 1, np.int64))
            for _ in self.targets
        ]
        shape = params.n_steps + params.n_delays, params.n_neurons
        self.x = np.zeros((min(AT_ONCE, params.n_patterns), *shape))

    def draw_dropouts(self, rng: np.random.Generator) -> list[Dropout]:
        """One for each pattern."""
        keys = rng.integers(2**64, size=len(self.targets), dtype=np.uint64)
        return [Dropout(self.settings.dropout, key) for key in keys]

    def scores(self, threads: ThreadPoolExecutor, dropouts: list[Dropout] | None = None) -> Scores:
        """Recall all patterns."""
        n_delays, n_steps = self.params.n_delays, self.params.n_steps
        counts = np.zeros((len(self.targets), 3, n_steps), np.int64)
        score = partial(self._score, dropouts=dropouts, counts=counts)
        ends = [end for batch in self._batches() for end in threads.map(score, batch, self.x)]
        by_step = counts.sum(axis=0)
        right, wrong, missed = by_step.sum(axis=1)
        total = max(1, 2 * right + wrong + missed)
        edges = np.linspace(n_delays, n_steps, self.settings.n_bins + 1).round().astype(int)
        in_bins = np.diff(np.pad(by_step.cumsum(axis=1), ((0, 0), (1, 0)))[:, edges])
        return Scores(
            loss=float(1 - _f1(right, wrong, missed)),
            n_spikes=int(right + wrong),
            n_stopped=sum(end < n_steps for end in ends),
            along_time=_f1(*in_bins),
            costs=(2 * right / total**2 - 2 / total, 2 * right / total**2),
        )

    def gradient(
        self,
        threads: ThreadPoolExecutor,
        costs: tuple[float, float],
        dropouts: list[Dropout] | None = None,
    ) -> np.ndarray:
        """dL/dw, shape (n_synapses,); costs are those of the recalls with these dropouts.

        Patterns go back through time a few at once. Each part of the synapses is then summed by one
        thread, pattern after pattern: sums do not depend on the number of threads.
        """
        gradient = np.zeros_like(self.synapses.w)
        edges = np.linspace(0, self.params.n_neurons, N_PARTS + 1).astype(int)
        for batch in self._batches():
            back = partial(self._go_back, dropouts=dropouts, costs=costs)
            add = partial(self._add, batch=batch, dropouts=dropouts, gradient=gradient)
            # Lists wait for all, and raise what a thread has raised.
            list(threads.map(back, batch, self.x))
            list(threads.map(add, edges[:-1], edges[1:]))
        return gradient

    def _score(self, m: int, x: np.ndarray, dropouts, counts: np.ndarray) -> int:
        """Count right, wrong and missed spikes of pattern m; where its recall ends."""
        end = self._recall(m, x, dropouts)
        outcomes(self.fired[m], self.targets[m], self.params.n_delays, *counts[m])
        return end

    def _go_back(self, m: int, x: np.ndarray, dropouts, costs) -> None:
        """Put dL/dI of pattern m into x, from potentials that there was no room to keep."""
        end = self._recall(m, x, dropouts)
        x[end:] = 0
        differentiate(
            self.synapses,
            self.fired[m],
            self.targets[m],
            self.params.n_delays,
            end,
            self.params.beta,
            self.settings.slope,
            self.settings.widths,
            self.settings.through_reset,
            costs,
            _of_pattern(dropouts, m),
            x,
        )

    def _add(self, low: int, high: int, batch: range, dropouts, gradient: np.ndarray) -> None:
        """Add what a batch has for the synapses from neurons low to high - 1."""
        for m, x in zip(batch, self.x, strict=False):  # the last batch may be smaller
            dropout = _of_pattern(dropouts, m)
            collect(self.synapses, self.fired[m], dropout, (low, high), x, gradient)

    def _recall(self, m: int, x: np.ndarray, dropouts) -> int:
        """Put the spikes of pattern m into `fired`, and its potentials into x; where it ends."""
        return recall(
            self.synapses,
            self.targets[m],
            self.params.n_delays,
            self.params.beta,
            self.most_spikes,
            _of_pattern(dropouts, m),
            self.fired[m],
            x[: self.params.n_steps],
        )

    def _batches(self) -> list[range]:
        """The patterns, as many at a time as there is room for."""
        n_patterns, size = self.params.n_patterns, len(self.x)
        return [range(m, min(m + size, n_patterns)) for m in range(0, n_patterns, size)]


def _of_pattern(dropouts: list[Dropout] | None, m: int) -> Dropout:
    return NO_DROPOUT if dropouts is None else dropouts[m]


def _spikes(raster: Raster) -> Spikes:
    first = np.searchsorted(raster.step, np.arange(raster.n_steps + 1))
    return Spikes(raster.neuron.astype(np.int32), first)


def _f1(right, wrong, missed):
    total = 2 * right + wrong + missed
    return np.where(total > 0, 2 * right / np.maximum(total, 1), 1.0)
