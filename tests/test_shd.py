import functools
import gzip
import hashlib
import http.server
import os
import sys
import threading

import numpy as np
import pooch
import pytest

from brianmem import shd
from brianmem.errors import InputError
from brianmem.shd import SpokenDigits, as_rasters, draw_words, load_words, shd_files
from brianmem.targets import longest_silence

h5py = pytest.importorskip("h5py", reason="h5py, which reads spoken digits, is not installed")

LABELS = np.array([*range(20), 3, 3])
TIMES = [np.array([0.1, 0.25, 0.5 + 0.01 * k]) for k in range(len(LABELS))]
UNITS = [np.array([k, 699, 350]) for k in range(len(LABELS))]


def write(path, times=TIMES, units=UNITS, labels=LABELS, kinds=(np.float16, np.uint16)):
    """A file as the data set has it."""
    with h5py.File(path, "w") as file:
        for name, arrays, kind in zip(("times", "units"), (times, units), kinds, strict=True):
            data = file.create_dataset(f"spikes/{name}", len(arrays), h5py.vlen_dtype(kind))
            for k, array in enumerate(arrays):
                data[k] = array.astype(kind)
        file["labels"] = labels
        file["extra/speaker"] = np.zeros(len(labels), np.uint16)
    return path


def load(source, n_words=20, seed=0):
    return load_words(source, n_words, np.random.default_rng(seed))


def assert_read(words, atol=3e-4):  # half of what float16 has between 0.5 and 1 s
    assert list(words.labels[:20]) == list(range(20))
    for times, units in zip(words.times, words.units, strict=True):
        k = units[0]
        np.testing.assert_allclose(times, TIMES[k], atol=atol)
        np.testing.assert_array_equal(units, UNITS[k])
    of_word = [LABELS[units[0]] for units in words.units]
    np.testing.assert_array_equal(words.labels, of_word)


def test_file_gzipped_file_and_folder(tmp_path):
    path = write(tmp_path / "shd_test.h5")
    assert_read(load(path))
    assert_read(load(tmp_path))
    packed = tmp_path / "other" / "shd_train.h5.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert_read(load(packed))
    words = load(packed.parent, 22)
    assert_read(words)
    assert words.name == "shd_train.h5.gz" and list(words.labels[20:]) == [3, 3]
    assert_read(load(write(tmp_path / "b.h5", kinds=(np.float32, np.int64))), atol=1e-7)


def test_fewer_words_with_the_same_seed_are_the_first_of_more(tmp_path):
    path = write(tmp_path / "shd_test.h5")
    more, fewer = load(path, 21, 5), load(path, 7, 5)
    assert list(fewer.labels) == list(range(7))
    for a, b in zip(fewer.units, more.units, strict=False):
        np.testing.assert_array_equal(a, b)
    firsts = {tuple(int(u[0]) for u in load(path, 4, seed).units) for seed in range(20)}
    assert firsts == {(0, 1, 2, k) for k in (3, 20, 21)}


def test_bad_files_are_refused(tmp_path):
    path = tmp_path / "shd_test.h5"
    with pytest.raises(InputError, match=r"cannot read spoken digits from .*shd_test.h5"):
        load(path)
    with pytest.raises(InputError, match="holds 0 files"):
        load(tmp_path)
    path.write_bytes(b"no h5 file")
    with pytest.raises(InputError, match="cannot read spoken digits"):
        load(path)
    packed = tmp_path / "shd_test.h5.gz"
    for content in (b"plain", gzip.compress(b"no h5 file"), gzip.compress(bytes(9000))[:-9]):
        packed.write_bytes(content)
        with pytest.raises(InputError, match="cannot read spoken digits"):
            load(packed)
    with pytest.raises(InputError, match="holds 2 files"):
        load(tmp_path)
    with h5py.File(path, "w") as file:
        file["other"] = 1
    with pytest.raises(InputError, match="does not hold spoken digits"):
        load(path)
    for changes, words in (
        ({"labels": LABELS[:5]}, "as many labels"),
        ({"labels": LABELS + 5}, "labels as integers from 0 to 19"),
        ({"labels": LABELS / 2}, "labels as integers"),
        ({"units": [u + 1 for u in UNITS]}, "in channels 0 to 699"),
        ({"times": [t - 0.2 for t in TIMES]}, "from 0 s on"),
        ({"times": [t[:2] for t in TIMES]}, "recording"),
        ({"times": [t[:0] for t in TIMES], "units": [u[:0] for u in UNITS]}, "without spikes"),
    ):
        with pytest.raises(InputError, match=words):
            load(write(path, **changes))
    with pytest.raises(InputError, match="has 22 recordings, not 23"):
        load(write(path), 23)


def test_without_h5py_the_user_is_told_what_to_install(tmp_path, monkeypatch):
    path = write(tmp_path / "shd_test.h5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError, match=r"h5py, which is missing: pip install 'brianmem\[shd\]'$"):
        load(path)
    assert len(load(None, 2).times) == 2


def slow_raster(times, units, bin_ms, n_steps):
    dense, first = np.zeros((700, n_steps), bool), min(times)
    for t, unit in zip(times, units, strict=True):
        step = int((t - first) * 1000 / bin_ms + 1e-3)
        if step < n_steps:
            dense[unit, step] = True
    return dense


@pytest.mark.parametrize("bin_ms", [1.0, 4.0])
def test_rasters_are_bins_from_the_first_spike_on(bin_ms):
    words = draw_words(3, np.random.default_rng(0))
    # Twice the same spike, times in another order, and edges of bins.
    words.times[0] = np.concatenate([words.times[0], words.times[0], [0.012, 0.1]])[::-1]
    words.units[0] = np.concatenate([words.units[0], words.units[0], [5, 5]])[::-1]
    raster = as_rasters(words, bin_ms, 60)
    both = zip(words.times, words.units, strict=True)
    expected = [slow_raster(*word, bin_ms, 60) for word in both]
    np.testing.assert_array_equal(raster.to_dense(), expected)
    assert raster.to_dense()[:, :, 0].any(axis=1).all()


def test_an_edge_belongs_to_the_bin_that_it_begins():
    times = 0.1 + 0.004 * np.arange(10)
    words = SpokenDigits([times], [np.arange(10)], np.array([0]), "by hand")
    np.testing.assert_array_equal(as_rasters(words, 4.0, 10).to_dense()[0, :10], np.eye(10))
    with pytest.raises(InputError, match="bin_ms"):
        as_rasters(words, 0.0, 10)


def test_drawn_words_are_bands_without_long_silence():
    words = load(None, 20, 1)
    assert words.name == "drawn words" and list(words.labels) == list(range(20))
    raster = as_rasters(words, 1.0, 1000)
    ends = [raster.select(m).step.max() for m in range(20)]
    # Two or three syllables of 0.12 to 0.28 s and gaps of 10 to 40 ms, thin at their ends.
    assert min(ends) > 200 and max(ends) < 930
    assert longest_silence(raster).max() < 80
    # A tenth of the channels or more have few spikes: bands, not noise.
    for m in range(20):
        by_channel = np.sort(np.bincount(raster.select(m).neuron, minlength=700))
        assert by_channel[:70].sum() < 0.02 * by_channel.sum()
    again = load(None, 20, 1)
    assert all((a == b).all() for a, b in zip(words.times, again.times, strict=True))
    assert len(load(None, 20, 2).times[0]) != len(words.times[0])


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path, tmp_path_factory, monkeypatch):
    """A server of a small file in place of the data set's, and an empty cache."""
    content = write(tmp_path / "whole.h5").read_bytes()
    for name in shd.MD5:
        (tmp_path / f"{name}.h5.gz").write_bytes(gzip.compress(content, mtime=0))
    md5 = hashlib.md5(gzip.compress(content, mtime=0)).hexdigest()
    handler = functools.partial(Quiet, directory=tmp_path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch, "os_cache", lambda name: cache / name)
    monkeypatch.setattr(shd, "SERVER", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setattr(shd, "MD5", dict.fromkeys(shd.MD5, md5))
    server.cache = cache / "brianmem"
    yield server
    server.shutdown()
    server.server_close()


def test_spoken_digits_are_fetched_once(server):
    words = load("shd_test")
    assert_read(words)
    assert words.name == "SHD test set"
    assert shd_files("shd_test") == [server.cache / "shd_test.h5.gz"]
    assert load("shd_train", 3).name == "SHD train set"
    server.shutdown()
    server.server_close()
    assert_read(load("shd_test"))


def test_another_file_is_refused(server, monkeypatch):
    monkeypatch.setitem(shd.MD5, "shd_test", "0" * 32)
    with pytest.raises(InputError, match=r"shd_test.h5.gz .*another file is there.*--shd PATH$"):
        load("shd_test")
    assert not (server.cache / "shd_test.h5.gz").exists()


def test_without_a_connection_the_user_is_told_what_to_do(server):
    server.shutdown()
    server.server_close()
    with pytest.raises(InputError, match=r"^cannot fetch .*\(ConnectionError\): .* --shd PATH$"):
        load("shd_test")


@pytest.mark.skipif("BRIANMEM_SHD" not in os.environ, reason="BRIANMEM_SHD does not name a file")
def test_real_spoken_digits():
    words = load(os.environ["BRIANMEM_SHD"])
    assert list(words.labels) == list(range(20))
    assert all(0.2 < times.max() < 1.5 and len(times) > 1000 for times in words.times)


@pytest.mark.parametrize("kind", [">i8", ">u2", np.uint8])
def test_labels_of_any_byte_order_are_read(kind, tmp_path):
    assert_read(load(write(tmp_path / "shd_test.h5", labels=LABELS.astype(kind))))


def test_times_in_milliseconds_are_refused(tmp_path):
    path = write(tmp_path / "a.h5", times=[1000 * t for t in TIMES], kinds=(np.float32, np.uint16))
    with pytest.raises(InputError, match="must be in seconds, not in milliseconds"):
        load(path)


def test_too_few_recordings_are_counted(tmp_path):
    path = write(tmp_path / "a.h5", TIMES[:19], UNITS[:19], LABELS[:19])
    with pytest.raises(InputError, match=r"a\.h5 has 19 recordings, not 20$"):
        load(path)


def test_recordings_have_one_axis(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["spikes/times"] = np.zeros((22, 3, 2))
        file["spikes/units"] = np.zeros((22, 3, 2), int)
        file["labels"] = LABELS
    with pytest.raises(InputError, match=r"recordings of shape \(3, 2\)"):
        load(path)
