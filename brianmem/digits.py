"""Images of digits as binary patterns: scikit-learn's by default, MNIST from a file."""

import gzip
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import zoom

from brianmem.errors import InputError

SIDE = 28  # pixels of an MNIST image


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


def load_digits(path=None) -> Digits:
    """scikit-learn's 8 x 8 digits upscaled to 28 x 28, or MNIST from a file.

    Parameters
    ----------
    path : None; an images file in MNIST's idx format, gzipped or not, with its labels file beside
        it ("images" and "idx3" in the name become "labels" and "idx1"); a folder with one such
        pair; or an npz file with the arrays images and labels, or x_train and y_train

    Raises InputError if a file is missing or holds something else.
    """
    if path is None:
        return _embedded_digits()
    path = Path(path)
    if path.is_dir():
        path = _only_images_file(path)
    try:
        if path.suffix == ".npz":
            images, labels = _read_npz(path)
        else:
            images, labels = _read_idx(path), _read_idx(_labels_file(path))
    except OSError as error:
        file = error.filename or path
        raise InputError(f"cannot read digits from {file}: {error.strerror or error}") from None
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or labels.shape != (len(images),):
        raise InputError(
            f"{path} holds images of shape {images.shape} and labels of shape {labels.shape}: "
            f"expected (n, {SIDE}, {SIDE}) and (n,)"
        )
    if not (_is_integer(images) and _is_integer(labels) and _has_bytes(images)):
        raise InputError(f"{path} must hold pixels as integers from 0 to 255, and integer labels")
    return Digits(images / 255.0, labels.astype(int), path.name)


def one_of_each(digits: Digits, rng: np.random.Generator) -> np.ndarray:
    """Indices of ten random images, one of each class from 0 to 9.

    Raises InputError if a class has no image.
    """
    choices = [np.flatnonzero(digits.labels == label) for label in range(10)]
    missing = [label for label, found in enumerate(choices) if not len(found)]
    if missing:
        raise InputError(f"{digits.name} has no image of digit {missing[0]}")
    return np.array([rng.choice(found) for found in choices])


def as_patterns(images: np.ndarray) -> np.ndarray:
    """Patterns of +-1, shape (784, n_images): +1 where a pixel is brighter than half.

    Raises InputError if two images give the same pattern.
    """
    bright = images.reshape(len(images), -1).T > 0.5
    if len(np.unique(bright, axis=1).T) < len(images):
        raise InputError("two of the images are the same once they are binarised")
    return np.where(bright, 1, -1).astype(np.int8)


def _is_integer(array: np.ndarray) -> bool:
    return np.issubdtype(array.dtype, np.integer)


def _has_bytes(images: np.ndarray) -> bool:
    """Pixels from 0 to 255, and not all of them background."""
    return images.min(initial=0) >= 0 and 1 < images.max(initial=0) <= 255


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
