"""The grids of lowrank.capacity: which networks, and how many of their patterns, are tried.

Blocks that answer a question of their own, as the scan of gamma, have network seeds of their own.
Blocks of more loads have those of the block that they go on with: the curve of a network is one.
"""

READINGS = (
    "pseudo_inverse",
    "pseudo_inverse_zeroed",
    "pseudo_inverse_rescaled",
    "pseudo_inverse_neural",
)
LOADS = (0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.425, 0.45, 0.475, 0.4875, 0.5, 0.525)
LOADS += (0.55, 0.6)
GAMMAS = tuple(round(0.2 + 0.1 * n, 1) for n in range(21))
BELOW_FULL_RANK = 8  # patterns


def near_full_rank(block: dict, *sizes: int) -> tuple[dict, ...]:
    """Blocks with K - 8 to K patterns, one apart, for each size.

    There the optimised rule loses its patterns, at all sizes between two of the other loads.
    """
    return tuple(
        block
        | {"rule": ("optimised",), "n_neurons": (n,)}
        | {"load": tuple(p / n for p in range(n // 2 - BELOW_FULL_RANK, n // 2 + 1))}
        for n in sizes
    )


SMOKE = {
    "network_seed": tuple(range(5)),
    "rule": ("hebbian", "pseudo_inverse", "pseudo_inverse_zeroed", "optimised"),
    "n_neurons": (100, 200),
    "load": (0.05, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55),
    "correlation": (0.0,),
    "kappa": (2.0,),
    "duration": (20.0,),
    "gamma": (None,),
    "n_tested": (20,),
    "n_controls": (5,),
    "n_flips": (1, 2, 3),
}
# gamma is scanned in networks of their own: none of the patterns that are scored had a say in it.
SMOKE_SCAN = SMOKE | {
    "network_seed": tuple(range(1000, 1003)),
    "rule": ("pseudo_inverse", "pseudo_inverse_zeroed", "optimised"),
    "n_neurons": (200,),
    "load": (0.05, 0.2, 0.3, 0.4, 0.45),
    "gamma": (None, *GAMMAS[::2]),
    "n_tested": (5,),
    "n_controls": (1,),
    "n_flips": (1,),
}
SMOKE_CORRELATED = SMOKE | {
    "network_seed": tuple(range(2000, 2003)),
    "rule": ("pseudo_inverse", "optimised", "extended"),
    "n_neurons": (200,),
    "load": (0.1, 0.25, 0.4),
    "correlation": (0.0, 0.2, 0.4, 0.6, 0.8),
    "n_tested": (10,),
}
SMOKE_READINGS = SMOKE | {
    "network_seed": tuple(range(100, 103)),
    "rule": (*READINGS, "optimised"),
    "n_neurons": (100,),
    "kappa": (1.0, 2.0, 5.0),
    "n_tested": (10,),
}
SMALL = (
    SMOKE,
    SMOKE_SCAN,
    SMOKE_READINGS,
    SMOKE_CORRELATED,
    *near_full_rank(SMOKE, *SMOKE["n_neurons"]),
)

# Figs. 4b and 4c. Intervals are over networks: more patterns of each would hardly narrow them.
SIZES = SMOKE | {
    "network_seed": tuple(range(10)),
    "rule": ("optimised",),
    "n_neurons": (400, 800),
    "load": LOADS,
    "n_tested": (100,),
    "n_controls": (10,),
}
LARGEST = SIZES | {"n_neurons": (1600,), "n_tested": (50,), "n_controls": (5,)}
# With the own axis zeroed nothing is stored from p = K on.
ZEROED = {"rule": ("pseudo_inverse_zeroed",), "load": tuple(p for p in LOADS if p < 0.5)}
ZEROED_SIZES, ZEROED_LARGEST = SIZES | ZEROED, LARGEST | ZEROED
SCAN = SMOKE_SCAN | {
    "network_seed": tuple(range(1000, 1005)),
    "n_neurons": (400, 800),
    "load": (0.05, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.475),
    "gamma": (None, *GAMMAS),
}
SCAN_LARGEST = SCAN | {
    "network_seed": tuple(range(1000, 1003)),
    "n_neurons": (1600,),
    "load": (0.05, 0.2, 0.3, 0.35, 0.4, 0.45),
    "gamma": (None, *GAMMAS[::2]),
}
HEBBIAN = SIZES | {"rule": ("hebbian",), "n_neurons": (400,), "n_tested": (50,)}
PRINTED = HEBBIAN | {
    "rule": ("pseudo_inverse",),
    "n_neurons": (800, 1600),
    "load": (0.1, 0.2, 0.3, 0.4, 0.45, 0.475, 0.5, 0.55),
    "n_tested": (20,),
}
KAPPAS = SIZES | {
    "network_seed": tuple(range(100, 105)),
    "rule": (*READINGS, "optimised"),
    "n_neurons": (400,),
    "kappa": (1.0, 2.0, 5.0),
    "n_tested": (50,),
}
KAPPAS_LARGER = KAPPAS | {
    "network_seed": tuple(range(5)),
    "rule": ("pseudo_inverse_zeroed", "optimised"),
    "n_neurons": (800, 1600),
    "kappa": (1.0, 5.0),
    "load": (0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.475, 0.4875),
    "n_tested": (20,),
    "n_controls": (5,),
}
EXTENDED = SIZES | {
    "network_seed": tuple(range(5)),
    "rule": ("regularised", "extended", "extended_noise"),
    "n_neurons": (400,),
    "load": (0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8),
    "n_tested": (50,),
}
SCALING = SIZES | {
    "network_seed": tuple(range(3)),
    "n_neurons": (3200,),
    "load": (0.3, 0.4, 0.45, 0.475, 0.4875, 0.5),
    "n_tested": (10,),
    "n_controls": (3,),
}
SCALING_ZEROED = SCALING | ZEROED | {"load": (0.3, 0.35, 0.4, 0.45, 0.475)}
SCALING_LARGEST = SCALING | {"network_seed": (0, 1), "n_neurons": (6400,)}
SCALING_LARGEST_ZEROED = SCALING_LARGEST | ZEROED | {"load": (0.3, 0.4, 0.45, 0.475)}
CORRELATED = SMOKE_CORRELATED | {
    "network_seed": tuple(range(2000, 2010)),
    "rule": ("pseudo_inverse", "pseudo_inverse_zeroed", "optimised", "regularised", "extended"),
    "n_neurons": (400,),
}
PAPER = (
    SIZES,
    LARGEST,
    ZEROED_SIZES,
    ZEROED_LARGEST,
    SCAN,
    SCAN_LARGEST,
    HEBBIAN,
    PRINTED,
    KAPPAS,
    KAPPAS_LARGER,
    EXTENDED,
    SCALING,
    SCALING_ZEROED,
    SCALING_LARGEST,
    SCALING_LARGEST_ZEROED,
    CORRELATED,
    *near_full_rank(SIZES, 400, 800),
    *near_full_rank(LARGEST, 1600),
)
