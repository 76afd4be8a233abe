"""What the protocol of recall measures of a network, beside the overlaps of its trials."""

from dataclasses import replace

import numpy as np
import pytest

from brianmem import schemas, tables
from brianmem.lowrank.memory import store
from brianmem.lowrank.storage import RULES
from brianmem.patterns import draw_binary
from protocols.lowrank.recall import PROTOCOL, RecallTask, run_task
from protocols.lowrank.trials import parameters
from protocols.protocol import make_tasks, resolve_grid

TASK = RecallTask(3, "optimised", 20, 4, None, 5.0, 2.0, (0.0, 0.1), (0.0,), "numpy", None, False)


def table(**changes):
    rows = run_task(replace(TASK, **changes))["lowrank_recall"]
    return tables.from_rows(schemas.LOWRANK_RECALL, rows)


def memory_of(rule, n_patterns=4):
    task = replace(TASK, rule=rule, n_patterns=n_patterns)
    xi = draw_binary(10, n_patterns, np.random.default_rng(task.network_seed))
    return store(xi, parameters(task))


@pytest.mark.parametrize("rule", ["hebbian", "pseudo_inverse", "optimised", "extended"])
def test_the_correlation_with_the_hebbian_decoder_element_by_element(rule):
    """Pearson's formula over all elements but those of own axes, with sums in loops."""
    memory = memory_of(rule)
    xi, pairs = memory.patterns.astype(float), []
    for k in range(10):
        for neuron in range(20):
            if neuron % 10 != k:
                sign = 1 if neuron < 10 else -1
                pairs.append((memory.decoder[k, neuron], sign * xi[k] @ xi[neuron % 10] / 10))
    x, y = np.array(pairs).T
    dx, dy = x - x.mean(), y - y.mean()
    expected = (dx * dy).sum() / np.sqrt((dx**2).sum() * (dy**2).sum())
    found = table(rule=rule)["hebbian_correlation"]
    # Sums in another order.
    assert found.to_numpy() == pytest.approx(expected, abs=1e-12)
    assert expected == pytest.approx(1) or rule != "hebbian"


@pytest.mark.filterwarnings("ignore::brianmem.errors.CapacityWarning")
def test_a_decoder_of_nothing_has_no_correlation():
    assert table(rule="pseudo_inverse_zeroed", n_patterns=20)["hebbian_correlation"].isna().all()
    assert table(rule="pseudo_inverse", n_patterns=20)["hebbian_correlation"].isna().all()


@pytest.mark.parametrize("rule", RULES)
def test_the_alignment_latent_by_latent(rule):
    memory, found = memory_of(rule), table(rule=rule)
    for mu, pattern in enumerate(memory.patterns.T):
        active = np.concatenate([pattern, -pattern]) > 0
        drive = [pattern[k] * memory.decoder[k, active].sum() for k in range(10)]
        rows = found[(found["start"] == "stored") & (found["pattern"] == mu)]
        assert len(rows) == 2
        assert rows["alignment_mean"].to_numpy() == pytest.approx(np.mean(drive), abs=1e-12)
        assert rows["alignment_spread"].to_numpy() == pytest.approx(np.std(drive), abs=1e-12)
    random = found[found["start"] == "random"]
    assert len(random) and random[["alignment_mean", "alignment_spread"]].isna().all(axis=None)


def test_alignments_that_are_known():
    """The projector has trace p, so that without its diagonal 1 - p/K is left on average."""
    printed, zeroed = table(rule="pseudo_inverse"), table(rule="pseudo_inverse_zeroed")
    for name, value in (("alignment_mean", 1), ("alignment_spread", 0)):
        assert printed[name].dropna().to_numpy() == pytest.approx(value, abs=1e-12)
    assert zeroed["alignment_mean"].dropna().to_numpy() == pytest.approx(1 - 4 / 10)
    # Hebbian: 1 + the sum of squared cosines with the other patterns.
    xi = memory_of("hebbian").patterns.astype(float)
    expected = ((xi.T @ xi / 10) ** 2).sum(axis=1)
    stored = table(rule="hebbian", flip_fraction=(0.0,)).dropna(subset="alignment_mean")
    assert stored["alignment_mean"].to_numpy() == pytest.approx(expected)


def test_a_clock_is_compared_with_exact_runs_that_have_no_rows():
    both, alone = table(dt=(0.0, 0.02)), table(dt=(0.02,))
    clock = both[both["simulator"] == "clock"].reset_index(drop=True)
    assert clock["first_wrong_spike"].notna().any()
    assert alone.equals(clock)


def test_no_run_of_a_grid_is_made_twice():
    for grid in PROTOCOL.grids:
        for settings in ([], ["network_seed=0,1"]):
            blocks = resolve_grid(PROTOCOL, grid, 0, settings)
            tasks = make_tasks(PROTOCOL, blocks, backend="numpy", model=None)
            runs = [(t.network_seed, t.rule, t.kappa, dt) for t in tasks for dt in t.dt]
            assert len(set(runs)) == len(runs)
            assert {t.dt for t in tasks if t.details} == {(0.0,)}
