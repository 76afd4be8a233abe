import numpy as np
import pandas as pd
import pytest

from analysis.completion import completion
from analysis.overlap import overlap_summary
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_correlated
from figures.common import RULE_COLOURS
from tests.analysis.rows import basins, lowrank
from tests.figures.panels import lines, with_band

SEEDS = (2000, 2001)
CORRELATIONS = (0.0, 0.4, 0.8)


def overlaps(values, seeds=SEEDS, **others):
    """Undamaged starts with a mean overlap for each correlation, around which networks differ."""
    return [
        others | {"correlation": c, "network_seed": seed, "overlap": value + 0.01 * (-1) ** seed}
        for c, value in zip(CORRELATIONS, values, strict=True)
        for seed in seeds
    ]


def flips(values, seeds=SEEDS, **others):
    """Patterns that complete so many flips at each correlation."""
    return [
        row
        for c, value in zip(CORRELATIONS, values, strict=True)
        for row in basins([value] * 3, seeds, correlation=c, **others)
    ]


LARGE, EXTENDED = {"n_patterns": 40}, {"rule": "extended"}
TRIALS = [
    *overlaps([0.99, 0.98, 0.6]),
    *overlaps([0.98, 0.7, 0.2], **LARGE),
    *overlaps([0.99, 0.985, 0.97], **EXTENDED),
]
PATTERNS = [
    *flips([0.3, 0.2, None]),
    *flips([0.1, None, None], **LARGE),
    *flips([0.3, 0.25, 0.1], **EXTENDED),
]


def written(folder, trials=TRIALS, patterns=PATTERNS):
    for schema, rows in (
        (schemas.LOWRANK_CAPACITY, trials),
        (schemas.LOWRANK_COMPLETION, patterns),
    ):
        tables.write(lowrank(rows, schema), schema, folder, {})
    return folder


def test_the_numbers_are_those_of_the_analysis(tmp_path):
    found = lowrank_correlated.numbers(written(tmp_path))
    trials, patterns = lowrank(TRIALS), lowrank(PATTERNS, schemas.LOWRANK_COMPLETION)
    expected = overlap_summary(trials, "lowrank_capacity")
    pd.testing.assert_frame_equal(found["overlap_summary"], expected)
    expected = completion(patterns).query("measure == 'overlap'")
    pd.testing.assert_frame_equal(found["completion"], expected)


@pytest.mark.parametrize(
    "other",
    [{"network_seed": 0}, {"n_neurons": 200}, {"gamma_chosen": False, "gamma": 0.1}],
    ids=["one correlation", "another size", "another gamma"],
)
def test_networks_that_do_not_count(other, tmp_path):
    """Those of one correlation alone, and all but the first values of the rest."""
    one, two = (tables.make_folder(tmp_path / name) for name in "ab")
    zero = "network_seed" in other
    more = [r | other | {"overlap": 0.0} for r in TRIALS if r["correlation"] == 0 or not zero]
    less = [r | other | {"completed": None} for r in PATTERNS if r["correlation"] == 0 or not zero]
    damaged = [row | {"flip_fraction": 0.1, "overlap": 0.0} for row in TRIALS]
    random = [row | {"start": "random", "overlap": 0.0} for row in TRIALS]
    expected = lowrank_correlated.numbers(written(one))
    found = lowrank_correlated.numbers(
        written(two, TRIALS + more + damaged + random, PATTERNS + less)
    )
    for name in expected:
        pd.testing.assert_frame_equal(
            found[name].reset_index(drop=True), expected[name].reset_index(drop=True)
        )


def test_a_column_for_each_load(tmp_path):
    figure = lowrank_correlated.draw(written(tmp_path))
    assert [ax.get_title() for ax in figure.axes[:2]] == ["load 0.1", "load 0.4"]
    top, _, bottom, _ = figure.axes
    assert top.get_ylabel() == "1 - overlap, mean" and top.get_yscale() == "log"
    assert bottom.get_ylabel() == "flipped part completed"
    assert bottom.get_xlabel() == "correlation"
    assert figure.get_suptitle() == "2 networks, N = 100"
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["optimised", "antagonists inhibit each other"]


@pytest.mark.parametrize(
    ("column", "rule", "overlap", "completed"),
    [
        (0, "optimised", [0.99, 0.98, 0.6], [0.3, 0.2, np.nan]),
        (1, "optimised", [0.98, 0.7, 0.2], [0.1, np.nan, np.nan]),
        (0, "extended", [0.99, 0.985, 0.97], [0.3, 0.25, 0.1]),
    ],
)
def test_overlap_and_flips_at_each_correlation(column, rule, overlap, completed, tmp_path):
    axes = lowrank_correlated.draw(written(tmp_path)).axes
    found, ends = with_band(axes[column], RULE_COLOURS[rule])
    np.testing.assert_allclose(found, np.column_stack([CORRELATIONS, 1 - np.array(overlap)]))
    # Of the two networks one is 0.01 above, the other below: all that their mean can be.
    assert (ends[:, 0] < found[:, 1]).all() and (found[:, 1] < ends[:, 1]).all()
    assert (np.abs(ends - found[:, 1:]) <= 0.01 + 1e-12).all()
    found, ends = with_band(axes[2 + column], RULE_COLOURS[rule])
    np.testing.assert_allclose(found, np.column_stack([CORRELATIONS, completed]))
    assert len(ends) == np.isfinite(completed).sum()


def test_a_rule_that_ran_at_one_load_is_not_drawn_at_the_other(tmp_path):
    _, top, _, _ = lowrank_correlated.draw(written(tmp_path)).axes
    assert not lines(top, color=RULE_COLOURS["extended"])


def test_a_load_that_was_not_simulated_has_no_panel(tmp_path):
    small = [row for row in PATTERNS if "n_patterns" not in row]
    axes = lowrank_correlated.draw(written(tmp_path, patterns=small)).axes
    assert [ax.get_title() for ax in axes] == ["load 0.1", "load 0.4", "load 0.1"]
    assert all(len(ax.get_lines()) > 1 for ax in axes)


@pytest.mark.parametrize(
    ("trials", "patterns", "name"),
    [
        ([], PATTERNS, "capacity"),
        (TRIALS, [], "completion"),
        ([row for row in TRIALS if row["correlation"] == 0], PATTERNS, "capacity"),
        (TRIALS, [row for row in PATTERNS if row["correlation"] == 0.4], "completion"),
    ],
    ids=["no trials", "no patterns", "independent trials", "one correlation"],
)
def test_nothing_to_draw(trials, patterns, name, tmp_path):
    with pytest.raises(InputError, match=f"no correlated patterns in lowrank.{name}"):
        lowrank_correlated.draw(written(tmp_path, trials, patterns))
