import numpy as np
import pytest

from brianmem import schemas
from brianmem.errors import InputError
from figures import lowrank_digits_load
from tests.analysis.folder import write
from tests.analysis.rows import lowrank, shares

A_PIXEL_WRONG = {"n_neurons": 1568, "signs_correct": 783 / 784}
SHARES = {
    ("optimised", 10): {0.1: 4, 0.2: 4},
    ("optimised", 100): {0.1: 4, 0.2: 1},
    ("extended", 10): {0.1: 4, 0.2: 3},
    ("extended", 100): {0.1: 2, 0.2: 0},
    ("hebbian", 10): {0.1: 0, 0.2: 0},
}
ROWS = [
    row | A_PIXEL_WRONG
    for (rule, n), successes in SHARES.items()
    for row in shares("flip_fraction", successes, 4, (0, 1), rule=rule, n_patterns=n)
]


@pytest.fixture
def tables(tmp_path):
    write(tmp_path, {schemas.LOWRANK_DIGITS: lowrank(ROWS, schemas.LOWRANK_DIGITS)})
    return tmp_path


def test_the_numbers(tables):
    found = lowrank_digits_load.numbers(tables)
    by_load = found["completed_digits_by_load"]
    assert set(by_load["rule"]) == {"optimised", "extended"}  # the Hebbian stores ten digits only
    shares_found = by_load.set_index(["rule", "n_patterns", "flip_fraction"])["completed"]
    assert shares_found["optimised", 100, 0.2] == 0.25
    assert (by_load["n_networks"] == 2).all() and (by_load["completed_exactly"] == 0).all()
    most = found["most_digits"].set_index(["rule", "flip_fraction"])["most_digits"]
    assert most["optimised", 0.1] == 100 and most["optimised", 0.2] == 10
    assert most["extended", 0.1] == 10 and np.isnan(most["extended", 0.2])


def test_a_panel_for_each_rule_and_a_line_for_each_number_of_digits(tables):
    figure = lowrank_digits_load.draw(tables)
    assert [ax.get_title() for ax in figure.axes] == [
        "optimised",
        "antagonists inhibit\neach other",
    ]
    assert figure.axes[0].get_ylabel() == "share of digits completed"
    solid = [line for line in figure.axes[0].get_lines() if line.get_linestyle() == "-"]
    curves = [line.get_xydata().tolist() for line in solid]
    assert curves == [[[0.1, 1], [0.2, 1]], [[0.1, 1], [0.2, 0.25]]]
    dotted = [line for line in figure.axes[0].get_lines() if line.get_linestyle() == ":"]
    assert all((line.get_ydata() == 0).all() for line in dotted) and len(dotted) == 2
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["10 digits", "100 digits", "every\npixel right"]
    assert "2 networks, N = 1568, kappa = 5" in figure.get_suptitle()


def test_ten_digits_alone_are_drawn_for_every_rule(tmp_path):
    ten = [row for row in ROWS if row["n_patterns"] == 10]
    write(tmp_path, {schemas.LOWRANK_DIGITS: lowrank(ten, schemas.LOWRANK_DIGITS)})
    assert len(lowrank_digits_load.draw(tmp_path).axes) == 3


def test_nothing_to_draw(tmp_path):
    write(tmp_path, {schemas.LOWRANK_DIGITS: lowrank([], schemas.LOWRANK_DIGITS)})
    with pytest.raises(InputError, match="the tables have no digits"):
        lowrank_digits_load.draw(tmp_path)
