"""Where compiled C++ programs are kept."""

import shutil

import pytest

from brianmem import standalone
from brianmem.backends import COMPILER_FLAGS, PROGRAM_FLAGS


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
