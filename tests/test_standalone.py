"""Where compiled C++ programs are kept, and how they end."""

import pytest
from brian2 import Network, NeuronGroup, get_device, ms, prefs

from brianmem import standalone
from brianmem.brian import brian_backend
from brianmem.errors import ProgramError

pytestmark = pytest.mark.glue


def test_programs_are_kept_by_all_that_is_compiled(tmp_path):
    def sources():
        return tuple(standalone._sources(tmp_path))

    found = {sources()}
    for name, text in (("main.cpp", "1"), ("main.cpp", "2"), ("b.h", "2"), ("makefile", "-O3")):
        (tmp_path / name).write_text(text)
        found.add(sources())
    assert len(found) == 5
    (tmp_path / "weights.dat").write_text("data are no part of a program")
    assert sources() in found


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("echo no more room >&2; echo out of memory >&2; exit 255", "failed: out of memory$"),
        ("kill -9 $$", "failed: it crashed, or was ended for want of memory$"),
    ],
)
def test_a_program_that_fails_says_why(ending, message, program_backend, capfd, monkeypatch):
    with brian_backend(program_backend), pytest.raises(ProgramError, match=message):
        monkeypatch.setitem(prefs, standalone.RUN, ["sh", "-c", f"echo begun; {ending}"])
        group = NeuronGroup(2, "v : 1", name="failing")
        Network(group).run(1 * ms)
    assert capfd.readouterr() == ("begun\n" if program_backend == "cpp_standalone" else "", "")


def test_a_program_that_succeeds_is_heard(program_backend, capfd):
    """On a GPU there is nothing to hear but what brian2cuda says of itself."""
    with brian_backend(program_backend):
        group = NeuronGroup(2, "v : 1", name="heard")
        get_device().insert_code("main", 'std::cout << "out\\n"; std::cerr << "error\\n";')
        Network(group).run(1 * ms)
        assert list(group.v) == [0, 0]
    assert capfd.readouterr() == ("out\n" if program_backend == "cpp_standalone" else "", "error\n")
