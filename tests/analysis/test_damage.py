import numpy as np
import pytest

from analysis.damage import damage
from brianmem import schemas
from tests.analysis.rows import delay

CHANGES = (
    ({"scanned": "none"}, 0),
    ({"scanned": "lost", "lost": 0.2}, 2),
    ({"scanned": "lost", "lost": 0.4}, 6),
    ({"scanned": "cue_start", "cue_start": 40}, 1),
)
ROWS = [
    {"true_positives": 3, "false_negatives": n + seed, "seed": seed, "n_perfect": 2 - (n > 0)}
    | {"n_tested": 2, "n_ran_away": n == 6, "threshold": 0.5 + seed}
    | change
    for change, n in CHANGES
    for seed in range(3)
]


def test_every_kind_has_the_baseline():
    found = damage(delay(ROWS, schemas.DELAY_COMPLETION))
    curves = dict(list(found.groupby("kind")))
    assert set(curves) == {"lost", "cue_start"}
    lost = curves["lost"]
    assert lost["strength"].tolist() == [0.0, 0.2, 0.4]
    means = [np.mean([6 / (6 + n + seed) for seed in range(3)]) for n in (0, 2, 6)]
    np.testing.assert_allclose(lost["f1"], means)
    np.testing.assert_allclose(lost["f1_least"], [6 / (6 + n + 2) for n in (0, 2, 6)])
    assert (lost["f1_low"] < lost["f1"]).all() and (lost["f1"] < lost["f1_high"]).all()
    assert lost["perfect"].tolist() == [1.0, 0.5, 0.5]
    assert lost["ran_away"].tolist() == [0.0, 0.0, 0.5]
    assert curves["cue_start"]["strength"].tolist() == [0.0, 40.0]
    # Thresholds that were chosen for each network do not tear a curve apart.
    assert found["n_networks"].unique().tolist() == [3] and found["threshold"].isna().all()


def test_without_damage_there_is_no_curve():
    baseline = [row for row in ROWS if row["scanned"] == "none"]
    assert len(damage(delay(baseline, schemas.DELAY_COMPLETION))) == 0


def test_learners_are_told_apart():
    rows = [row | {"learner": name} for row in ROWS for name in ("hebbian", "margin")]
    found = damage(delay(rows, schemas.DELAY_COMPLETION))
    assert len(found) == 2 * 5
    by_learner = found.groupby("learner")["f1"].mean()
    assert by_learner["hebbian"] == pytest.approx(by_learner["margin"])
