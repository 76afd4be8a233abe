"""Parts of generated code that no model changes: compiled once, and linked to what names them.

Generated code names such a part by a pragma, in a line of its own, which compilers pass over.
"""

import re
import tempfile
from pathlib import Path

from brianmem.compiled.cache import digest, kept
from brianmem.compiled.compiler import FLAGS, NATIVE, compile_with, identity

OPTIONS = (*FLAGS, *NATIVE, "-fPIC")
NAMED = re.compile(r"^\s*#pragma brianmem link (\w+)$", re.MULTILINE)

_sources: dict[str, str] = {}  # of the parts that this process has named


def link(source: str) -> str:
    """The line that has a source in C++ compiled, and linked to the code that it stands in."""
    name = digest(source)
    _sources[name] = source
    return f"#pragma brianmem link {name}\n"


def linked(code: str) -> list[str]:
    """The object files of all parts that code names; they are compiled if they are not there.

    Raises InputError if there is no compiler, or with the words of one that fails.
    """
    return [str(_compiled(name)) for name in dict.fromkeys(NAMED.findall(code))]


def _compiled(name: str) -> Path:
    def make(path: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="brianmem-") as folder:
            source = Path(folder, f"{name[:32]}.cpp")
            source.write_text(_sources[name], encoding="utf-8")
            compile_with([*OPTIONS, "-c", str(source), "-o", str(path)], "the engine's loops")

    return kept("objects", f"{digest(identity(), *OPTIONS, name)}.o", make)
