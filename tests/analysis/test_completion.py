import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.completion import completion
from brianmem import schemas
from tests.analysis.rows import basins, lowrank


def found(changes, measure="overlap", **options):
    table = completion(lowrank(changes, schemas.LOWRANK_COMPLETION), **options)
    return table[table["measure"] == measure].reset_index(drop=True)


def test_what_nine_of_ten_patterns_complete():
    limits = [0.05, 0.1, 0.1, 0.2, 0.2, 0.2, 0.2, 0.3, 0.3, 0.3]
    [row] = found(basins(limits, seeds=(0, 1, 2))).to_dict("records")
    assert row["completed"] == 0.1 and row["recalled"] == 1
    # All networks are alike.
    assert (row["completed_low"], row["completed_high"]) == (0.1, 0.1)
    assert (row["n_networks"], row["n_trials"], row["criterion"]) == (3, 30, 0.9)
    assert found(basins(limits), criterion=0.5)["completed"][0] == 0.2
    assert found(basins(limits), criterion=0.95)["completed"][0] == 0.05


def test_networks_that_differ_give_an_interval():
    changes = [row for seed in range(6) for row in basins([0.1 + 0.02 * seed] * 5, (seed,))]
    [row] = found(changes).to_dict("records")
    assert row["completed"] == 0.1
    assert row["completed_low"] == 0.1 < row["completed_high"] <= 0.2


def test_one_network_has_no_interval():
    [row] = found(basins([0.1, 0.2])).to_dict("records")
    assert row["completed"] == 0.1
    assert np.isnan([row["completed_low"], row["completed_high"]]).all()


def test_patterns_that_are_not_even_recalled_undamaged():
    [row] = found(basins([None] * 2 + [0.2] * 8, seeds=(0, 1))).to_dict("records")
    assert np.isnan(row["completed"]) and row["recalled"] == 0.8
    [row] = found(basins([None] + [0.2] * 9, seeds=(0, 1))).to_dict("records")
    assert row["completed"] == 0.2 and row["recalled"] == 0.9


def test_the_measures_have_their_own_rows():
    changes = [row | {"completed_exactly": 0.1} for row in basins([0.3] * 4)]
    assert found(changes)["completed"][0] == 0.3
    assert found(changes, "all_signs")["completed"][0] == 0.1


def test_each_load_has_its_own_row_and_random_vertices_are_a_control():
    table = found(
        [
            *basins([0.2] * 4, n_patterns=10),
            *basins([0.1] * 4, n_patterns=20),
            *basins([None, None, None, 0.1], n_patterns=20, start="random"),
        ]
    )
    assert table["load"].tolist() == [0.1, 0.2]
    assert table["completed"].tolist() == [0.2, 0.1]
    np.testing.assert_equal(table["random_kept"].to_numpy(), [np.nan, 0.25])


@given(
    st.lists(st.none() | st.floats(0, 0.5), min_size=1, max_size=20),
    st.sampled_from([0.5, 0.9, 0.99]),
)
def test_the_criterions_share_completes_the_value_and_no_larger_one(limits, criterion):
    [row] = found(basins(limits), criterion=criterion).to_dict("records")
    parts = np.array([-1 if limit is None else limit for limit in limits])
    value = -1 if np.isnan(row["completed"]) else row["completed"]
    assert np.mean(parts >= value) >= criterion - 1e-9
    assert value == parts.max() or np.mean(parts > value) < criterion + 1e-9
    assert value in parts


def test_a_share_that_is_none_is_refused():
    with pytest.raises(Exception, match="must lie between 0 and 1, not at 1"):
        found(basins([0.1]), criterion=1.0)
