import gzip
import os
import struct

import numpy as np
import pytest

from brianmem.digits import as_patterns, load_digits, one_of_each
from brianmem.errors import InputError

IMAGES = np.arange(12 * 28 * 28, dtype=np.uint8).reshape(12, 28, 28)
LABELS = np.array([*range(10), 3, 3], dtype=np.uint8)


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(IMAGES))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS))
    return tmp_path


def assert_read(digits):
    np.testing.assert_array_equal(digits.images, IMAGES / 255)
    np.testing.assert_array_equal(digits.labels, LABELS)


def test_idx_file_and_folder(folder):
    assert_read(load_digits(folder / "t10k-images-idx3-ubyte"))
    assert_read(load_digits(folder))


def test_gzipped_idx(tmp_path):
    for name, array in (
        ("train-images.idx3-ubyte.gz", IMAGES),
        ("train-labels.idx1-ubyte.gz", LABELS),
    ):
        (tmp_path / name).write_bytes(gzip.compress(idx(array)))
    assert_read(load_digits(tmp_path / "train-images.idx3-ubyte.gz"))


@pytest.mark.parametrize("names", [("images", "labels"), ("x_train", "y_train")])
def test_npz(tmp_path, names):
    np.savez(tmp_path / "mnist.npz", **dict(zip(names, (IMAGES, LABELS), strict=True)))
    assert_read(load_digits(tmp_path / "mnist.npz"))


def test_bad_files_are_refused(folder):
    with pytest.raises(InputError, match=r"cannot read digits from .*none"):
        load_digits(folder / "none-images-idx3")
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(InputError, match="labels-idx1"):
        load_digits(folder)
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS[:5]))
    with pytest.raises(InputError, match="labels of shape"):
        load_digits(folder)
    broken = bytearray(gzip.compress(idx(IMAGES)))
    broken[20:40] = bytes(20)
    for content in (b"", b"\x00\x00\x08\x03\x00", b"plain text", b"\x1f\x8b no", bytes(broken)):
        (folder / "t10k-images-idx3-ubyte").write_bytes(content)
        with pytest.raises(InputError, match="idx"):
            load_digits(folder)
    (folder / "a.npz").write_bytes(b"no zip")
    with pytest.raises(InputError, match="npz"):
        load_digits(folder / "a.npz")
    np.savez(folder / "b.npz", images=IMAGES, labels=LABELS)
    (folder / "b.npz").write_bytes((folder / "b.npz").read_bytes()[:-300])
    with pytest.raises(InputError, match="npz"):
        load_digits(folder / "b.npz")
    wrong = (
        (IMAGES / 255, LABELS),
        (IMAGES.astype(int) * 300, LABELS),
        (IMAGES[:0], LABELS[:0]),
        (IMAGES, LABELS.astype(str)),
        (IMAGES * 0, LABELS),
    )
    for images, labels in wrong:
        np.savez(folder / "b.npz", images=images, labels=labels)
        with pytest.raises(InputError, match="integers from 0 to 255"):
            load_digits(folder / "b.npz")
    np.savez(folder / "b.npz", other=IMAGES)
    with pytest.raises(InputError, match="neither"):
        load_digits(folder / "b.npz")


def test_embedded_digits_are_upscaled_and_of_all_classes():
    digits = load_digits()
    assert digits.images.shape == (1797, 28, 28)
    assert digits.images.min() >= 0 and digits.images.max() <= 1
    chosen = one_of_each(digits, np.random.default_rng(0))
    assert list(digits.labels[chosen]) == list(range(10))
    patterns = as_patterns(digits.images[chosen])
    assert patterns.shape == (784, 10)
    # Digits are strokes on a background: both signs, with a minority of ink.
    ink = (patterns == 1).mean(axis=0)
    assert (ink > 0.1).all() and (ink < 0.6).all()


def test_a_missing_class_is_named(folder):
    digits = load_digits(folder)
    with pytest.raises(InputError, match="digit 9"):
        one_of_each(
            type(digits)(digits.images[:9], digits.labels[:9], "few"), np.random.default_rng(0)
        )


@pytest.mark.skipif(
    "BRIANMEM_MNIST" not in os.environ, reason="BRIANMEM_MNIST does not name MNIST files"
)
def test_real_mnist():
    digits = load_digits(os.environ["BRIANMEM_MNIST"])
    assert len(digits.images) >= 500
    assert set(digits.labels) == set(range(10))
    assert 0.1 < digits.images.mean() < 0.16  # of the whole data set: 0.131


def test_images_that_cannot_be_told_apart_are_refused():
    with pytest.raises(InputError, match="the same once they are binarised"):
        as_patterns(np.stack([np.full((28, 28), 0.1), np.full((28, 28), 0.3)]))
