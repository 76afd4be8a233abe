"""Spoken digits as rasters: the Spiking Heidelberg Digits, or words that are drawn in their place.

Source: Cramer, Stradmann, Schemmel & Zenke (2022), IEEE Trans. Neural Netw. Learn. Syst. 33, 2744.
"""

import gzip
import io
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from brianmem.checks import whole_numbers
from brianmem.errors import InputError
from brianmem.fetch import fetch
from brianmem.raster import Raster

N_CHANNELS = 700  # of the artificial cochlea
LONGEST = 20.0  # seconds of a word, and far more
N_CLASSES = 20  # digits 0 to 9 in two languages
SERVER = "https://zenkelab.org/datasets/"
# The sources that are fetched; a folder of such a name is ./shd_test.
MD5 = {
    "shd_train": "f3252aeb598ac776c1b526422d90eecb",
    "shd_test": "1503a5064faa34311c398fb0a1ed0a6f",
}
DRAWN = "drawn words"

# Of the words that are drawn, in seconds, channels and spikes per second.
SYLLABLES, SYLLABLE, GAP = (2, 3), (0.12, 0.28), (0.01, 0.04)
N_FORMANTS, BAND, SWEEP, RATE = 3, 25.0, 80.0, 60.0
RISE, CLOCK = 0.03, 1e-3


@dataclass(frozen=True)
class SpokenDigits:
    """Recordings of words in 700 channels.

    Attributes
    ----------
    times, units : a list of arrays for each, one per recording: seconds, and channels from 0 to 699
    labels : int array, shape (n_recordings,), from 0 to 19
    name : where they come from
    """

    times: list[np.ndarray]
    units: list[np.ndarray]
    labels: np.ndarray
    name: str


def load_words(source, n_words: int, rng: np.random.Generator) -> SpokenDigits:
    """Some random words, in rounds of one of each class; twenty are one of each.

    Parameters
    ----------
    source : None for words that are drawn here; "shd_test" or "shd_train" for files of the Spiking
        Heidelberg Digits, which are fetched once; an h5 file like theirs, gzipped or not; or a
        folder with one

    Raises InputError if h5py or the file is missing, if it holds something else or too few
    recordings, or cannot be fetched.
    """
    if source is None:
        return draw_words(n_words, rng)
    [path] = shd_files(source)
    with _opened(path) as file:
        try:
            labels = file["labels"][()]
            times, units = file["spikes/times"], file["spikes/units"]
            if not len(labels) == len(times) == len(units):
                raise InputError(f"{path} has not as many labels as recordings")
            chosen = _choose(labels, n_words, rng, path)
            times = [_one_axis(times[k], path).astype(float) for k in chosen]
            units = [whole_numbers(f"units of {path}", _one_axis(units[k], path)) for k in chosen]
        except InputError:
            raise
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise InputError(f"{path} does not hold spoken digits: {error}") from None
    for t, unit in zip(times, units, strict=True):
        fits = len(t) == len(unit) > 0 and np.isfinite(t).all() and t.min() >= 0
        if not (fits and unit.min() >= 0 and unit.max() < N_CHANNELS):
            raise InputError(
                f"{path} has a recording without spikes, or with others than at times from 0 s on "
                f"in channels 0 to {N_CHANNELS - 1}"
            )
    last = max(t.max() for t in times)
    if last > LONGEST:
        raise InputError(
            f"{path} has spikes {last:.4g} s after the beginning of a word: its times must be in "
            "seconds, not in milliseconds"
        )
    name = f"SHD {source.removeprefix('shd_')} set" if source in MD5 else path.name
    return SpokenDigits(times, units, labels[chosen].astype(int), name)


def _one_axis(values, path: Path) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 1:
        raise InputError(
            f"{path} holds recordings of shape {values.shape}: each must be a list of times, and "
            "one of channels"
        )
    return values


def shd_files(source) -> list[Path]:
    """The one file that a source other than None stands for.

    Raises InputError for a folder without such a file or with several, and if it cannot be fetched.
    """
    if source in MD5:
        instead = "give a file of spoken digits with --shd PATH"
        return [fetch(f"{SERVER}{source}.h5.gz", MD5[source], instead)]
    path = Path(source)
    if path.is_dir():
        found = sorted([*path.glob("*.h5"), *path.glob("*.h5.gz")])
        if len(found) != 1:
            raise InputError(f"{path} holds {len(found)} files of spoken digits: name one of them")
        path = found[0]
    return [path]


def as_rasters(words: SpokenDigits, bin_ms: float, n_steps: int) -> Raster:
    """Spikes in bins of time, from the first spike of each word on: at most one each, cut to size.

    Raises InputError for bins without width.
    """
    if not bin_ms > 0:
        raise InputError(f"bin_ms must be positive, not {bin_ms}")
    events = []
    for times, units in zip(words.times, words.units, strict=True):
        # A thousandth of a bin more: 0.012 s is to be the beginning of a bin of 4 ms.
        step = np.floor((times - times.min()) * 1000 / bin_ms + 1e-3).astype(np.int64)
        there = step < n_steps
        events.append(np.unique(np.stack([units[there], step[there]]), axis=1))
    return Raster.from_events(events, N_CHANNELS, n_steps)


def draw_words(n_words: int, rng: np.random.Generator) -> SpokenDigits:
    """Words of two or three syllables, each of three formants that glide over the channels.

    Channels are Poisson processes. A rate rises quickly and decays towards the syllable's end; over
    the channels it is a normal curve about each formant.
    """
    words = [_draw_word(rng) for _ in range(n_words)]
    times, units = zip(*words, strict=True)
    return SpokenDigits(list(times), list(units), np.arange(n_words) % N_CLASSES, DRAWN)


def _draw_word(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Times and channels of the spikes of one word."""
    times, units, start = [], [], 0.0
    for _ in range(rng.integers(SYLLABLES[0], SYLLABLES[1] + 1)):
        rate = _syllable(rng)
        step, unit = np.nonzero(rng.random(rate.shape) < rate * CLOCK)
        times.append(start + CLOCK * step)
        units.append(unit)
        start += CLOCK * len(rate) + rng.uniform(*GAP)
    return np.concatenate(times), np.concatenate(units)


def _syllable(rng: np.random.Generator) -> np.ndarray:
    """Rates of all channels along time, shape (n_times, 700)."""
    time = np.arange(0, rng.uniform(*SYLLABLE), CLOCK)
    part = time / time[-1]
    onset = (1 - np.exp(-time / RISE)) * (1 - part**2)
    centres = rng.uniform(0.05, 0.95, N_FORMANTS) * N_CHANNELS
    glide = centres + SWEEP * rng.standard_normal(N_FORMANTS) * (part - 0.5)[:, None]
    distance = (np.arange(N_CHANNELS) - glide[:, :, None]) / BAND
    return RATE * onset[:, None] * np.exp(-(distance**2) / 2).sum(axis=1)


def _choose(labels: np.ndarray, n: int, rng: np.random.Generator, path: Path) -> np.ndarray:
    """Indices of n recordings, classes in rounds, shape (n,)."""
    integer = labels.ndim == 1 and np.issubdtype(labels.dtype, np.integer)
    if not (integer and labels.min(initial=0) >= 0 and labels.max(initial=0) < N_CLASSES):
        raise InputError(f"{path} must hold labels as integers from 0 to {N_CLASSES - 1}")
    if n > len(labels):
        raise InputError(f"{path} has {len(labels)} recordings, not {n}")
    shuffled = rng.permutation(len(labels))
    shuffled_labels = labels[shuffled].astype(np.int64)  # pandas knows one byte order only
    rounds = pd.Series(shuffled_labels).groupby(shuffled_labels).cumcount()
    return shuffled[np.lexsort((shuffled_labels, rounds))[:n]]


def _opened(path: Path):
    """The h5 file; InputError if it cannot be read."""
    try:
        import h5py  # only who has such files needs it
    except ImportError:
        raise InputError(
            f"{path} is read with h5py, which is missing: pip install 'brianmem[shd]'"
        ) from None
    try:
        file = path
        if path.suffix == ".gz":
            file = io.BytesIO(gzip.decompress(path.read_bytes()))
        return h5py.File(file, "r")
    except (OSError, EOFError, zlib.error) as error:
        number = getattr(error, "errno", None)  # HDF5 has it in a text of its own
        reason = os.strerror(number) if number else error
        raise InputError(f"cannot read spoken digits from {path}: {reason}") from None
