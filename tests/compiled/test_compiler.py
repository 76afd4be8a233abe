"""The C++ compiler: named by CXX, never more at a time than cores, its words passed on."""

import shutil
import sys
import threading
import time

import pytest

from brianmem.compiled import compiler
from brianmem.errors import InputError

pytestmark = pytest.mark.skipif(compiler.missing() is not None, reason="there is no C++ compiler")


@pytest.fixture
def pretended(tmp_path, monkeypatch):
    """A compiler of the test's own, from the lines of a shell script."""

    def pretend(*lines):
        script = tmp_path / "pretended-c++"
        script.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        script.chmod(0o755)
        monkeypatch.setenv("CXX", str(script))

    return pretend


def test_cxx_names_the_compiler(monkeypatch):
    monkeypatch.delenv("CXX", raising=False)
    assert compiler.command() == [shutil.which("g++")]
    monkeypatch.setenv("CXX", "g++ -pipe")
    assert compiler.command() == [shutil.which("g++"), "-pipe"]


def test_a_compiler_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("CXX", "/nope")
    with pytest.raises(InputError, match=r"needs a C\+\+ compiler \(there is no /nope; .*CXX"):
        compiler.command()


def test_its_identity_tells_version_and_processor():
    told = compiler.identity()
    assert "version" in told
    if compiler.NATIVE:
        assert "-march=" in told.replace("-march=native", "")


def test_what_it_complains_of_is_passed_on(pretended):
    pretended("echo one >&2", "echo two >&2", "exit 3")
    with pytest.raises(InputError, match=r"cannot compile the thing: one\ntwo$"):
        compiler.compile_with([], "the thing")
    pretended("exit 3")
    with pytest.raises(InputError, match=r"the thing: it ended with status 3$"):
        compiler.compile_with([], "the thing")


def test_no_more_compilers_run_than_there_are_cores(pretended, tmp_path, monkeypatch):
    monkeypatch.setattr(compiler, "_places", lambda: [tmp_path / "0", tmp_path / "1"])
    running = tmp_path / "running"
    running.mkdir()
    pretended(f"touch {running}/$1", "sleep 0.2", f"rm {running}/$1")
    threads = [
        threading.Thread(target=compiler.compile_with, args=([str(k)], "it")) for k in range(6)
    ]
    for thread in threads:
        thread.start()
    most = 0
    while any(thread.is_alive() for thread in threads):
        most = max(most, len([*running.iterdir()]))
        time.sleep(0.005)
    assert most == 2


def test_a_header_is_compiled_beforehand(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    options = [*compiler.FLAGS, *compiler.NATIVE]
    header = compiler.with_header("#include <vector>\n", options)
    source = tmp_path / "source.cpp"
    source.write_text("int main() { return std::vector<int>().size(); }")
    # With -H it lists what it includes, and marks a header that was compiled before.
    listed = ["-H", "-Winvalid-pch", str(source), "-o", str(tmp_path / "main")]
    done = compiler.subprocess.run(
        [*compiler.command(), *options, *header, *listed],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.startswith(f"! {header[1]}.gch")
    assert sys.getsizeof(done.stderr) < 10_000
