import functools
import gzip
import hashlib
import http.server
import os
import struct
import threading

import numpy as np
import pooch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brianmem import mnist
from brianmem.digits import Digits, as_patterns, choose_digits, digit_files, load_digits
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
        (IMAGES, LABELS + 7),
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
    chosen = choose_digits(digits, 10, np.random.default_rng(0))
    assert list(digits.labels[chosen]) == list(range(10))
    patterns = as_patterns(digits.images[chosen])
    assert patterns.shape == (784, 10)
    # Digits are strokes on a background: both signs, with a minority of ink.
    ink = (patterns == 1).mean(axis=0)
    assert (ink > 0.1).all() and (ink < 0.6).all()


def drawn(labels, alike=()):
    """Digits of random ink; images whose numbers are in `alike` are one and the same."""
    images = (np.random.default_rng(len(labels)).random((len(labels), 28, 28)) > 0.7) * 1.0
    images[list(alike)] = images[next(iter(alike), 0)]
    return Digits(images, np.array(labels), "drawn")


def rounds(labels, n):
    """How many images of each class are taken, in rounds of one of each that is left."""
    left, taken = np.bincount(labels, minlength=10), np.zeros(10, int)
    while taken.sum() < n:
        for label in range(10):
            if taken[label] < left[label] and taken.sum() < n:
                taken[label] += 1
    return taken


@given(st.lists(st.integers(0, 9), max_size=40), st.data())
def test_chosen_digits_are_different_and_of_all_classes_alike(more, data):
    labels = [*range(10), *more]
    n = data.draw(st.integers(1, len(labels)))
    digits, seed = drawn(labels), data.draw(st.integers(0, 99))
    chosen = choose_digits(digits, n, np.random.default_rng(seed))
    assert len(set(chosen)) == n
    np.testing.assert_array_equal(
        np.bincount(digits.labels[chosen], minlength=10), rounds(labels, n)
    )
    assert list(digits.labels[chosen[:10]]) == list(range(min(n, 10)))
    # Fewer digits with the same seed are the first ones of more.
    fewer = choose_digits(digits, max(1, n - 3), np.random.default_rng(seed))
    np.testing.assert_array_equal(fewer, chosen[: len(fewer)])


def test_other_seeds_choose_other_digits():
    digits = drawn([*range(10)] * 30)
    choices = [choose_digits(digits, 10, np.random.default_rng(seed)) for seed in range(20)]
    assert len({tuple(chosen) for chosen in choices}) == 20


def test_of_equal_images_one_is_chosen():
    digits = drawn([*range(10), 3, 3, 3], alike={3, 10, 11})
    chosen = choose_digits(digits, 11, np.random.default_rng(0))
    as_patterns(digits.images[chosen])  # which refuses equal ones
    assert {3, 12} < set(chosen)
    with pytest.raises(InputError, match="drawn has 11 different images, not 12"):
        choose_digits(digits, 12, np.random.default_rng(0))


def test_a_missing_class_is_named(folder):
    digits = load_digits(folder)
    with pytest.raises(InputError, match="digit 9"):
        choose_digits(
            Digits(digits.images[:9], digits.labels[:9], "few"), 5, np.random.default_rng(0)
        )


@pytest.fixture
def mirror(folder, tmp_path_factory, monkeypatch):
    """A server of small files in place of MNIST's, and an empty cache."""
    handler = functools.partial(Quiet, directory=folder)
    for name in mnist.MD5:
        (folder / name).write_bytes(gzip.compress((folder / name.removesuffix(".gz")).read_bytes()))
    md5 = {name: hashlib.md5((folder / name).read_bytes()).hexdigest() for name in mnist.MD5}
    cache = tmp_path_factory.mktemp("cache")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch, "os_cache", lambda name: cache / name)
    monkeypatch.setattr(mnist, "MIRROR", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setattr(mnist, "MD5", md5)
    server.cache = cache / "brianmem"
    yield server
    server.shutdown()
    server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def test_mnist_is_fetched_once(mirror):
    digits = load_digits("mnist")
    assert_read(digits)
    assert digits.name == "MNIST test images"
    assert digit_files("mnist") == [mirror.cache / name for name in mnist.MD5]
    mirror.shutdown()
    mirror.server_close()
    assert_read(load_digits("mnist"))


def test_another_file_than_mnist_is_refused(mirror, monkeypatch):
    labels = "t10k-labels-idx1-ubyte.gz"
    monkeypatch.setitem(mnist.MD5, labels, "0" * 32)
    with pytest.raises(InputError, match=rf"{labels} .*another file is there.*--digits PATH$"):
        load_digits("mnist")
    assert not (mirror.cache / labels).exists()


def test_without_a_connection_the_user_is_told_what_to_do(mirror, monkeypatch):
    monkeypatch.setattr(mnist, "MIRROR", mirror_url := mnist.MIRROR + "none/")
    with pytest.raises(InputError, match=r"\(HTTPError\): give files of MNIST with --digits PATH$"):
        load_digits("mnist")
    mirror.shutdown()
    mirror.server_close()
    with pytest.raises(InputError, match=rf"^cannot fetch {mirror_url}.*\(ConnectionError\)"):
        load_digits("mnist")


def test_a_cache_that_cannot_be_written_is_named(mirror):
    mirror.cache.write_text("no folder")
    with pytest.raises(InputError, match=r"into .*brianmem \(Not a directory\): give files"):
        load_digits("mnist")


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
