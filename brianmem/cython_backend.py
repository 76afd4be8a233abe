"""Brian2's Cython backend, with extensions that are compiled by brianmem.compiled and kept there.

Brian2 keeps extensions by their text alone, whatever the compiler and its flags were, for all
programs of a user: those of one with -ffast-math would be taken for ours.
"""

from pathlib import Path

from brian2 import synapses
from brian2.codegen.runtime.cython_rt import CythonCodeObject
from brian2.codegen.targets import codegen_targets

from brianmem.compiled.extension import extension

HEADERS = Path(synapses.__file__).parent  # of Brian2, for its extensions


class ExtensionCodeObject(CythonCodeObject):
    """What Brian2 runs in each step, as an extension of Python."""

    class_name = "brianmem_cython"
    links_parts = True  # of brianmem.compiled.objects

    def compile_block(self, block):
        """The module of a block of code; None if there is nothing in it."""
        code = getattr(self.code, block, "").strip()
        if not code or "EMPTY_CODE_BLOCK" in code:
            return None
        return extension(
            code,
            f"the code of '{self.owner.name}'",
            [
                *(f"-D{name}={value}" for name, value in self.define_macros),
                *(f"-I{path}" for path in (HEADERS, *self.include_dirs)),
            ],
            [
                *(f"-L{path}" for path in self.library_dirs),
                *(f"-Wl,-rpath,{path}" for path in self.runtime_library_dirs),
                *(f"-l{name}" for name in self.libraries),
            ],
        )


codegen_targets.add(ExtensionCodeObject)
