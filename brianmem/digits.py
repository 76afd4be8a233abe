"""Images of digits as binary patterns: scikit-learn's by default, MNIST from the web or a file."""

import gzip
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import zoom

from brianmem import mnist
from brianmem.errors import InputError

SIDE = 28  # pixels of an MNIST image
N_CLASSES = 10
MNIST = "mnist"  # the source that is fetched; a folder of this name is ./mnist


@dataclass(frozen=True)
class Digits:
    """Grey-scale images of digits.

    Attributes
    ----------
    images : float array, shape (n_images, 28, 28), from 0 (background) to 1 (ink)
    labels : int array, shape (n_images,), from 0 to 9
    name : where they come from
    """

    images: np.ndarray
    labels: np.ndarray
    name: str


def load_digits(source=None) -> Digits:
    """scikit-learn's 8 x 8 digits upscaled to 28 x 28, or MNIST.

    Parameters
    ----------
    source : None for scikit-learn's; "mnist" for MNIST's test images, which are fetched once; an
        images file in MNIST's idx format, gzipped or not, with its labels file beside it ("images"
        and "idx3" in the name become "labels" and "idx1"); a folder with one such pair; or an npz
        file with the arrays images and labels, or x_train and y_train

    Raises InputError if a file is missing or holds something else, or cannot be fetched.
    """
    if source is None:
        return _embedded_digits()
    path, *others = digit_files(source)
    try:
        if others:
            images, labels = _read_idx(path), _read_idx(*others)
        else:
            images, labels = _read_npz(path)
    except OSError as error:
        file = error.filename or path
        raise InputError(f"cannot read digits from {file}: {error.strerror or error}") from None
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or labels.shape != (len(images),):
        raise InputError(
            f"{path} holds images of shape {images.shape} and labels of shape {labels.shape}: "
            f"expected (n, {SIDE}, {SIDE}) and (n,)"
        )
    bytes_of_ink = _is_integer(images, 255) and images.max(initial=0) > 1
    if not (bytes_of_ink and _is_integer(labels, N_CLASSES - 1)):
        raise InputError(f"{path} must hold pixels as integers from 0 to 255, and labels to 9")
    name = "MNIST test images" if source == MNIST else path.name
    return Digits(images / 255.0, labels.astype(int), name)


def digit_files(source) -> list[Path]:
    """The files that a source other than None stands for: images and labels, or one npz file.

    Raises InputError for a folder without a file of images or with several, and if MNIST cannot be
    fetched.
    """
    if source == MNIST:
        return mnist.files()
    path = Path(source)
    if path.is_dir():
        path = _only_images_file(path)
    return [path] if path.suffix == ".npz" else [path, _labels_file(path)]


def choose_digits(digits: Digits, n: int, rng: np.random.Generator) -> np.ndarray:
    """Indices of n random images that differ once binarised, shape (n,).

    They come in rounds of one image of each class, from 0 to 9; a class that has no more images is
    passed over. Ten images are one of each.

    Raises InputError if a class has no image, or if there are not n different ones.
    """
    _, different = np.unique(np.packbits(_bright(digits.images), axis=1), axis=0, return_index=True)
    shuffled = rng.permutation(np.sort(different))
    labels = digits.labels[shuffled]
    missing = np.setdiff1d(np.arange(N_CLASSES), labels)
    if len(missing):
        raise InputError(f"{digits.name} has no image of digit {missing[0]}")
    if n > len(shuffled):
        raise InputError(f"{digits.name} has {len(shuffled)} different images, not {n}")
    rounds = pd.Series(labels).groupby(labels).cumcount()
    return shuffled[np.lexsort((labels, rounds))[:n]]


def as_patterns(images: np.ndarray) -> np.ndarray:
    """Patterns of +-1, shape (784, n_images): +1 where a pixel is brighter than half.

    Raises InputError if two images give the same pattern.
    """
    bright = _bright(images)
    if len(np.unique(bright, axis=0)) < len(images):
        raise InputError("two of the images are the same once they are binarised")
    return np.where(bright.T, 1, -1).astype(np.int8)


def _bright(images: np.ndarray) -> np.ndarray:
    """Which pixels of each image are ink, boolean, shape (n_images, 784)."""
    return images.reshape(len(images), -1) > 0.5


def _is_integer(array: np.ndarray, most: int) -> bool:
    """Whether an array holds integers from 0 to `most`."""
    integer = np.issubdtype(array.dtype, np.integer)
    return integer and array.min(initial=0) >= 0 and array.max(initial=0) <= most


def _embedded_digits() -> Digits:
    from sklearn.datasets import load_digits as load_small_digits

    small = load_small_digits()
    factor = SIDE / small.images.shape[1]
    images = zoom(small.images / 16.0, (1, factor, factor), order=1, grid_mode=True, mode="nearest")
    return Digits(images, small.target.astype(int), "scikit-learn digits, 8x8 upscaled")


def _only_images_file(folder: Path) -> Path:
    found = sorted(folder.glob("*images*idx3*"))
    if len(found) != 1:
        raise InputError(f"{folder} holds {len(found)} files of MNIST images: name one of them")
    return found[0]


def _labels_file(images: Path) -> Path:
    return images.with_name(images.name.replace("images", "labels").replace("idx3", "idx1"))


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            for names in (("images", "labels"), ("x_train", "y_train")):
                if all(name in arrays for name in names):
                    return tuple(arrays[name] for name in names)
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{path} is no readable npz file: {error}") from None
    raise InputError(f"{path} has neither images and labels nor x_train and y_train")


def _read_idx(path: Path) -> np.ndarray:
    """An array of bytes in the idx format: 0, 0, 8, number of axes, sizes (big-endian), data."""
    content = path.read_bytes()
    try:
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        zeros, kind, n_axes = struct.unpack_from(">HBB", content)
        shape = struct.unpack_from(f">{n_axes}I", content, 4)
        if zeros or kind != 8:
            raise ValueError("it does not begin like one")
        return np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes).reshape(shape)
    except (ValueError, struct.error, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path} is no idx file of bytes: {error}") from None
