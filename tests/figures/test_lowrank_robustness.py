import numpy as np
import pandas as pd
import pytest

from analysis.robustness import robustness, tolerance
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_robustness
from figures.common import PAPER, RULE_COLOURS
from tests.analysis.folder import ROBUSTNESS, write
from tests.analysis.rows import lowrank, shares


def written(folder, rows):
    write(folder, {schemas.LOWRANK_ROBUSTNESS: lowrank(rows, schemas.LOWRANK_ROBUSTNESS)})
    return folder


def lines(ax, **properties):
    """The lines of a panel with given properties, such as marker or linestyle."""
    return [
        line
        for line in ax.get_lines()
        if all(getattr(line, f"get_{name}")() == value for name, value in properties.items())
    ]


def test_the_numbers_are_those_of_the_analysis(folder):
    found = lowrank_robustness.numbers(folder)
    trials = tables.read(schemas.LOWRANK_ROBUSTNESS, folder)
    pd.testing.assert_frame_equal(found["robustness"], robustness(trials))
    pd.testing.assert_frame_equal(found["tolerance"], tolerance(trials))


def test_a_row_for_each_perturbation_and_a_column_for_each_load(folder):
    figure = lowrank_robustness.draw(folder)
    noise, loaded, _, in_jumps, dead, last = figure.axes
    assert [ax.get_title() for ax in (noise, loaded)] == ["load p/N = 0.1", "load p/N = 0.4"]
    assert loaded.get_xlabel() == "membrane noise (kappa q)"
    assert in_jumps.get_xlabel() == "membrane noise (gamma)"
    assert last.get_xlabel() == "part of neurons dead"
    assert noise.get_ylabel() == dead.get_ylabel() == "overlap"
    assert figure.get_suptitle() == "3 networks, N = 100, kappa = 5"
    # The larger load has one rule.
    for ax, rules in ((noise, {"optimised", "extended"}), (loaded, {"extended"})):
        drawn = {line.get_color() for line in lines(ax, marker="o")}
        assert drawn == {RULE_COLOURS[rule] for rule in rules}


def test_overlaps_from_undamaged_and_flipped_starts(folder):
    noise, *_ = lowrank_robustness.draw(folder).axes
    for style in ("-", "--"):
        [line] = lines(noise, marker="o", linestyle=style, color=RULE_COLOURS["optimised"])
        np.testing.assert_allclose(line.get_xydata(), [[0, 1], [0.1, 1], [0.2, 0.5]])


def test_triangles_at_the_tolerated_strengths(folder):
    noise, _, in_jumps, _, dead, _ = lowrank_robustness.draw(folder).axes
    found = lowrank_robustness.numbers(folder)["tolerance"]
    found = found[(found["load"] == 0.1) & (found["flip_fraction"] == 0)]
    for ax, name, limit in (
        (noise, "noise", "tolerated"),
        (in_jumps, "noise", "tolerated_in_jumps"),
        (dead, "dead_neurons", "tolerated"),
    ):
        expected = found[found["perturbation"] == name].set_index("rule")
        assert len(expected) == 2
        for rule, row in expected.iterrows():
            [triangle] = lines(ax, marker="v", color=RULE_COLOURS[rule])
            assert triangle.get_xdata() == [row[limit]]
            height = triangle.get_ydata()[0]
            assert 1 < height < ax.get_ylim()[1]
            [bar] = [line for line in lines(ax, linewidth=0.8) if line.get_ydata()[0] == height]
            np.testing.assert_equal(
                np.array(bar.get_xdata()), row[[f"{limit}_low", f"{limit}_high"]].to_numpy(float)
            )


def test_noise_in_the_unit_of_a_jump(folder):
    """kappa q is 5 and gamma 1.5 in these tables: the same curve, 10/3 times as far."""
    noise, _, in_jumps, *_ = lowrank_robustness.draw(folder).axes
    [by_drive], [by_jump] = (
        lines(ax, marker="o", linestyle="-", color=RULE_COLOURS["optimised"])
        for ax in (noise, in_jumps)
    )
    np.testing.assert_allclose(by_jump.get_xdata(), 10 / 3 * by_drive.get_xdata())
    np.testing.assert_allclose(by_jump.get_ydata(), by_drive.get_ydata())
    assert [label.get_text() for label in in_jumps.get_xticklabels()] == ["0"]  # no power of ten


def test_the_overlap_without_the_latents_of_the_dead(folder):
    noise, _, _, _, dead, _ = lowrank_robustness.draw(folder).axes
    [line] = lines(dead, color=PAPER)
    assert not lines(noise, color=PAPER)
    x, y = line.get_xdata(), line.get_ydata()
    assert (x[0], x[-1]) == (0, 0.1)
    for part, overlap in zip(x, y, strict=True):
        # Of a hundred latents of one sign, so many are zero.
        y_left = np.where(np.arange(1000) < round(1000 * part), 0.0, 1.0)
        cosine = y_left.sum() / np.sqrt(1000 * (y_left**2).sum())
        assert overlap == pytest.approx(cosine, abs=5e-4)


def test_axes_are_logarithmic_from_the_smallest_strength_on(folder, tmp_path):
    noise, *_ = lowrank_robustness.draw(folder).axes
    assert noise.get_xscale() == "symlog"
    ticks = [label.get_text() for label in noise.get_xticklabels()]
    assert ticks == ["0", "0.1", "0.2"]
    steps = dict.fromkeys([0.0005, 0.001, 0.002, 0.005, 0.01], 4)
    rows = [
        *shares("lost_synapses", {0.0: 4}, 4),
        *shares("lost_synapses", steps, 4, scanned="lost_synapses"),
    ]
    [ax] = lowrank_robustness.draw(written(tmp_path, rows)).axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "0.0005", "0.002", "0.01"]


def test_of_several_sizes_and_rates_the_first_is_shown(folder, tmp_path):
    others = [{"n_neurons": 200}, {"kappa": 1.0}]
    more = [row | other | {"overlap": 0.1} for other in others for row in ROBUSTNESS]
    written(tmp_path, [*ROBUSTNESS, *more])
    for name, found in lowrank_robustness.numbers(tmp_path).items():
        pd.testing.assert_frame_equal(found, lowrank_robustness.numbers(folder)[name])


def test_a_single_strength_is_drawn(tmp_path):
    rows = [*shares("noise", {0.0: 4}, 4), *shares("noise", {0.1: 0}, 4, scanned="noise")]
    ax, _ = lowrank_robustness.draw(written(tmp_path, rows)).axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "0.1"]


@pytest.mark.parametrize(
    ("strengths", "labelled"),
    [
        ([0.1], [0.1]),
        ([0.005, 0.02, 0.05], [0.005, 0.02, 0.05]),
        ([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0], [0.02, 0.1, 0.3, 1.0]),
        ([0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05], [0.0005, 0.002, 0.01, 0.05]),
    ],
)
def test_labels_reach_the_largest_strength_and_leave_room(strengths, labelled):
    assert lowrank_robustness._far_apart(strengths) == labelled


def test_powers_of_ten_among_the_jumps():
    np.testing.assert_allclose(lowrank_robustness._decades([0.0056, 0.06, 2.0]), [0.01, 0.1, 1])
    assert lowrank_robustness._decades([]) == []


@pytest.mark.parametrize("rows", [[], shares("noise", {0.0: 4}, 4)])
def test_nothing_to_draw(rows, tmp_path):
    with pytest.raises(InputError, match="nothing to draw: the tables have no perturbed networks"):
        lowrank_robustness.draw(written(tmp_path, rows))
