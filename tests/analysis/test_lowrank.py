import pytest

from analysis.lowrank import shares_recalling_all, usable_sets
from analysis.statistics import share_interval
from brianmem import schemas
from tests.analysis.rows import lowrank


def of_networks(recalled, correlations, **others):
    """Two trials of each network, of which the second is recalled or not."""
    return [
        {"network_seed": seed, "pattern": k, "overlap": 1.0 if k == 0 or right else 0.5}
        | {"pattern_correlation": correlation}
        | others
        for seed, (right, correlation) in enumerate(zip(recalled, correlations, strict=True))
        for k in range(2)
    ]


def table(rows):
    return lowrank(rows, schemas.LOWRANK_RECALL)


MIXED = of_networks([True, True, False, False], [0.6, 0.4, 0.8, 1.0])


def test_sets_with_patterns_that_differ_in_one_of_ten_elements_are_not_usable():
    assert set(usable_sets(table(MIXED))["network_seed"]) == {0, 1}


def test_shares_of_all_and_of_usable_sets():
    damaged = of_networks([False] * 4, [0.6, 0.4, 0.8, 1.0], flip_fraction=0.1)
    random = of_networks([False] * 4, [0.6, 0.4, 0.8, 1.0], start="random")
    found = shares_recalling_all(table([*MIXED, *damaged, *random]), ["rule"]).set_index("sets")
    assert found["n_networks"].to_dict() == {"all": 4, "usable": 2}
    assert found["all_recalled"].to_dict() == {"all": 0.5, "usable": 1.0}
    expected = share_interval([True, True])
    limits = found.loc["usable", ["all_recalled_low", "all_recalled_high"]]
    assert limits.tolist() == pytest.approx([expected.low, expected.high])
    assert expected.low < 0.5


def test_shares_by_the_keys():
    other = [row | {"kappa": 1.0, "overlap": 0.5} for row in MIXED]
    found = shares_recalling_all(table([*MIXED, *other]), ["rule", "kappa"])
    shares = found.set_index(["sets", "kappa"])["all_recalled"]
    assert shares["all", 5.0] == 0.5 and shares["all", 1.0] == 0
    assert shares["usable", 5.0] == 1 and shares["usable", 1.0] == 0


def test_without_a_usable_set_there_is_no_share_of_them():
    found = shares_recalling_all(table(of_networks([True], [0.8])), ["rule"])
    assert found["sets"].tolist() == ["all"]
    assert not len(shares_recalling_all(table([]), ["rule"]))
