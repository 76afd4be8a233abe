import numpy as np
import pytest

from analysis.overlap import overlap_summary
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_attractors
from protocols.lowrank.attractors import PROTOCOL, AttractorsTask, run_task

TASKS = [
    AttractorsTask(seed, "optimised", 20, 4, None, kappa, 4.0, (0, 1, 2), "numpy", None, seed == 0)
    for seed in range(3)
    for kappa in (5.0, 2.0)
]
KINDS = ["undamaged", "1 flip", "2 flips", "random vertex"]


@pytest.fixture(scope="module")
def made():
    """The tables of some small networks, by schema."""
    results = [run_task(task) for task in TASKS]
    return {
        schema: tables.from_rows(schema, [row for rows in results for row in rows[schema.name]])
        for schema in PROTOCOL.schemas
    }


def written(made, folder, change=lambda table: table):
    for schema, table in made.items():
        tables.write(change(table), schema, folder, {})
    return folder


def test_the_numbers_are_those_of_the_analysis(made, tmp_path):
    found = lowrank_attractors.numbers(written(made, tmp_path))["overlap_summary"]
    trials = made[schemas.LOWRANK_ATTRACTORS]
    assert found.equals(overlap_summary(trials, "lowrank_attractors"))
    assert set(found["kappa"]) == {2.0, 5.0} and (found["n_networks"] == 3).all()


def test_a_column_for_each_kind_of_start(made, tmp_path):
    figure = lowrank_attractors.draw(written(made, tmp_path))
    assert "kappa = 5. Panels a and b: network 0; c and d: 3 networks" in figure.get_suptitle()
    top, bottom = figure.axes[:4], figure.axes[4:8]
    assert [ax.get_title() for ax in top] == KINDS
    traces = made[schemas.LOWRANK_ATTRACTORS_TRACES]
    traces = traces[traces["kappa"] == 5]
    for ax, fraction in zip(top[:3], (0, 0.1, 0.2), strict=True):
        lines = {(line.get_linestyle(), line.get_linewidth()): line for line in ax.get_lines()}
        assert len(ax.get_lines()) == 1 + 4  # the start, and each pattern
        own = traces[(traces["start"] == "stored") & (traces["flip_fraction"] == fraction)]
        cued = own[own["pattern"] == 0]
        np.testing.assert_array_equal(lines["-", 1.6].get_ydata(), cued["overlap"])
        start = own[own["pattern"].isna()]
        np.testing.assert_array_equal(lines["--", 0.9].get_ydata(), start["overlap"])
    assert all(line.get_linewidth() < 1 for line in top[3].get_lines())
    # Ten of twenty neurons are active in the pattern, and drawn above the others.
    active, silent = bottom[1].collections
    assert active.get_offsets()[:, 1].max() < 10
    assert (silent.get_offsets()[:, 1] >= 10).all()


def test_means_of_networks_and_over_them(made, tmp_path):
    *_, left, right = lowrank_attractors.draw(written(made, tmp_path)).axes
    trials = made[schemas.LOWRANK_ATTRACTORS]
    trials = trials[(trials["kappa"] == 5) & (trials["start"] == "stored")]
    means = trials.groupby(["flip_fraction", "network_seed"])["overlap"].mean()
    dots = [line for line in left.get_lines() if line.get_marker() == "."]
    for line, fraction in zip(dots, (0.0, 0.1, 0.2), strict=False):
        np.testing.assert_allclose(line.get_ydata(), means[fraction])
    assert len(dots) == len(KINDS)
    labels = [text.get_text().replace("\n", " ") for text in right.get_xticklabels()]
    assert labels == KINDS
    kept = [line.get_ydata() for line in right.get_lines() if line.get_marker() == "."][-1]
    random = made[schemas.LOWRANK_ATTRACTORS]
    random = random[(random["kappa"] == 5) & (random["start"] == "random")]
    expected = (random["overlap"] > 0.95).groupby(random["network_seed"]).mean()
    np.testing.assert_allclose(kept, expected)


def test_nothing_to_draw(made, tmp_path):
    with pytest.raises(InputError, match="the tables have no trials of lowrank"):
        lowrank_attractors.draw(written(made, tmp_path, lambda table: table[:0]))
