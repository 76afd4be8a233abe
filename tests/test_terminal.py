"""How commands end: with what status, and what they say."""

import os
import subprocess
import sys

import pytest

from brianmem import schemas
from brianmem.errors import InputError
from brianmem.terminal import guard
from tests.analysis.folder import MAIN, write

COMMANDS = {
    "a figure": ["figures", "lowrank_capacity", "--tables", "{tables}", "--out", "{out}"],
    "a result": ["analysis.capacity", "--tables", "{tables}", "--out", "{out}"],
    "a plan": ["protocols.lowrank.capacity", "--dry-run", "--out", "{out}"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    write(folder, {schemas.LOWRANK_CAPACITY: MAIN[schemas.LOWRANK_CAPACITY]})
    return folder


@pytest.mark.parametrize(
    ("name", "unbuffered"),
    [
        ("a result", ""),
        ("a plan", ""),
        *(pytest.param("a figure", setting, marks=pytest.mark.slow) for setting in ("", "1")),
    ],
)
def test_a_reader_that_has_gone_ends_a_command_in_silence(name, unbuffered, folder, tmp_path):
    """As `... | head -0`: the pipe has no other end when the first line is written."""
    module, *arguments = COMMANDS[name]
    arguments = [a.format(tables=folder, out=tmp_path) for a in arguments]
    read, write_end = os.pipe()
    os.close(read)
    try:
        found = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            stdout=write_end,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            timeout=120,
        )
    finally:
        os.close(write_end)
    assert found.stderr == ""
    assert found.returncode == 1


def test_status_and_sentence(capsys):
    def fail(error):
        raise error

    for action, status, sentence in (
        (lambda: None, 0, ""),
        (lambda: 7, 7, ""),
        (lambda: fail(InputError("no such thing")), 2, "toy: error: no such thing\n"),
        (lambda: fail(MemoryError("8 GB")), 2, "toy: error: not enough memory: 8 GB\n"),
        (lambda: fail(KeyboardInterrupt("3 of 4")), 130, "toy: interrupted: 3 of 4\n"),
    ):
        assert guard("toy", action) == status
        assert capsys.readouterr() == ("", sentence)
    with pytest.raises(ValueError, match="a bug"):
        guard("toy", lambda: fail(ValueError("a bug")))
