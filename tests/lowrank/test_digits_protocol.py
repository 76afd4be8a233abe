from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brianmem import digits, mnist
from brianmem.errors import InputError
from brianmem.lowrank import network, readout
from brianmem.lowrank.memory import store
from brianmem.patterns import draw_flips, flip
from protocols import cli
from protocols.lowrank import digits as protocol
from protocols.lowrank.digits import PROTOCOL, DigitsTask, check_task, estimate, run_task
from protocols.protocol import make_tasks, resolve_grid

TASK = DigitsTask(
    network_seed=3,
    rule="optimised",
    n_digits=12,
    gamma=None,
    kappa=1.0,
    duration=0.4,
    n_tested=3,
    flip_fraction=(0.1, 0.15),
    dt=0.0,
    digits=None,
    backend="numpy",
    model=None,
    details=False,
)


@pytest.fixture(scope="module")
def rows():
    return run_task(TASK)["lowrank_digits"]


def test_a_row_for_each_tested_digit_and_flip_fraction(rows):
    found = [(row["flip_fraction"], row["pattern"], row["digit"]) for row in rows]
    assert found == [(f, k, k) for f in (0.1, 0.15) for k in range(3)]
    assert {row["n_patterns"] for row in rows} == {12}
    assert {row["load"] for row in rows} == {12 / 1568}
    assert len({row["image"] for row in rows}) == 3


def test_rows_are_those_of_single_runs(rows):
    """The slow twin: each start is drawn and run by itself."""
    source = digits.load_digits()
    chosen = digits.choose_digits(source, 12, np.random.default_rng(3))
    xi = digits.as_patterns(source.images[chosen])
    memory = store(xi, protocol.parameters(TASK))
    for row in rows:
        k = row["pattern"]
        assert (row["image"], row["digit"]) == (chosen[k], source.labels[chosen[k]])
        mask = draw_flips(784, row["flip_fraction"], np.random.default_rng([3, 1, k]))
        [spikes] = network.simulate(memory, [flip(xi[:, k], mask)], backend="numpy")
        mean, _ = readout.mean_and_final_latents(memory, spikes)
        assert row["n_spikes"] == len(spikes)
        assert row["overlap"] == readout.overlap(mean, xi[:, k])


def test_images_are_those_of_figure_4e():
    assert not run_task(TASK)["lowrank_digits_images"]
    assert not run_task(replace(TASK, details=True))["lowrank_digits_images"]  # twelve digits
    ten = replace(TASK, n_digits=10, n_tested=2, details=True)
    images = run_task(ten)["lowrank_digits_images"]
    stages = {(row["digit"], row["stage"], row["time"]) for row in images}
    times = [("cue", 0.0), ("recall", 0.2), ("recall", 0.4), ("target", 0.0)]
    assert stages == {(digit, *stage) for digit in range(2) for stage in times}
    assert len(images) == len(stages) * 784
    assert {row["flip_fraction"] for row in images} == {0.15}
    values = {(r["digit"], r["stage"], r["row"], r["column"]): r["value"] for r in images}
    wrong = sum(
        values[1, "cue", row, column] != values[1, "target", row, column]
        for row in range(28)
        for column in range(28)
    )
    assert wrong == 118


def test_all_rules_store_the_same_digits_and_other_seeds_others(rows):
    def images(task):
        return [row["image"] for row in run_task(task)["lowrank_digits"]]

    assert images(replace(TASK, rule="hebbian")) == [row["image"] for row in rows]
    assert images(replace(TASK, network_seed=4)) != [row["image"] for row in rows]


def test_what_cannot_be_run_is_refused():
    check_task(TASK)
    with pytest.raises(InputError, match="has 1797 different images, not 2000"):
        check_task(replace(TASK, n_digits=2000))
    with pytest.raises(InputError, match="n_tested must be at least 1"):
        check_task(replace(TASK, n_tested=0))


def test_the_estimate_counts_the_runs():
    few, many = estimate(replace(TASK, n_tested=1)), estimate(replace(TASK, n_tested=99))
    assert few.seconds < many.seconds == estimate(replace(TASK, n_tested=12)).seconds


@pytest.mark.parametrize("grid", PROTOCOL.grids)
def test_no_trial_is_in_two_tasks(grid):
    blocks = resolve_grid(PROTOCOL, grid, 0, [])
    tasks = make_tasks(PROTOCOL, blocks, backend="numpy", model=None, digits=None)
    trials = [
        (t.network_seed, t.rule, t.n_digits, t.kappa, t.dt, flips)
        for t in tasks
        for flips in t.flip_fraction
    ]
    assert len(set(trials)) == len(trials)
    shown = [task for task in tasks if task.details]
    assert {t.rule for t in shown} >= {"hebbian", "pseudo_inverse", "optimised"}
    assert {(t.n_digits, t.kappa, t.network_seed) for t in shown} == {(10, 5.0, 0)}


def sweep(folder, **inputs):
    blocks = resolve_grid(PROTOCOL, "smoke", 0, ["n_digits=10", "network_seed=0", "rule=hebbian"])
    return cli.make_sweep(PROTOCOL, blocks, None, "numpy", inputs, folder)


@pytest.fixture
def files(tmp_path):
    """Ten images in MNIST's format, and their labels."""
    images = np.random.default_rng(0).integers(0, 256, (10, 28, 28), np.uint8)
    arrays = {"images-idx3": images, "labels-idx1": np.arange(10, dtype=np.uint8)}
    for name, array in arrays.items():
        sizes = np.array(array.shape, ">u4").tobytes()
        (tmp_path / name).write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes())
    return [tmp_path / name for name in arrays]


def test_labels_are_part_of_the_key(files, tmp_path):
    images, labels = files
    [work] = sweep(tmp_path, digits=str(images)).works
    [same] = sweep(tmp_path, digits=str(images)).works
    assert work.key == same.key
    labels.write_bytes(labels.read_bytes()[:-2] + bytes([9, 8]))
    [other] = sweep(tmp_path, digits=str(images)).works
    assert other.key != work.key
    # A folder stands for its one pair of files, whatever else it holds.
    of_folder = sweep(tmp_path, digits=str(tmp_path)).inputs
    (tmp_path / "notes.txt").write_text("other")
    assert sweep(tmp_path, digits=str(tmp_path)).inputs == of_folder
    assert of_folder == sweep(tmp_path, digits=str(images)).inputs


def test_mnist_is_known_by_the_files_that_were_fetched(files, tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "files", lambda: files)
    protocol._load_once.cache_clear()
    fetched, given = sweep(tmp_path, digits="mnist"), sweep(tmp_path, digits=str(files[0]))
    assert fetched.inputs == given.inputs
    assert fetched.works[0].task.digits == "mnist"
    [row, *_] = run_task(replace(TASK, n_digits=10, digits="mnist"))["lowrank_digits"]
    assert row["dataset"] == "MNIST test images"
    protocol._load_once.cache_clear()


def test_without_mnist_nothing_is_written(tmp_path, monkeypatch, capsys):
    def fail() -> list[Path]:
        raise InputError("cannot fetch it: give files of MNIST with --digits PATH")

    monkeypatch.setattr(mnist, "files", fail)
    protocol._check_digits.cache_clear()
    assert cli.main(PROTOCOL, ["--digits", "mnist", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.strip().endswith("give files of MNIST with --digits PATH")
    assert not (tmp_path / "out").exists()
