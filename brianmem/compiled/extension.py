"""Python extensions from Cython's language: what takes long and does not matter is left out.

Nine tenths of the C++ that Cython writes moves arguments and reports errors. It is compiled without
optimisation, and headers beforehand; the loops are optimised as always.
"""

import importlib.machinery
import importlib.util
import io
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType

import numpy as np

from brianmem.compiled.cache import digest, kept
from brianmem.compiled.compiler import (
    FLAGS,
    NATIVE,
    UNOPTIMISED,
    compile_with,
    identity,
    with_header,
)
from brianmem.compiled.objects import linked
from brianmem.errors import InputError

# Cython names the sections of what it writes. Its own functions come first in that of the module,
# then the user's, then nothing but what moves arguments.
BEGIN = "/* #### Code section: module_code ### */"
GLUE = "/* #### Code section: initfunc_declarations ### */"
HEADER = """\
#define PY_SSIZE_T_CLEAN
#include "Python.h"
#include "structmember.h"
#include <cmath>
#include <complex>
#include <ios>
#include <new>
#include <set>
#include <stdexcept>
#include <typeinfo>
#include <utility>
#include <vector>
#include <algorithm>
#include <atomic>
#include <limits>
#include "numpy/arrayobject.h"
#include "numpy/ndarrayobject.h"
#include "numpy/ndarraytypes.h"
#include "numpy/arrayscalars.h"
#include "numpy/ufuncobject.h"
#include "numpy/npy_math.h"
"""
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")

_loaded: dict[str, ModuleType] = {}


def extension(
    code: str, what: str, options: Sequence[str] = (), to_link: Sequence[str] = ()
) -> ModuleType:
    """The module that this code in Cython's language makes; a name for it is made up.

    Parameters
    ----------
    code : in Cython's language, for C++
    what : it is, for errors
    options : further ones of the compiler
    to_link : further ones of the linker

    Raises InputError with the words of Cython or of the compiler if one of them fails.
    """
    import Cython

    flags = [*FLAGS, *NATIVE, "-fPIC", "-DNDEBUG", *(f"-I{path}" for path in _includes()), *options]
    versions = (sys.version, Cython.__version__, np.__version__)
    name = f"brianmem_{digest(identity(), *versions, *flags, *to_link, code)[:32]}"

    def make(path: Path) -> None:
        _make(code, name, what, flags, to_link, path)

    if name not in _loaded:
        path = kept("extensions", name + SUFFIX, make)
        try:
            _loaded[name] = _load(name, path)
        except ImportError:  # damaged
            path.unlink()
            _loaded[name] = _load(name, kept("extensions", path.name, make))
    return _loaded[name]


def _includes() -> list[str]:
    return [sysconfig.get_path("include"), np.get_include()]


def _make(code: str, name: str, what: str, flags: list[str], to_link, path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="brianmem-") as folder:
        source = Path(folder, f"{name}.pyx")
        source.write_text(code, encoding="utf-8")
        translated = _translate(source, what)
        text = _only_loops_optimised(translated.read_text(encoding="utf-8"), source.name)
        translated.write_text(text, encoding="utf-8")
        header = with_header(HEADER + f"// NumPy {np.__version__}\n", flags)
        parts = [str(translated), *linked(code)]
        compile_with([*flags, *header, "-shared", *parts, "-o", str(path), *to_link], what)


def _only_loops_optimised(text: str, source: str) -> str:
    """What Cython made of a source, with all but the source's own functions unoptimised."""
    before, begin, after = text.partition(BEGIN)
    its_own, users, module = after.partition(f'/* "{source}":')
    after = f"#pragma GCC push_options\n{UNOPTIMISED}{its_own}#pragma GCC pop_options\n"
    return before + begin + after + users + module.replace(GLUE, UNOPTIMISED + GLUE, 1)


def _translate(source: Path, what: str) -> Path:
    """What Cython makes of a source, in C++."""
    from Cython.Build import cythonize
    from Cython.Compiler.Errors import CompileError
    from setuptools import Extension

    told = io.StringIO()
    module = Extension(source.stem, [str(source)], language="c++")
    try:
        with redirect_stdout(told), redirect_stderr(told):
            [made] = cythonize([module], force=True, quiet=True)
    except CompileError:
        raise InputError(f"Cython cannot translate {what}: {told.getvalue().strip()}") from None
    return Path(made.sources[0])


def _load(name: str, path: Path) -> ModuleType:
    loader = importlib.machinery.ExtensionFileLoader(name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module
