import numpy as np
import pytest

from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_digits
from tests.analysis.folder import write
from tests.analysis.rows import TRIAL, lowrank

DIGITS = (0, 1)
FLIPS = (0.1, 0.15)


def trial(rule, digit, flips, n_patterns=10):
    return {"rule": rule, "digit": digit, "pattern": digit, "flip_fraction": flips} | {
        "n_neurons": 1568,
        "n_patterns": n_patterns,
        "overlap": 0.5 + flips if rule == "hebbian" else 1.0,
    }


TRIALS = [trial(rule, k, f) for rule in ("hebbian", "optimised") for f in FLIPS for k in DIGITS]
MORE = [trial("optimised", k, f, 100) | {"overlap": 0.0} for f in FLIPS for k in DIGITS]


def image_rows():
    """Two pixels of each image: the first is right, the second recalled by the optimised rule."""
    for row in TRIALS:
        for stage, time in (("cue", 0.0), ("recall", 1.0), ("recall", 20.0), ("target", 0.0)):
            right = stage == "target" or (row["rule"] == "optimised" and stage == "recall")
            for column, value in ((0, 1.0), (1, 1.0 if right else -1.0)):
                if row["flip_fraction"] == 0.15:
                    pixel = {"row": 0, "column": column, "value": value}
                    yield TRIAL | row | {"load": 0.01, "stage": stage, "time": time} | pixel


@pytest.fixture
def made(tmp_path):
    images = tables.from_rows(schemas.LOWRANK_DIGITS_IMAGES, list(image_rows()))
    digits = lowrank(MORE + TRIALS, schemas.LOWRANK_DIGITS)
    write(tmp_path, {schemas.LOWRANK_DIGITS: digits, schemas.LOWRANK_DIGITS_IMAGES: images})
    return tmp_path


def test_the_numbers_are_of_ten_digits_with_the_flips_of_the_paper(made):
    found = lowrank_digits.numbers(made)["completed_digits"].set_index("rule")
    assert found["flip_fraction"].tolist() == [0.15, 0.15]
    assert found["n_trials"].tolist() == [2, 2]
    assert found["completed"].to_dict() == {"optimised": 1.0, "hebbian": 0.0}
    assert found["overlap"]["hebbian"] == pytest.approx(0.65)


def test_a_column_per_digit_and_a_row_per_stage(made):
    figure = lowrank_digits.draw(made)
    rows = np.reshape(figure.axes, (-1, 2))
    labels = [ax.get_ylabel() for ax in rows[:, 0]]
    assert labels == [
        *("cue", "optimised, 1 tau", "optimised, 20 tau", "Hebbian, 20 tau", "target")
    ]
    pixels = {
        label: ax.get_images()[0].get_array().tolist()
        for label, ax in zip(labels, rows[:, 0], strict=True)
    }
    assert pixels["cue"] == pixels["Hebbian, 20 tau"] == [[1.0, -1.0]]
    assert pixels["optimised, 20 tau"] == pixels["target"] == [[1.0, 1.0]]
    told = {label: ax.get_xlabel() for label, ax in zip(labels, rows[:, 0], strict=True)}
    assert told["Hebbian, 20 tau"] == "m = 0.65" and told["optimised, 20 tau"] == "m = 1.00"
    assert "15% of the pixels flipped" in figure.get_suptitle()


def test_nothing_to_draw(tmp_path):
    write(tmp_path, {schemas.LOWRANK_DIGITS: lowrank(MORE, schemas.LOWRANK_DIGITS)})
    with pytest.raises(InputError, match="the tables have no networks with ten digits"):
        lowrank_digits.numbers(tmp_path)
