import numpy as np
import pytest

from analysis.differences import DIFFERENCES
from brianmem import schemas, tables
from tests.analysis.folder import DIGITS, MAIN, RECALL, write
from tests.analysis.rows import lowrank, shares

BY_TITLE = {one.title: one for one in DIFFERENCES}


def measured(words, folder):
    """The values of the one statement whose title has these words."""
    [one] = [one for title, one in BY_TITLE.items() if words in title]
    return one.measure(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    write(folder)
    return folder


def test_every_statement_has_a_title_of_its_own_and_a_reason():
    assert len(BY_TITLE) == len(DIFFERENCES)
    for one in DIFFERENCES:
        assert one.title[-1] != "." and one.why.endswith(".")


def test_tables_that_are_missing_or_empty_measure_nothing(tmp_path):
    empty = tables.make_folder(tmp_path / "empty")
    write(empty, {schema: table[:0] for schema, table in MAIN.items()})
    for folder in (tmp_path, empty):
        assert [one.measure(folder) for one in DIFFERENCES if one.measure(folder)] == []


def test_the_clock(folder):
    found = measured("clock", folder)
    first, error = found.values()
    assert first.value == 2 and error.value == pytest.approx(0.1)


def test_both_readings_of_the_pseudo_inverse(folder):
    found = measured("pseudo-inverse", folder)
    assert all("pseudo_inverse" in name for name in found)
    assert any("half are recalled" in name for name in found)


def test_networks_that_fail_and_whether_they_could_not_but(tmp_path):
    rows = [row | {"residual": float(row["network_seed"] == 2)} for row in RECALL]
    write(tmp_path, {schemas.LOWRANK_RECALL: lowrank(rows, schemas.LOWRANK_RECALL)})
    values = [interval.value for interval in measured("small network", tmp_path).values()]
    assert values == [3, 1, 1]


def test_the_overlap_around_as_many_patterns_as_latents(tmp_path, folder):
    assert measured("steadily", folder) is None  # no load is 0.5
    rows = shares("n_patterns", {30: 4, 40: 4, 50: 0, 60: 2, 70: 1}, 4, (0, 1))
    write(tmp_path, {schemas.LOWRANK_CAPACITY: lowrank(rows)})
    found = measured("steadily", tmp_path)
    assert [name.split(":")[0] for name in found] == [
        f"optimised, N = 100, load {load}" for load in (0.4, 0.5, 0.6)
    ]
    np.testing.assert_allclose([i.value for i in found.values()], [1, 0.5, 0.75])


def test_random_vertices_near_as_many_patterns_as_latents(tmp_path):
    """At the load below p = K where they stay nearest: .45, where two of four are kept."""
    loads = {30: 0, 45: 2, 50: 4}
    rows = [
        *shares("n_patterns", {30: 4, 45: 3, 50: 0}, 4, (0, 1)),
        *shares("n_patterns", loads, 4, (0, 1), start="random"),
        *shares("n_patterns", {45: 4}, 4, (0, 1), start="random", rule="pseudo_inverse"),
    ]
    write(tmp_path, {schemas.LOWRANK_CAPACITY: lowrank(rows)})
    found = measured("hardly tells", tmp_path)
    assert {name.split(":")[0] for name in found} == {"optimised, N = 100, load 0.45"}
    # An overlap of 1 where one stays, else 0.5.
    np.testing.assert_allclose([i.value for i in found.values()], [0.875, 0.75, 0.75, 0.5])
    write(tmp_path, {schemas.LOWRANK_CAPACITY: lowrank(rows[:24])})
    assert measured("hardly tells", tmp_path) is None  # without a control


def test_the_size_of_the_largest_network(tmp_path, folder):
    assert [i.value for i in measured("smaller", folder).values()] == [200]
    write(tmp_path, {schemas.LOWRANK_CAPACITY: lowrank([{"n_neurons": 1600}])})
    assert measured("smaller", tmp_path) is None


def test_digits_of_the_paper_are_no_difference(tmp_path, folder):
    assert [i.value for i in measured("digits", folder).values()] == [10]
    images = [row | {"dataset": "train-images-idx3-ubyte"} for row in DIGITS]
    write(tmp_path, {schemas.LOWRANK_DIGITS: lowrank(images, schemas.LOWRANK_DIGITS)})
    assert measured("digits", tmp_path) is None


def test_f1_before_training(folder):
    found = measured("another derivative", folder)
    assert found["hebbian: F1, least"].value == pytest.approx(14 / 17)
    assert found["deconvolved: F1, mean over 3 networks"].value > 0.9


def test_the_printed_factor(folder):
    used, printed = measured("printed factor", folder).values()
    assert used.value == pytest.approx(0.4) and printed.value == pytest.approx(0.4 / 16)


def test_bits_that_are_drawn_anew_and_bits_that_are_inverted(folder):
    found = measured("flipped bits", folder)
    assert {name: interval.value for name, interval in found.items()} == pytest.approx(
        {
            "hebbian, resampled 0.25: F1, mean": 0.4,
            "margin, resampled 0.25: F1, mean": 1.0,
            "hebbian, flipped 0.001: F1, mean": 0.4,
            "margin, flipped 0.001: F1, mean": 0.4,
        }
    )


def test_capacities_of_delay_networks(folder):
    values = [interval.value for interval in measured("capacity of the delay", folder).values()]
    assert values == pytest.approx([64, 2601.5, 512**2 * 41 / 959], rel=1e-3)
