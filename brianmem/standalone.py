"""Standalone programs: compiled once on a machine, whoever asks for them, and run."""

import io
import shlex
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from brian2 import prefs
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import all_devices

from brianmem import environment
from brianmem.compiled import cache
from brianmem.compiled.compiler import UNOPTIMISED, compile_with, identity, with_header
from brianmem.compiled.objects import linked
from brianmem.errors import ProgramError

DEVICE = "brianmem_standalone"
RUN = "devices.cpp_standalone.run_cmd_unix"  # Brian2's preference
# What is around the code of a network's objects: most of a program, and none of its time.
FRAME = ("main.cpp", "network.cpp", "objects.cpp", "run.cpp", "synapses_classes.cpp")
GLUE = "glue.cpp"
HEADER = "".join(
    f"#include <{name}>\n"
    for name in (
        "algorithm",
        "climits",
        "cmath",
        "csignal",
        "cstdint",
        "cstdlib",
        "cstring",
        "ctime",
        "fstream",
        "iostream",
        "limits",
        "map",
        "queue",
        "random",
        "set",
        "string",
        "tuple",
        "utility",
        "vector",
    )
)


class Caching:
    """For a standalone device: it keeps programs by the hash of sources, compiler and processor.

    Weights and initial values are data, not source. What Brian2 writes into the source (the number
    of neurons, constants of a namespace, the duration of a run) makes another program.
    """

    def fill_with_array(self, var, arr):
        """Initial values; a single number goes into a file, too, and not into the source."""
        begin = len(self.main_queue)
        super().fill_with_array(var, arr)
        for k, (kind, _) in enumerate(self.main_queue[begin:], begin):
            if kind == "set_by_single_value":
                name = self.get_array_name(var, access_data=False)
                file = self.static_array(name, np.full(1, arr, dtype=var.dtype))
                dynamic = isinstance(var, DynamicArrayVariable)
                self.main_queue[k] = "set_by_array", (name, file, dynamic)

    @staticmethod
    def compiler() -> str:
        """What else than the sources makes another program."""
        return identity()

    def compile_source(self, directory, compiler, debug, clean):
        """Fetch the program that these sources give, or compile and keep it."""

        def make(path: Path) -> None:
            compiling.compile_source(directory, compiler, debug, clean)
            shutil.copyfile(Path(directory, "main"), path)
            path.chmod(0o700)

        compiling = super()
        name = cache.digest(self.compiler(), *_sources(Path(directory)))
        program = Path(directory, "main")
        kept = cache.kept("programs", name, make)
        if not program.exists():
            shutil.copy2(kept, program)


class Compiling:
    """For a device of programs in C++: it does without make, and with headers compiled beforehand.

    What moves arrays and reads files is compiled without optimisation, all of it at once.
    """

    links_parts = True  # of brianmem.compiled.objects

    def generate_makefile(self, writer, compiler, compiler_flags, linker_flags, nb_threads, debug):
        """Brian2's makefile, and how to do without it."""
        code = "\n".join(
            Path(writer.project_dir, name).read_text(errors="replace")
            for name in writer.source_files
        )
        linker_flags = " ".join([*linked(code), linker_flags])
        super().generate_makefile(writer, compiler, compiler_flags, linker_flags, nb_threads, debug)
        self.plain = compiler == "unix" and nb_threads == 0 and not debug
        self.flags = [*shlex.split(compiler_flags), "-I."]
        self.to_link = shlex.split(linker_flags)
        self.sources = sorted(writer.source_files)

    def compile_source(self, directory, compiler, debug, clean):
        """Compile the program; raises InputError with the compiler's words if that fails."""
        if not self.plain:
            return super().compile_source(directory, compiler, debug, clean)
        frame = [name for name in self.sources if name in FRAME]
        Path(directory, GLUE).write_text(
            UNOPTIMISED + "".join(f'#include "{name}"\n' for name in frame)
        )
        sources = [GLUE, *(name for name in self.sources if name not in FRAME)]
        header = with_header(HEADER, self.flags)

        def compile_one(source: str) -> str:
            made = f"{source}.o"
            first = [] if source.endswith(".c") else header
            arguments = [*self.flags, *first, "-c", source, "-o", made]
            compile_with(arguments, "the program of a network", Path(directory))
            return made

        with ThreadPoolExecutor() as pool:
            objects = list(pool.map(compile_one, sources))
        compile_with([*objects, "-o", "main", *self.to_link], "the program", Path(directory))
        return None


class Complaining:
    """For a standalone device: a program that fails ends with one error, which says why."""

    def run(self, directory=None, results_directory=None, with_output=True, run_args=None):
        """Run the program, and pass on what it wrote to standard error when it has ended.

        Raises ProgramError with the last line of it if the program fails.
        """
        complaints = Path(directory or self.project_dir, "complaints.txt").absolute()
        complaints.unlink(missing_ok=True)
        command = prefs[RUN]
        to_file = ["/bin/sh", "-c", f'exec "$0" "$@" 2> {complaints.name}']
        prefs[RUN] = [*to_file, *([command] if isinstance(command, str) else command)]
        try:
            # Brian2 would print all that the program did before it failed.
            with redirect_stdout(io.StringIO()):
                super().run(directory, results_directory, with_output, run_args)
        except RuntimeError:
            if not complaints.exists():  # it was not run
                raise
            told = complaints.read_text(errors="replace").strip().splitlines()
            why = told[-1].strip() if told else "it crashed, or was ended for want of memory"
            if not environment.runs_programs(complaints.parent):
                why = f"nothing can be run in {complaints.parent.parent}: name another with TMPDIR"
            raise ProgramError(f"the program of a network failed: {why}") from None
        finally:
            prefs[RUN] = command
        sys.stderr.write(complaints.read_text(errors="replace"))


class ProgramDevice(Complaining, Caching, Compiling, CPPStandaloneDevice):
    """Brian2's device for programs in C++, with a cache and errors that say why."""


def _sources(directory: Path) -> Iterator[bytes]:
    """Names and contents of all that decides what a project's program is."""
    for path in sorted(directory.rglob("*")):
        if path.suffix in (".cpp", ".cu", ".h") or path.name == "makefile":
            yield str(path.relative_to(directory)).encode()
            yield path.read_bytes()


all_devices[DEVICE] = ProgramDevice()
