"""What this machine has for brianmem, what it lacks, and what to do about it."""

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil
from packaging.requirements import Requirement

from brianmem import cuda_toolkit, gpu
from brianmem.backends import BACKENDS, lacks
from brianmem.compiled import cache, compiler
from brianmem.environment import compiler_words, runs_programs

GOOD, LACKING, WRONG = "good", "lacking", "wrong"
# Distributions whose requirements have to hold.
CHECKED = ("brianmem", "brian2", "brian2cuda")
# Programs to try compilers with: one prints the registers of support/registers.h that it would use,
# that for a GPU why it cannot run.
REGISTERS = Path(__file__).parent / "engine" / "support" / "registers.h"
PROGRAM = """#include <cstdio>
#include <vector>
int main() {
    std::printf("%s, %d bytes", brianmem::register_name(), brianmem::register_bytes());
    return std::vector<int>().size();
}
"""
KERNEL = """#include <cstdio>
__global__ void nothing() {}
int main() {
    nothing<<<1, 1>>>();
    cudaError_t error = cudaGetLastError();
    if (error == cudaSuccess) error = cudaDeviceSynchronize();
    if (error != cudaSuccess) puts(cudaGetErrorString(error));
}
"""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    subject : what
    status : good; lacking (something works without it, or slower); wrong (something fails)
    found : what there is
    advice : what to do, if it is not good
    """

    subject: str
    status: str
    found: str
    advice: str = ""


def examine() -> Iterator[Finding]:
    """All findings, as they are found: it takes seconds."""
    yield Finding("Python", GOOD, f"{platform.python_version()} ({sys.executable})")
    yield from _versions()
    found = [*_compiler()]
    yield from found
    yield _program("make", "make", "programs for GPUs need it: install make")
    yield _headers()
    yield from _gpus()
    yield _machine()
    yield _temporary()
    yield _cache()
    yield from _backends(compiles=found[0].status == GOOD)


# Packages ------------------------------------------------------------------------------------


def _versions() -> Iterator[Finding]:
    for name in CHECKED:
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            advice = f"the backend cuda_standalone needs {cuda_toolkit.missing_to_generate()}"
            yield Finding(name, LACKING, "not installed", advice)
            continue
        conflicts = [*_conflicts(name)]
        if conflicts:
            asked, found = zip(*conflicts, strict=True)
            advice = f"pip install {' '.join(repr(str(one)) for one in asked)}"
            yield Finding(name, WRONG, f"{version}, with {', '.join(found)}", advice)
        else:
            yield Finding(name, GOOD, f"{version}, and all that it requires")


def _conflicts(name: str) -> Iterator[tuple[str, str]]:
    """What a distribution requires and is not there, and what is there instead."""
    for text in metadata.requires(name) or ():
        asked = Requirement(text)
        if asked.marker and not asked.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(asked.name)
        except metadata.PackageNotFoundError:
            yield f"{asked.name}{asked.specifier}", f"no {asked.name}"
            continue
        if not asked.specifier.contains(version, prereleases=True):
            yield f"{asked.name}{asked.specifier}", f"{asked.name} {version}"


# Compilers -----------------------------------------------------------------------------------


def _compiler() -> Iterator[Finding]:
    if compiler.missing():
        found = f"there is no {compiler_words()[0]}"
        advice = "Cython, C++, CUDA and learning need it: install g++, or name another with CXX"
        yield Finding("C++ compiler", LACKING, found, advice)
        return
    command = compiler.command()
    text = REGISTERS.read_text() + PROGRAM
    complaint, registers = _tried([*command, *compiler.FLAGS], "doctor.cpp", text)
    if complaint:
        found = f"{' '.join(command)} cannot compile: {complaint}"
        yield Finding("C++ compiler", WRONG, found, "mend it, or name another with CXX")
        return
    yield Finding("C++ compiler", GOOD, f"{_first_line([*command, '--version'])}, compiles")
    yield _registers(registers)


def _registers(told: str) -> Finding:
    """The vector registers that the growing frame runs in."""
    if told.startswith("none"):
        advice = "low-rank networks take several times as long: support/registers.h lacks yours"
        return Finding("registers", LACKING, "none known of this processor", advice)
    return Finding("registers", GOOD, told)


def _tried(command: list[str], name: str, text: str) -> tuple[str, str | None]:
    """The last line of a compiler's complaint, and what the program prints: one of the two."""
    with tempfile.TemporaryDirectory(prefix="brianmem-") as folder:
        source = Path(folder, name)
        source.write_text(text)
        program = str(source.with_suffix(""))
        compiled = _run([*command, str(source), "-o", program])
        if compiled.returncode:
            return (compiled.stderr.strip().splitlines() or ["no message"])[-1], None
        return "", _run([program]).stdout.strip()


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _program(subject: str, name: str, advice: str) -> Finding:
    path = shutil.which(name)
    if not path:
        return Finding(subject, LACKING, "not found", advice)
    return Finding(subject, GOOD, _first_line([path, "--version"]))


def _headers() -> Finding:
    lacking = lacks("cython")
    if lacking and "Python.h" in lacking:
        advice = "Cython needs them: install the headers of this Python (python3-dev)"
        return Finding("Python.h", LACKING, "not found", advice)
    return Finding("Python.h", GOOD, "found")


def _first_line(command: list[str]) -> str:
    told = _run(command)
    return (told.stdout + told.stderr).strip().splitlines()[0]


# GPUs ----------------------------------------------------------------------------------------


def _gpus() -> Iterator[Finding]:
    folder = cuda_toolkit.toolkit()
    if folder is None:
        advice = "for programs on a GPU: install the CUDA toolkit, or say where with CUDA_PATH"
        yield Finding("nvcc", LACKING, "not found", advice)
        trial = None
    else:
        found = f"CUDA {cuda_toolkit.toolkit_version()} in {folder}"
        command = [str(folder / "bin" / "nvcc"), *cuda_toolkit.NVCC_FLAGS, *_for_this_gpu()]
        complaint, trial = _tried(command, "doctor.cu", KERNEL)
        if complaint:
            advice = "it may need another g++, which CXX can name"
            yield Finding("nvcc", WRONG, f"{found} cannot compile: {complaint}", advice)
        else:
            yield Finding("nvcc", GOOD, f"{found}, compiles")
    yield _curand()
    yield _gpu(trial)
    yield _driver()


def _for_this_gpu() -> list[str]:
    """The options for nvcc that brian2cuda's makefile gives it."""
    architecture = None if cuda_toolkit.gpu_unknown() else cuda_toolkit.architecture()
    options = ["-ccbin", os.environ.get("CXX", "g++")]
    return [*options, f"-arch={architecture}"] if architecture else options


def _curand() -> Finding:
    if cuda_toolkit.toolkit_has_curand():
        return Finding("curand", GOOD, "in the CUDA toolkit")
    wheel = cuda_toolkit.wheel_of_curand()
    if wheel:
        return Finding("curand", GOOD, f"in {wheel}")
    advice = "for programs on a GPU: pip install nvidia-curand"
    return Finding("curand", LACKING, "not found", advice)


def _gpu(trial: str | None) -> Finding:
    """The GPU, and why a kernel could not run on it; None: there was none to try."""
    gpus = "; ".join(gpu.names())
    if not gpus:
        return Finding(
            "GPU", LACKING, "none", f"programs on a GPU need {cuda_toolkit.missing_to_run()}"
        )
    unknown = cuda_toolkit.gpu_unknown()
    if unknown:
        return Finding("GPU", WRONG, gpus, f"programs on a GPU need {unknown}")
    if trial:
        advice = "after an update of the driver start the machine again; else install it anew"
        return Finding("GPU", WRONG, f"{gpus}: cannot run a program: {trial}", advice)
    return Finding("GPU", GOOD, f"{gpus}{'' if trial is None else ': runs a program'}")


def _driver() -> Finding:
    knows = gpu.driver_version()
    if knows is None:
        return Finding("driver", LACKING, "none", "for programs on a GPU: install NVIDIA's driver")
    old = cuda_toolkit.driver_too_old()
    return Finding("driver", WRONG if old else GOOD, f"for CUDA up to {knows}", old or "")


# The machine ---------------------------------------------------------------------------------


def _machine() -> Finding:
    free = psutil.virtual_memory().available / 2**30
    return Finding("machine", GOOD, f"{os.cpu_count()} cores, {free:.1f} GiB of memory free")


def _temporary() -> Finding:
    """Programs are compiled and run in a folder for temporary files."""
    folder = tempfile.gettempdir()
    if runs_programs(folder):
        return Finding("temporary files", GOOD, folder)
    advice = "the backend cpp_standalone runs its programs there: name another folder with TMPDIR"
    return Finding("temporary files", WRONG, f"{folder} is mounted so that nothing runs", advice)


def _cache() -> Finding:
    folder = cache.folder()
    if not _can_write(folder):
        advice = (
            "what is compiled is compiled again by each process: name another with XDG_CACHE_HOME"
        )
        return Finding("compiled files", WRONG, f"{folder} cannot be written", advice)
    files = [p for p in folder.rglob("*") if p.is_file() and p.suffix != ".sum"]
    size = sum(path.stat().st_size for path in files) / 2**20
    found = f"{len(files)} files, {size:.0f} MB"
    if files:
        found += f"; to delete them: rm -r {shlex.quote(str(folder))}"
    return Finding("compiled files", GOOD, found)


def _can_write(folder: Path) -> bool:
    """Whether files can be made in a folder, or the folder itself."""
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK)


def _backends(compiles: bool) -> Iterator[Finding]:
    for name in BACKENDS:
        lacking = lacks(name)
        if lacking:
            yield Finding(f"backend {name}", LACKING, "not available", f"needs {lacking}")
        elif name != "numpy" and not compiles:
            advice = "needs a C++ compiler that compiles, see above"
            yield Finding(f"backend {name}", WRONG, "not available", advice)
        else:
            yield Finding(f"backend {name}", GOOD, "ready")
