"""Lines from theory that measured capacities and self-connections are compared with."""

from scipy.optimize import brentq
from scipy.stats import norm

# Loads p/N; N = 2K neurons stand for K latents.
#
# Podlaski & Machens (2024), Sec. 2.2.2: D has N elements in each row and p equations to meet.
COUNTING_BOUND = 1.0
# Their App. B.1 leaves the elements of a neuron's own axis out. What is left of the neural patterns
# has rank K, so that p = K patterns are the most whose equations can all be met.
RANK_BOUND = 0.5
# Hopfield's rule in a network of K binary units, .138 K patterns (Amit, Gutfreund & Sompolinsky
# 1985): fixed points with 1.6 % errors, where signs alone count.
HOPFIELD = 0.138 / 2
# The most patterns of which K perceptrons with K inputs get all signs right, 2 K (Gardner 1988):
# inequalities instead of equations.
GARDNER = 1.0


def gamma_window(rule: str, load: float) -> tuple[float, float] | None:
    """The self-connections between which a rule's patterns are stable; None if there is no theory.

    From its lower edge on, the faces of the active neurons hold their vertex; up to the upper edge,
    those of their antagonists stay below threshold. The gain q that an axis gets from the others is
    1 - p/K for the pseudo-inverse and 1 for rules that meet D eta = xi without own-axis elements.
    """
    q = max(0.0, 1 - 2 * load)
    windows = {
        "pseudo_inverse": (q, 1 + q),
        "pseudo_inverse_neural": (q, 1 + q),
        "pseudo_inverse_zeroed": (q, 2 * q),
        "pseudo_inverse_rescaled": (1.0, 2.0),
        "optimised": (1.0, 2.0),
    }
    return windows.get(rule)


def perceptron_capacity(firing_prob: float) -> float:
    """Patterns per input of a perceptron that has to fire in this part of them; 2 at one half.

    1 / alpha = f E[(z + x)+^2] + (1 - f) E[(z - x)+^2], with x such that f E[(z + x)+] equals
    (1 - f) E[(z - x)+], for normal z: Gardner (1988), for outputs of unequal frequency.
    """
    f = firing_prob

    def first(x):
        return norm.pdf(x) + x * norm.cdf(x)

    def second(x):
        return (1 + x * x) * norm.cdf(x) + x * norm.pdf(x)

    x = brentq(lambda x: f * first(x) - (1 - f) * first(-x), -1, 40)
    return 1 / (f * second(x) + (1 - f) * second(-x))


def delay_capacity(n_neurons: int, n_delays: int, n_steps: int, firing_prob: float) -> float:
    """Patterns that a delay network can hold: every neuron a perceptron with N D inputs.

    Each of the T - D steps after the cue is one thing to get right.
    """
    return perceptron_capacity(firing_prob) * n_neurons * n_delays / (n_steps - n_delays)
