"""MNIST's 10,000 test images and their labels, fetched once and kept in the user's cache."""

from pathlib import Path

from brianmem.errors import InputError

MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist/"
MD5 = {
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}


def fetch() -> list[Path]:
    """The files of images and of labels, in MNIST's idx format and gzipped.

    Raises InputError if one is not in the cache and cannot be fetched, or is not the known file.
    """
    return [_fetch(name) for name in MD5]


def _fetch(name: str) -> Path:
    import pooch  # takes longer than to read digits from a file

    url, folder = MIRROR + name, pooch.os_cache("brianmem")
    try:
        return Path(pooch.retrieve(url, f"md5:{MD5[name]}", name, folder))
    except OSError as error:  # a connection's, too
        reason = error.strerror or type(error).__name__
    except ValueError:
        reason = "another file is there"
    raise InputError(
        f"cannot fetch {url} into {folder} ({reason}): give files of MNIST with --digits PATH"
    )
