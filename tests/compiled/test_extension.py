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
    [path] = folder.iterdir()
    made = path.stat().st_mtime_ns
    monkeypatch.setattr(extension, "_loaded", {})
    assert extension.extension(ADD, "a sum").main(1, 2) == 3
    assert [*folder.iterdir()] == [path]
    assert path.stat().st_mtime_ns == made


def test_what_moves_arguments_is_not_optimised_and_the_rest_is(monkeypatch, tmp_path):
    """The place where that begins is named by Cython, whose versions may differ."""
    compiled = []

    def read(arguments, what):
        [source] = [Path(argument) for argument in arguments if argument.endswith(".cpp")]
        compiled.append(source.read_text())

    monkeypatch.setattr(extension, "compile_with", read)
    monkeypatch.setattr(extension, "_load", lambda name, path: None)
    monkeypatch.setattr(extension, "kept", lambda kind, name, make: make(tmp_path / name))
    extension.extension(ADD, "a sum")
    [text] = compiled
    assert text.count(extension.UNOPTIMISED) == 1
    optimised, glue = text.split(extension.UNOPTIMISED)
    assert "__pyx_v_a + __pyx_v_b" in optimised
    assert "__pyx_v_a + __pyx_v_b" not in glue
    assert len(glue) > len(optimised)


def test_flags_make_another(folder):
    code = "cdef extern from *:\n    int NUMBER\ndef main():\n    return NUMBER\n"
    for number in (3, 4):
        module = extension.extension(code, "a number", [f"-DNUMBER={number}"])
        assert module.main() == number
    assert len([*folder.iterdir()]) == 2


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
