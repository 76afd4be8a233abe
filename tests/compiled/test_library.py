"""What is compiled on first use: when it is kept, when it is made again, and how that fails."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from brianmem.compiled import cache, library
from brianmem.compiled.library import load_library
from brianmem.errors import InputError

SOURCE = '#include "number.h"\nextern "C" int number() { return NUMBER; }\n'
LINE = "compiling a number (once per machine) ...\n"
# For another process.
PROGRAM = """
import sys
from pathlib import Path
from brianmem.compiled.library import load_library
files = [Path(sys.argv[1], name) for name in ("number.cpp", "number.h")]
print(load_library("number", files, "a number").number())
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A source and its header; the cache is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CXX", raising=False)
    (tmp_path / "number.cpp").write_text(SOURCE)
    (tmp_path / "number.h").write_text("#define NUMBER 5\n")
    return [tmp_path / "number.cpp", tmp_path / "number.h"]


def number(files):
    return load_library("number", files, "a number").number()


def kept():
    return sorted(p for p in cache.folder("libraries").glob("*") if p.suffix != ".sum")


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_library_is_compiled_once_and_said_so(files, capsys):
    assert number(files) == 5
    assert capsys.readouterr().err == LINE
    [library] = kept()
    assert library.stat().st_mode & 0o777 == 0o700
    assert number(files) == 5
    assert capsys.readouterr().err == ""
    assert kept() == [library]


def test_other_contents_flags_and_compilers_make_another(files, monkeypatch, capsys):
    assert number(files) == 5
    files[1].write_text("#define NUMBER 6\n")
    assert number(files) == 6
    monkeypatch.setattr(library, "OPTIONS", ("-O1", *library.OPTIONS))
    assert number(files) == 6
    monkeypatch.setattr(library, "identity", lambda: "another processor")
    assert number(files) == 6
    assert len(kept()) == 4
    assert capsys.readouterr().err == 4 * LINE


def foreign(path, monkeypatch):
    monkeypatch.setattr(cache.os, "getuid", lambda: path.stat().st_uid + 1)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path, _: path.chmod(0o720),
        lambda path, _: path.chmod(0o702),
        lambda path, _: path.write_bytes(path.read_bytes()[:100]),
        foreign,
    ],
)
def test_what_others_can_have_written_or_is_damaged_is_made_again(
    spoil, files, monkeypatch, capsys
):
    # Not loaded in this process, where a library stays.
    subprocess.run([sys.executable, "-c", PROGRAM, files[0].parent], check=True)
    [library] = kept()
    capsys.readouterr()
    spoil(library, monkeypatch)
    assert number(files) == 5
    assert capsys.readouterr().err == LINE
    assert kept() == [library]


def test_a_cache_that_cannot_be_written_costs_a_compilation_each_time(
    files, monkeypatch, tmp_path, capsys
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert number(files) == number(files) == 5
    assert capsys.readouterr().err == 2 * LINE


def test_eight_processes_compile_once(files):
    command = [sys.executable, "-c", PROGRAM, str(files[0].parent)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    told = [one.communicate() for one in [subprocess.Popen(command, **pipes) for _ in range(8)]]
    assert [out for out, _ in told] == 8 * ["5\n"]
    assert sorted(error for _, error in told) == [*7 * [""], LINE]
    assert [path.suffix for path in kept()] == [".so"]


def test_an_interrupt_leaves_nothing(files, tmp_path):
    begun = tmp_path / "begun"
    compiler = script(
        tmp_path / "slow", f'case "$*" in *-shared*) touch {begun}; exec sleep 60; esac'
    )
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    environment = os.environ | {"CXX": compiler, "TMPDIR": str(tmp_path / "scratch")}
    (tmp_path / "scratch").mkdir()
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    while not begun.exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate()[1]
    assert kept() == []
    assert [*Path(tmp_path, "scratch").iterdir()] == []


def test_no_compiler(files, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler --fast")
    with pytest.raises(
        InputError, match=r"a C\+\+ compiler \(there is no no-such-compiler; .* CXX"
    ):
        number(files)


def test_a_compiler_that_fails_has_its_say(files, tmp_path, monkeypatch):
    monkeypatch.setenv("CXX", script(tmp_path / "broken", "echo it is broken >&2; exit 1"))
    with pytest.raises(InputError, match=r"broken cannot compile a number: it is broken$"):
        number(files)
    assert kept() == []


def test_a_file_that_is_not_there(files):
    files[1].unlink()
    with pytest.raises(InputError, match=r"cannot read .*number.h: No such file"):
        number(files)


def test_where_things_are_kept(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache.folder("programs") == Path("/somewhere/brianmem/programs")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache.folder("programs") == Path.home() / ".cache/brianmem/programs"
