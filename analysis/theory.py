"""Lines from theory that measured capacities and self-connections are compared with."""

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
