import numpy as np

from analysis.gamma import best_gamma
from analysis.theory import gamma_window
from tests.analysis.rows import lowrank


def found(overlaps, seeds=range(4), **others):
    """The best of gammas with given overlaps; networks deviate from them by 0.01."""
    changes = [
        {"gamma_chosen": False}
        | others
        | {"gamma": gamma, "network_seed": seed, "overlap": overlap + 0.01 * (-1) ** seed}
        for gamma, overlap in overlaps.items()
        for seed in seeds
    ]
    return best_gamma(lowrank(changes))


def test_the_best_gamma_and_those_around_it_that_are_as_good():
    # 1.1 is far below, and so what lies beyond it does not belong to the range.
    [row] = found({1.0: 0.96, 1.1: 0.5, 1.2: 0.96, 1.3: 0.965, 1.4: 0.956, 1.5: 0.9}).to_dict(
        "records"
    )
    assert (row["gamma"], row["gamma_low"], row["gamma_high"]) == (1.3, 1.2, 1.4)
    assert (row["n_gammas"], row["n_networks"]) == (6, 4)
    np.testing.assert_allclose(row["overlap"], 0.965)
    assert 0.955 <= row["overlap_low"] < 0.965 < row["overlap_high"] <= 0.975


def test_the_best_at_the_end_of_the_grid():
    [row] = found({1.0: 0.5, 1.1: 0.9}).to_dict("records")
    assert (row["gamma"], row["gamma_low"], row["gamma_high"]) == (1.1, 1.1, 1.1)


def test_one_network_has_no_interval():
    [row] = found({1.0: 0.5, 1.1: 0.9}, seeds=[0]).to_dict("records")
    assert row["gamma"] == 1.1
    assert np.isnan([row["overlap_low"], row["overlap_high"]]).all()


def test_what_the_rule_chooses_in_the_same_networks_and_theory():
    scan = [
        {"gamma_chosen": gamma == 1.41, "gamma": gamma, "network_seed": seed, "overlap": overlap}
        for gamma, overlap in ((1.2, 0.9), (1.6, 0.99), (1.41, 0.98))
        for seed in (5, 6)
    ]
    other = {"gamma_chosen": True, "gamma": 9.0, "network_seed": 0, "overlap": 0.1}
    [row] = best_gamma(lowrank([*scan, other])).to_dict("records")
    assert (row["gamma"], row["overlap"], row["n_networks"]) == (1.6, 0.99, 2)
    np.testing.assert_allclose([row["chosen"], row["overlap_chosen"]], [1.41, 0.98])
    assert (row["window_low"], row["window_high"]) == (1, 2)


def test_windows_of_theory():
    for load, expected in ((0.1, (0.8, 1.6)), (0.5, (0, 0)), (0.6, (0, 0))):
        np.testing.assert_allclose(gamma_window("pseudo_inverse_zeroed", load), expected)
    np.testing.assert_allclose(gamma_window("pseudo_inverse", 0.25), (0.5, 1.5))
    assert gamma_window("hebbian", 0.1) is None


def test_chosen_gammas_damaged_starts_and_random_vertices_do_not_count():
    assert not len(found({1.0: 0.9}, gamma_chosen=True))
    assert not len(found({1.0: 0.9}, flip_fraction=0.1))
    assert not len(found({1.0: 0.9}, start="random"))
