"""Where compiled C++ programs are kept, and how they end."""

import shutil

import pytest
from brian2 import Network, NeuronGroup, get_device, ms, prefs

from brianmem import standalone
from brianmem.backends import COMPILER_FLAGS, PROGRAM_FLAGS, brian_backend
from brianmem.errors import ProgramError


def test_programs_are_kept_by_sources_compiler_and_processor(tmp_path):
    found = set()
    for compiler in ("g++ 12 for znver3", "g++ 12 for haswell"):
        for source in ("int main() {}", "int main() { return 1; }"):
            (tmp_path / "main.cpp").write_text(source)
            found.add(standalone._digest(tmp_path, compiler))
    assert len(found) == 4


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++")
def test_the_compiler_tells_the_processor():
    told = standalone.Caching.compiler()
    assert "version" in told
    if PROGRAM_FLAGS != COMPILER_FLAGS:
        assert "-march=" in told.replace("-march=native", "")


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("echo no more room >&2; echo out of memory >&2; exit 255", "failed: out of memory$"),
        ("kill -9 $$", "failed: it crashed, or was ended for want of memory$"),
    ],
)
def test_a_program_that_fails_says_why(ending, message, backend, capfd, monkeypatch):
    if backend not in ("cpp_standalone", "cuda_standalone"):
        pytest.skip("for programs")
    monkeypatch.setitem(prefs, standalone.RUN, ["sh", "-c", f"echo begun; {ending}"])
    with brian_backend(backend), pytest.raises(ProgramError, match=message):
        group = NeuronGroup(2, "v : 1", name="failing")
        Network(group).run(1 * ms)
    assert capfd.readouterr() == ("begun\n" if backend == "cpp_standalone" else "", "")


def test_a_program_that_succeeds_is_heard(backend, capfd):
    """On a GPU there is nothing to hear but what brian2cuda says of itself."""
    if backend not in ("cpp_standalone", "cuda_standalone"):
        pytest.skip("for programs")
    with brian_backend(backend):
        group = NeuronGroup(2, "v : 1", name="heard")
        get_device().insert_code("main", 'std::cout << "out\\n"; std::cerr << "error\\n";')
        Network(group).run(1 * ms)
        assert list(group.v) == [0, 0]
    assert capfd.readouterr() == ("out\n" if backend == "cpp_standalone" else "", "error\n")
