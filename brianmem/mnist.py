"""MNIST's 10,000 test images and their labels, fetched once and kept in the user's cache."""

from pathlib import Path

from brianmem.fetch import fetch

MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist/"
MD5 = {
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}


def files() -> list[Path]:
    """The files of images and of labels, in MNIST's idx format and gzipped.

    Raises InputError if one is not in the cache and cannot be fetched, or is not the known file.
    """
    instead = "give files of MNIST with --digits PATH"
    return [fetch(MIRROR + name, md5, instead) for name, md5 in MD5.items()]
