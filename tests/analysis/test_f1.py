import numpy as np
import pytest

from analysis.delay import f1_along_time, f1_by_neuron
from analysis.f1 import f1_scan, f1_scan_curve, f1_summary, scan_rows
from brianmem import schemas
from brianmem.errors import InputError
from tests.analysis.rows import delay


def scores(tp, fp=0, fn=0, **others):
    return others | {"true_positives": tp, "false_positives": fp, "false_negatives": fn}


def test_patterns_are_pooled_and_networks_averaged():
    found = f1_summary(
        delay(
            [
                scores(3, 1, seed=0, threshold=0.4),
                scores(1, 0, 2, seed=0, pattern=1, threshold=0.4),
                scores(5, seed=1, threshold=0.41),
                scores(0, seed=2, threshold=0.42),  # nothing to recall
            ]
        ),
    )
    first = 8 / (8 + 1 + 2)
    assert found["n_networks"].tolist() == [2]
    assert found["f1"][0] == pytest.approx((first + 1) / 2)
    assert found["f1_least"][0] == pytest.approx(first)
    assert first <= found["f1_low"][0] < found["f1"][0] < found["f1_high"][0] <= 1
    assert found["threshold"].isna().all()


def test_thresholds_of_the_grid_stay_apart():
    rows = [
        scores(1, fp, seed=seed, threshold=threshold, threshold_chosen=False)
        for threshold, fp in ((0.3, 2), (0.4, 0))
        for seed in range(2)
    ]
    found = f1_summary(delay(rows))
    assert dict(zip(found["threshold"], found["f1"], strict=True)) == {0.3: 0.5, 0.4: 1.0}


def test_networks_with_nothing_to_recall_have_no_f1():
    found = f1_summary(delay([scores(0)]))
    assert found["n_networks"].tolist() == [0]
    assert found[["f1", "f1_low", "f1_least"]].isna().all(axis=None)


SCAN = [
    scores(1, fp, seed=seed, **changes)
    for changes, fp in (
        ({"scanned": "none"}, 0),
        ({"scanned": "n_patterns", "n_patterns": 4}, 2),
        ({"scanned": "n_patterns", "n_patterns": 1}, 4),
        ({"scanned": "threshold", "threshold": 0.2, "threshold_chosen": False}, 6),
    )
    for seed in range(3)
]


def scan():
    return delay(SCAN, schemas.DELAY_SCAN)


def test_a_curve_holds_the_baseline():
    assert set(scan_rows(scan(), "n_patterns")["scanned"]) == {"none", "n_patterns"}
    curve = f1_scan_curve(scan(), "n_patterns")
    assert curve["value"].tolist() == [1, 2, 4]
    assert curve["baseline"].tolist() == [False, True, False]
    assert curve["f1"].tolist() == pytest.approx([2 / 6, 1, 2 / 4])
    assert (curve["scanned"] == "n_patterns").all() and (curve["n_networks"] == 3).all()


def test_the_baseline_of_a_chosen_parameter_lies_at_its_median():
    rows = [row | {"threshold": 0.4 + row["seed"] / 100} for row in SCAN[:3]] + SCAN[-3:]
    curve = f1_scan_curve(delay(rows, schemas.DELAY_SCAN), "threshold")
    assert curve["value"].tolist() == pytest.approx([0.2, 0.41])
    assert curve["threshold"].isna().tolist() == [False, True]
    assert curve["n_networks"].tolist() == [3, 3]


def test_a_scan_is_all_of_its_curves():
    curves = f1_scan(scan())
    assert curves["scanned"].tolist() == ["n_patterns"] * 3 + ["threshold"] * 2
    assert not len(f1_scan(delay(SCAN[:3], schemas.DELAY_SCAN)))


def test_f1_by_neuron():
    rows = [scores(3, 1, 2, neuron=4), scores(0, neuron=5), scores(1, neuron=4, seed=1)]
    found = f1_by_neuron(delay(rows, schemas.DELAY_RECALL_NEURONS))
    assert found["neuron"].tolist() == [4, 5, 4]
    np.testing.assert_allclose(found["f1"], [6 / 9, np.nan, 1])


def test_f1_along_no_time():
    steps = delay([], schemas.DELAY_RECALL_STEPS)
    assert not len(f1_along_time(steps, 5))
    with pytest.raises(InputError, match="at least 1 step"):
        f1_along_time(steps, 0)
