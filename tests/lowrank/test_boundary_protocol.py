"""The protocol lowrank.boundary: its tables, and what it says when something is wrong."""

import numpy as np
import pandas as pd
import pytest

from brianmem import tables
from brianmem.lowrank.boundary_examples import EXAMPLES
from protocols import cli
from protocols.lowrank.boundary import PATH_TAU, PROTOCOL, BoundaryTask, run_task

# In size and duration as the networks of test_boundary.py, which have the same C++ program.
FEW = ["--set", "case=asymmetric,degenerate", "--set", "duration=2", "--set", "kappa=5"]


def run(*arguments):
    return cli.main(PROTOCOL, [str(a) for a in (*arguments, "--jobs", 0)])


def found(folder):
    return {schema.name: tables.read(schema, folder) for schema in PROTOCOL.schemas}


def test_the_tables_are_the_same_on_every_backend_but_not_for_every_seed(backend, tmp_path):
    for name, options in (
        ("numpy", ["--backend", "numpy"]),
        ("other", ["--backend", backend]),
        ("seed", ["--backend", "numpy", "--seed", 1]),
    ):
        assert run(*FEW, *options, "--out", tmp_path / name) == 0
    expected, same, seed = (found(tmp_path / name) for name in ("numpy", "other", "seed"))
    for name, table in expected.items():
        drop = [column for column in ("backend",) if column in table]
        pd.testing.assert_frame_equal(
            table.drop(columns=drop), same[name].drop(columns=drop), check_exact=True
        )
    assert set(same["lowrank_boundary"]["backend"]) == {backend}
    one, other = (t["lowrank_boundary"]["start_degrees"] for t in (expected, seed))
    # Both cases start in the vertex itself, and elsewhere by chance.
    assert (one == other).sum() == 2


def test_rows_of_one_example():
    task = BoundaryTask(0, "asymmetric", None, 8.0, "numpy", True)
    rows = {name: pd.DataFrame(rows) for name, rows in run_task(task).items()}
    runs, neurons, paths, points = rows.values()
    example = EXAMPLES["asymmetric"]
    assert len(runs) == example.n_starts and len(neurons) == 4 * example.n_starts
    assert (runs["kappa"] == example.kappa).all() and (runs["own_share"] == 0.35).all()
    mean = runs[["mean_1", "mean_2", "mean_0"]].to_numpy()
    fixed = runs[["fixed_1", "fixed_2", "fixed_0"]].to_numpy()
    np.testing.assert_allclose(fixed, np.tile([20, -20, -80], (5, 1)), atol=1e-9)
    assert (np.linalg.norm(mean - fixed, axis=1) < runs["spike_size"]).all()
    assert runs["overlap"].min() > 0.999
    # Averages are decoders times rates, in both tables.
    weighted = neurons[["decoder_1", "decoder_2"]].mul(neurons["rate"], axis=0)
    np.testing.assert_allclose(weighted.groupby(neurons["start"]).sum(), mean[:, :2], atol=1e-9)
    assert points["stable"].sum() == 2
    assert paths["time"].max() == PATH_TAU
    for start, corners in paths.groupby("start"):
        spikes = (corners["event"] == "before").sum()
        assert 0 < spikes < runs["n_spikes"][start]
        assert len(corners) == 2 * spikes + 2


def test_polygons_have_no_lift_and_only_the_first_seed_has_paths():
    rows = run_task(BoundaryTask(1, "orthogonal", 3.0, 2.0, "numpy", False))
    [first, *_] = rows["lowrank_boundary"]
    assert first["alpha"] is None and first["overlap"] is None and "mean_0" not in first
    assert first["spike_size"] == pytest.approx(1) and not rows["lowrank_boundary_paths"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("case=cube", "unknown case 'cube': choose from one_neuron, population"),
        ("kappa=-1", "kappa must be positive and finite, not -1.0"),
        ("kappa=inf", "kappa must be positive and finite"),
        ("duration=0", "duration must be positive and finite, not 0.0"),
        ("duration=1e9", "lower kappa or duration"),
    ],
)
def test_bad_input_is_one_sentence(setting, message, tmp_path, capsys):
    assert run("--set", setting, "--out", tmp_path) == 2
    assert message in capsys.readouterr().err.strip().splitlines()[-1]
    assert not list(tmp_path.iterdir())
