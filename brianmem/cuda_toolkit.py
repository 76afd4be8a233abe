"""NVIDIA's toolkit for programs on its GPUs: what this machine has of it, and what it lacks."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from brianmem import gpu

# Fused multiply-add changes the last bits of a potential and, at threshold, spikes. CUDA 13 needs
# C++17.
NVCC_FLAGS = ["-w", "-std=c++17", "--fmad=false"]


def missing() -> str | None:
    """What this machine lacks to run programs on a GPU; None for nothing."""
    return missing_to_generate() or missing_to_compile() or missing_to_run()


def missing_to_generate() -> str | None:
    """What it lacks to write them."""
    if sys.version_info < (3, 12):
        return "Python 3.12 or newer, for brian2cuda"
    return None if find_spec("brian2cuda") else "brian2cuda (pip install 'brianmem[cuda]')"


def missing_to_compile() -> str | None:
    """What it lacks to compile and link them."""
    if toolkit() is None:
        return "NVIDIA's compiler nvcc (of the CUDA toolkit; on the PATH, or CUDA_PATH says where)"
    if not toolkit_has_curand() and not wheel_of_curand():
        return "curand (of the CUDA toolkit, or pip install nvidia-curand)"
    return None


def missing_to_run() -> str | None:
    """What it lacks to run them."""
    if not shutil.which("nvidia-smi"):
        return "an NVIDIA GPU and its driver (there is no nvidia-smi)"
    if not gpu.names():
        return "an NVIDIA GPU (nvidia-smi finds none)"
    return driver_too_old() or gpu_unknown()


def driver_too_old() -> str | None:
    """What is lacking if the toolkit compiles for a newer driver than there is.

    A driver serves all toolkits of the major version that it knows: NVIDIA's minor version
    compatibility.
    """
    knows, compiles = gpu.driver_version(), toolkit_version()
    if knows is None or compiles is None or _major(knows) >= _major(compiles):
        return None
    return (
        f"a driver for CUDA {_major(compiles)}, of which the toolkit is (this one knows CUDA up to "
        f"{knows}): update the driver, or point CUDA_PATH to an older toolkit"
    )


def _major(version: str) -> int:
    return int(version.partition(".")[0])


def gpu_unknown() -> str | None:
    """What is lacking if the toolkit does not compile for this GPU: it is too old or too new."""
    known = _nvcc("--list-gpu-code").split()
    if not known or architecture() in (None, *known):
        return None
    return (
        f"a CUDA toolkit that compiles for compute capability {gpu.compute_capability()}, as this "
        f"GPU has (that of version {toolkit_version()} does not): point CUDA_PATH to another one"
    )


def architecture() -> str | None:
    """What nvcc calls this GPU's kind, such as sm_90; None if nobody can tell."""
    capability = gpu.compute_capability()
    return f"sm_{capability.replace('.', '')}" if capability else None


def toolkit_version() -> str | None:
    """The version of the CUDA toolkit, such as 13.0."""
    release = re.search(r"release ([0-9.]+)", _nvcc("--version"))
    return release.group(1) if release else None


@cache
def _nvcc(option: str) -> str:
    """What the toolkit's compiler prints; nothing without a toolkit."""
    if toolkit() is None:
        return ""
    command = [str(toolkit() / "bin" / "nvcc"), option]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@cache
def toolkit() -> Path | None:
    """The folder of the CUDA toolkit: that of CUDA_PATH, or of the nvcc on the PATH."""
    given = os.environ.get("CUDA_PATH")
    if given and Path(given, "bin", "nvcc").exists():
        return Path(given)
    if not shutil.which("nvcc"):
        return None
    # On the PATH there may be a script that calls it, and it knows itself where it is.
    command = ["nvcc", "--dryrun", "-x", "cu", "-c", os.devnull]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    place = re.search(r"TOP=(.+)", told)
    return Path(place.group(1).strip()).resolve() if place else None


@cache
def toolkit_has_curand() -> bool:
    folder = toolkit()
    return folder is not None and any(
        (folder / part / "curand.h").exists()
        for part in ("include", "targets/x86_64-linux/include", "targets/sbsa-linux/include")
    )


def wheel_of_curand() -> Path | None:
    """The folder with include/ and lib/ of the package nvidia-curand."""
    package = find_spec("nvidia")
    for base in package.submodule_search_locations if package else ():
        for header in Path(base).glob("*/include/curand.h"):
            return header.parents[1]
    return None
