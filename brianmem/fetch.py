"""Fetch a file once, check that it is the known one, and keep it in the user's cache."""

from pathlib import Path

from brianmem.errors import InputError


def fetch(url: str, md5: str, instead: str) -> Path:
    """The file in the cache.

    Raises InputError if it is not there and cannot be fetched, or is another file; `instead` says
    what to give then.
    """
    import pooch  # takes longer than to read what is there already

    name, folder = url.rsplit("/", 1)[1], pooch.os_cache("brianmem")
    try:
        return Path(pooch.retrieve(url, f"md5:{md5}", name, folder))
    except OSError as error:  # a connection's, too
        reason = error.strerror or type(error).__name__
    except ValueError:
        reason = "another file is there"
    raise InputError(f"cannot fetch {url} into {folder} ({reason}): {instead}")
