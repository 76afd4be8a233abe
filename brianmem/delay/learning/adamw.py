"""AdamW, the optimiser of the surrogate-gradient rule, and the schedule of its learning rate."""

import math

import numpy as np

from brianmem.delay.learning.surrogate_settings import SurrogateSettings

EPSILON = 1e-8  # of Adam, in a denominator
AT_ONCE = 2**14  # weights: what is computed of them fits into a cache


class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), and its schedule."""

    def __init__(self, settings: SurrogateSettings, n_weights: int):
        self.settings = settings
        self.mean, self.square = np.zeros((2, n_weights))
        self.n_done = 0

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Change the weights in place; both have shape (n_weights,)."""
        rate = learning_rate(self.settings, self.n_done)
        self.n_done += 1
        for begin in range(0, len(w), AT_ONCE):
            some = slice(begin, begin + AT_ONCE)
            self._step(w[some], gradient[some], self.mean[some], self.square[some], rate)

    def _step(self, w, gradient, mean, square, rate: float) -> None:
        first, second = self.settings.betas
        mean += (1 - first) * (gradient - mean)
        square += (1 - second) * (gradient**2 - square)
        unbiased = np.sqrt(square / (1 - second**self.n_done)) + EPSILON
        w *= 1 - rate * self.settings.weight_decay
        w -= rate / (1 - first**self.n_done) * mean / unbiased


def learning_rate(settings: SurrogateSettings, n_done: int) -> float:
    """That of the step after n_done: a linear rise, then half a cosine down to 0."""
    if n_done < settings.warm_up:
        return settings.rate * (n_done + 1) / settings.warm_up
    part = (n_done - settings.warm_up) / max(1, settings.n_epochs - settings.warm_up)
    return settings.rate * (1 + math.cos(math.pi * part)) / 2
