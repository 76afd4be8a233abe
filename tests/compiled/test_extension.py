"""Extensions from Cython's language: kept by flags, glue without optimisation, errors in words."""

from pathlib import Path

import pytest

from brianmem.backends import lacks
from brianmem.compiled import cache, extension
from brianmem.errors import InputError

pytestmark = pytest.mark.skipif(lacks("cython") is not None, reason=f"it lacks {lacks('cython')}")

ADD = """
#cython: language_level=3
def main(double a, double b):
    return a + b
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A cache of the test's own, with the headers of the user's."""
    headers = cache.folder("headers")
    headers.mkdir(parents=True, exist_ok=True)
    (tmp_path / "brianmem").mkdir()
    (tmp_path / "brianmem" / "headers").symlink_to(headers)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(extension, "_loaded", {})
    return tmp_path / "brianmem" / "extensions"


def test_an_extension_is_compiled_once(folder, monkeypatch):
    assert extension.extension(ADD, "a sum").main(1.5, 2) == 3.5
    [path] = folder.glob("*.so")
    made = path.stat().st_mtime_ns
    monkeypatch.setattr(extension, "_loaded", {})
    assert extension.extension(ADD, "a sum").main(1, 2) == 3
    assert [*folder.glob("*.so")] == [path]
    assert path.stat().st_mtime_ns == made


# With a view, Cython adds functions of its own to those of the source.
OF_A_VIEW = """
#cython: language_level=3
def main(double[:] numbers, double b):
    return numbers[0] + b
"""


@pytest.mark.parametrize("code", [ADD, OF_A_VIEW])
def test_only_the_functions_of_the_source_are_optimised(code, monkeypatch, tmp_path):
    """The places where they begin and end are named by Cython, whose versions may differ."""
    compiled = []

    def read(arguments, what):
        [source] = [Path(argument) for argument in arguments if argument.endswith(".cpp")]
        compiled.append(source.read_text())

    monkeypatch.setattr(extension, "compile_with", read)
    monkeypatch.setattr(extension, "_load", lambda name, path: None)
    monkeypatch.setattr(extension, "kept", lambda kind, name, make: make(tmp_path / name))
    extension.extension(code, "a sum")
    [text] = compiled
    declared, its_own, rest = text.split(extension.UNOPTIMISED)
    its_own, optimised = its_own.split("#pragma GCC pop_options\n")
    assert "+ __pyx_v_b)" in optimised
    assert "+ __pyx_v_b)" not in declared + its_own + rest
    assert len(rest) > len(optimised)
    assert ("MemoryView" in its_own) == (code is OF_A_VIEW)
    assert "View.MemoryView" not in optimised


@pytest.mark.slow
def test_flags_make_another(folder):
    code = "cdef extern from *:\n    int NUMBER\ndef main():\n    return NUMBER\n"
    for number in (3, 4):
        module = extension.extension(code, "a number", [f"-DNUMBER={number}"])
        assert module.main() == number
    assert len([*folder.glob("*.so")]) == 2


def test_what_cannot_be_translated_or_compiled_says_why(folder):
    with pytest.raises(InputError, match=r"(?s)Cython cannot translate it: .*undeclared name"):
        extension.extension("def main():\n    return nothing_of_the_kind\n", "it")
    code = 'cdef extern from *:\n    """\n    #error a reason\n    """\n'
    with pytest.raises(InputError, match=r"(?s)cannot compile it: .*a reason"):
        extension.extension(code, "it")
    assert not folder.exists() or not [*folder.iterdir()]


def test_a_damaged_extension_is_made_again(folder):
    """Python loads a name and a path once, so that the spoilt one is another's."""
    folder.mkdir()
    names = []

    def spoilt(kind, name, make):
        if not names:
            names.append(name)
            (folder / name).write_bytes(b"no library")
            (folder / name).chmod(0o700)
        return cache.kept(kind, name, make)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extension, "kept", spoilt)
        assert extension.extension(ADD, "a sum").main(1, 2) == 3
    assert (folder / names[0]).read_bytes()[:4] == b"\x7fELF"
