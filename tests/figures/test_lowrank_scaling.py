import numpy as np
import pandas as pd
import pytest

from analysis.capacity import capacity
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_scaling
from figures.common import RULE_COLOURS
from figures.lowrank_capacity import capacity_trials
from tests.analysis.rows import lowrank, shares
from tests.figures.panels import lines, points

SEEDS = (0, 1, 2)
ZEROED = {"rule": "pseudo_inverse_zeroed"}


def rows_of(n_neurons, recalled, exactly, overlap, **others):
    """So many of four patterns are recalled at each load, and with all signs right."""
    rows = []
    for load, n in recalled.items():
        for row in shares("n_patterns", {round(load * n_neurons): n}, 4, SEEDS, **others):
            good = row["pattern"] < n
            noise = 1 + 0.1 * (row["network_seed"] - 1)  # so that networks differ
            rows.append(
                row
                | {"n_neurons": n_neurons}
                | {"overlap": 1 - (1 - overlap) * noise if good else 0.5}
                | {"signs_correct": 1.0 if row["pattern"] < exactly[load] else 0.99}
            )
    return rows


ROWS = [
    *rows_of(100, {0.2: 4, 0.3: 4, 0.4: 0}, {0.2: 4, 0.3: 0, 0.4: 0}, 0.99),
    *rows_of(200, {0.2: 4, 0.3: 4, 0.4: 4}, {0.2: 4, 0.3: 4, 0.4: 0}, 0.995),
    *rows_of(400, {0.2: 4, 0.3: 4, 0.4: 0}, {0.2: 4, 0.3: 4, 0.4: 0}, 0.9975),
    *rows_of(100, {0.2: 4, 0.3: 0}, {0.2: 0, 0.3: 0}, 0.99, **ZEROED),
    *rows_of(200, {0.2: 4, 0.3: 0}, {0.2: 4, 0.3: 0}, 0.99, **ZEROED),
]


def written(rows, folder):
    tables.write(lowrank(rows), schemas.LOWRANK_CAPACITY, folder, {})
    return folder


def test_the_numbers_are_those_of_the_analysis(tmp_path):
    more = [row | {"kappa": 1.0, "overlap": 0.0} for row in ROWS]
    more += [row | {"rule": "hebbian", "overlap": 0.0} for row in ROWS]
    found = lowrank_scaling.numbers(written(ROWS + more, tmp_path))
    trials = capacity_trials(lowrank(ROWS), lowrank_scaling.RULES)
    pd.testing.assert_frame_equal(found["capacity"], capacity(trials))
    recall = found["recall_by_size"].set_index(["rule", "load", "n_neurons"])
    means = lowrank(ROWS).groupby(["rule", "load", "n_neurons"])
    assert len(recall) == 9 + 4
    np.testing.assert_allclose(recall["error"], 1 - means["overlap"].mean()[recall.index])
    exact = means["signs_correct"].apply(lambda signs: (signs == 1).mean())
    np.testing.assert_allclose(recall["all_signs"], exact[recall.index])
    assert recall["error"]["optimised", 0.2, 100] == pytest.approx(0.01)


def test_random_vertices_do_not_count_as_errors(tmp_path):
    random = [row | {"start": "random", "overlap": 0.0} for row in ROWS]
    found = lowrank_scaling.numbers(written(ROWS + random, tmp_path))["recall_by_size"]
    assert found["error"].min() < 0.003
    assert (found["n_trials"] == 12).all()


def test_capacity_by_each_measure_at_each_size(tmp_path):
    figure = lowrank_scaling.draw(written(ROWS, tmp_path))
    left = figure.axes[0]
    assert figure.get_suptitle() == "3 networks, kappa = 5"
    assert [tick.get_text() for tick in left.get_xticklabels()] == ["100", "200", "400"]
    colour = RULE_COLOURS["optimised"]
    drawn = {
        line[0].get_markerfacecolor(): points(line[0])
        for line in left.containers
        if line[0].get_color() == colour
    }
    # Halfway between the loads; that of N = 200 by overlap lies beyond those which were tried.
    filled, empty = drawn[colour], drawn["none"]
    np.testing.assert_allclose(filled[:, 1], [0.35, 0.35])
    np.testing.assert_allclose(filled[:, 0], [100, 400])
    np.testing.assert_allclose(empty[:, 1], [0.25, 0.35, 0.35])
    zeroed = [c for c in left.containers if c[0].get_color() == RULE_COLOURS[ZEROED["rule"]]]
    heights = sorted(points(c[0])[:, 1].tolist() for c in zeroed)
    assert heights == [[pytest.approx(0.25)], [pytest.approx(0.25)] * 2]


def test_bars_are_the_next_loads_where_success_is_separated(tmp_path):
    left = lowrank_scaling.draw(written(ROWS, tmp_path)).axes[0]
    [of_overlap, _] = [c for c in left.containers if c[0].get_color() == RULE_COLOURS["optimised"]]
    [bars] = of_overlap[2]
    ends = [segment[:, 1] for segment in bars.get_segments()]
    np.testing.assert_allclose(ends, [[0.3, 0.4]] * 2)


def test_errors_of_the_optimised_rule_at_loads_of_all_sizes(tmp_path):
    more = rows_of(100, {0.1: 4}, {0.1: 4}, 0.99)
    right = lowrank_scaling.draw(written(ROWS + more, tmp_path)).axes[1]
    assert right.get_yscale() == "log"
    labels = [text.get_text() for text in right.get_legend().get_texts()]
    assert labels == ["1/N", "0.2", "0.3", "0.4"]
    curve = right.containers[0]
    np.testing.assert_allclose(points(curve[0]), [[100, 0.01], [200, 0.005], [400, 0.0025]])
    # Networks differ by a tenth: the interval of their mean lies within.
    for error, (low, high) in zip(
        (0.01, 0.005, 0.0025), (s[:, 1] for s in curve[2][0].get_segments()), strict=True
    ):
        assert 0.9 * error - 1e-12 <= low < error < high <= 1.1 * error + 1e-12
    [guide] = lines(right, linestyle="--")
    n, error = points(right.containers[-1][0])[0]  # of the highest load
    expected = [[size, error * n / size] for size in (100, 200, 400)]
    np.testing.assert_allclose(points(guide), expected)


def test_without_the_optimised_rule_capacities_are_drawn(tmp_path):
    rows = [row for row in ROWS if row.get("rule") == "pseudo_inverse_zeroed"]
    left, right = lowrank_scaling.draw(written(rows, tmp_path)).axes
    assert len(left.containers) == 2 and not right.containers


@pytest.mark.parametrize(
    "rows",
    [[], [r | {"flip_fraction": 0.1} for r in ROWS], [r | {"rule": "hebbian"} for r in ROWS]],
)
def test_nothing_to_draw(rows, tmp_path):
    with pytest.raises(InputError, match="nothing to draw: the tables have no undamaged starts"):
        lowrank_scaling.draw(written(rows, tmp_path))
