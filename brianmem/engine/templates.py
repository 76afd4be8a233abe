"""The event loops' templates, one folder per backend, made known to Brian2 beside its own."""

import sys
from functools import cache
from pathlib import Path

from brian2.codegen.runtime.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

PACKAGE = "brianmem.engine"
FOLDERS = {
    NumpyCodeObject: "templates_numpy",
    CythonCodeObject: "templates_cython",
    CPPStandaloneCodeObject: "templates_cpp",
}
SUPPORT = Path(__file__).parent / "support"
WARP = 32
# Of CUDA blocks; measured nowhere yet.
MOST_THREADS = 512
MOST_IN_REGISTERS = 16  # elements of a network that a thread of the growing form keeps


def register() -> None:
    """Add the templates to the code objects of every backend that is there; again does nothing."""
    folders = dict(FOLDERS)
    if "brian2cuda" in sys.modules:
        from brian2cuda.codeobject import CUDAStandaloneCodeObject

        folders[CUDAStandaloneCodeObject] = "templates_cuda"
    for code_object, folder in folders.items():
        if PACKAGE not in code_object.templater.package_names:
            code_object.templater = code_object.templater.derive(PACKAGE, templates_dir=folder)


@cache
def support(*names: str) -> str:
    """The headers of these names, to be compiled into a template.

    They go in as text and not by name: Brian2 finds compiled code by its text, and so sees a header
    that has changed.
    """
    text = "\n".join((SUPPORT / name).read_text(encoding="utf-8") for name in names)
    lines = (line for line in text.splitlines() if not line.startswith('#include "'))
    return "\n".join(lines) + "\n"


def threads(n: int, each: int = 1) -> int:
    """Threads of a CUDA block for n neurons, so many for each thread: whole warps."""
    return min(-(-n // (WARP * each)) * WARP, MOST_THREADS)
