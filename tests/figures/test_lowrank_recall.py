import re

import numpy as np
import pytest
from matplotlib.colors import to_hex

from analysis.lowrank import shares_recalling_all
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_recall
from figures.common import RULE_COLOURS
from protocols.lowrank.recall import PROTOCOL, RecallTask, run_task

RULES = ("hebbian", "pseudo_inverse", "optimised")
TASKS = [
    RecallTask(seed, rule, 20, 4, None, kappa, 4.0, (0.0, 0.1), (0.0,), "numpy", None, seed < 2)
    for seed in range(3)
    for rule in RULES
    for kappa in (2.0, 1.0)
]


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


@pytest.fixture(scope="module")
def drawn(made, tmp_path_factory):
    folder = written(made, tmp_path_factory.mktemp("recall"))
    return lowrank_recall.numbers(folder), lowrank_recall.draw(folder)


@pytest.fixture(autouse=True)
def closed():
    """The figure is drawn once for all tests of this file."""


def panel(figure, label):
    [ax] = [ax for ax in figure.axes if ax.get_ylabel().replace("\n", " ") == label]
    return ax


def test_shares_of_networks_are_by_kappa_and_with_limits(drawn, made):
    found = drawn[0]["networks"]
    trials = made[schemas.LOWRANK_RECALL]
    assert found.equals(shares_recalling_all(trials, ["rule", "kappa"]))
    assert set(found["kappa"]) == {1.0, 2.0} and set(found["sets"]) == {"all", "usable"}
    hebbian = found[found["rule"] == "hebbian"]
    assert (hebbian["all_recalled"] == 0).all() and (hebbian["all_recalled_high"] > 0).all()


def test_decoders_and_constraints_are_of_all_networks(drawn, made):
    numbers = drawn[0]
    trials = made[schemas.LOWRANK_RECALL]
    for table, name, n_trials in (
        ("decoders", "hebbian_correlation", 3),
        ("constraints", "alignment_spread", 12),
    ):
        found = numbers[table].set_index("rule")
        assert (found["n_networks"] == 3).all() and (found["n_trials"] == n_trials).all()
        of_networks = trials.groupby(["rule", "network_seed"])[name].mean()
        for rule in RULES:
            assert found[name][rule] == pytest.approx(of_networks[rule].mean(), abs=1e-12)
            assert found[f"{name}_low"][rule] <= found[name][rule] <= found[f"{name}_high"][rule]


def test_the_picture_shows_the_first_kappa(drawn):
    numbers, figure = drawn
    assert "kappa = 2." in figure.get_suptitle()
    bars = panel(figure, "share recalled").containers
    heights = [[patch.get_height() for patch in bar] for bar in bars if hasattr(bar, "patches")]
    found = numbers["networks"]
    found = found[found["kappa"] == 2].set_index(["sets", "rule"])["all_recalled"]
    assert heights[:2] == [[found[sets, rule] for rule in RULES] for sets in ("all", "usable")]
    assert len(heights) == 4


def test_elements_of_decoders_a_panel_for_each_other_rule(drawn, made):
    """At their own places: those of the Hebbian rule are whole multiples of 2 / K = 0.2."""
    panels = [ax for sub in drawn[1].subfigs for row in sub.subfigs for ax in row.axes]
    colours = [RULE_COLOURS[rule] for rule in RULES[1:]]
    first = panel(drawn[1], "element of D, other rules")
    axes = panels[panels.index(first) :][: len(colours)]
    seed = int(re.search(r"network (\d+)", drawn[1].get_suptitle())[1])
    elements = made[schemas.LOWRANK_RECALL_DECODERS].query(f"network_seed == {seed} and kappa == 2")
    for ax, colour, rule in zip(axes, colours, RULES[1:], strict=True):
        [dots] = [line for line in ax.get_lines() if line.get_marker() == "."]
        assert dots.get_color() == colour
        x, y = dots.get_data()
        assert len(x) == 10 * 18  # of K latents and N neurons, without own axes
        np.testing.assert_allclose(5 * x, np.round(5 * x), atol=1e-9)
        of_rule = elements[elements["rule"] == rule]
        others = of_rule[of_rule["neuron"] % 10 != of_rule["latent"]]
        np.testing.assert_allclose(np.sort(y), np.sort(others["value"]))


@pytest.mark.parametrize(
    ("label", "name", "per_network"),
    [
        ("correlation of decoders, with the Hebbian one", "hebbian_correlation", 1),
        (r"mean of $\xi_k (D \eta)_k$", "alignment_mean", 4),
        ("its standard deviation", "alignment_spread", 4),
    ],
)
def test_a_dot_for_each_network_and_rings_for_the_example(drawn, made, label, name, per_network):
    figure = drawn[1]
    lines = panel(figure, label).get_lines()
    stored = made[schemas.LOWRANK_RECALL].dropna(subset=name)
    dots = {to_hex(line.get_color()): line for line in lines if line.get_marker() == "."}
    for rule in RULES:
        values = dots[RULE_COLOURS[rule].lower()].get_ydata()
        expected = stored[stored["rule"] == rule].drop_duplicates(
            ["network_seed", *(["pattern"] if per_network > 1 else [])]
        )
        np.testing.assert_allclose(np.sort(values), np.sort(expected[name]))
        assert len(values) == 3 * per_network
    rings = [line for line in lines if line.get_marker() == "o"]
    assert [len(ring.get_ydata()) for ring in rings] == [per_network] * len(RULES)


def test_a_rule_without_a_name_is_drawn_under_its_own(made, tmp_path):
    def renamed(table):
        return table.assign(rule=table["rule"].replace("optimised", "new_rule"))

    figure = lowrank_recall.draw(written(made, tmp_path, renamed))
    labels = [text.get_text() for text in panel(figure, "share recalled").get_xticklabels()]
    assert labels == ["Hebbian", "pseudo-inverse", "new_rule"]


def test_one_rule_and_one_network(made, tmp_path):
    def reduced(table):
        return table[(table["rule"] == "optimised") & (table["network_seed"] == 0)]

    figure = lowrank_recall.draw(written(made, tmp_path, reduced))
    bars = panel(figure, "share recalled").containers
    assert [len(bar) for bar in bars if hasattr(bar, "patches")] == [1] * 4


def test_nothing_to_draw(made, tmp_path):
    with pytest.raises(InputError, match="the tables have no trials of lowrank"):
        lowrank_recall.draw(written(made, tmp_path, lambda table: table[:0]))
