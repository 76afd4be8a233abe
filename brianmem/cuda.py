"""Programs for NVIDIA GPUs, through brian2cuda: what they need, and how they are compiled."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from brian2.devices.device import all_devices, get_device

from brianmem import gpu
from brianmem.standalone import Caching, cache_folder

DEVICE = "brianmem_cuda"
# Fused multiply-add changes the last bits of a potential and, at threshold, spikes. CUDA 13 needs
# C++17, and of two standards that are named the last one counts.
NVCC_FLAGS = ["-w", "-std=c++17", "--fmad=false"]


def in_use() -> bool:
    """Whether Brian2 now writes programs for GPUs."""
    return "CUDA" in type(get_device()).__name__


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
    return driver_too_old() if gpu.names() else "an NVIDIA GPU (nvidia-smi finds none)"


def driver_too_old() -> str | None:
    """What is lacking if the toolkit compiles for a newer driver than there is."""
    knows, compiles = gpu.driver_version(), toolkit_version()
    if knows is None or compiles is None or _numbers(knows) >= _numbers(compiles):
        return None
    return (
        f"a driver for CUDA {compiles}, of which the toolkit is (this one knows CUDA up to "
        f"{knows}): update the driver, or point CUDA_PATH to an older toolkit"
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def settings() -> dict:
    """Brian2's preferences for these programs."""
    import brian2cuda  # noqa: F401 (defines the preferences; an extra)

    flags, to_link, to_run = list(NVCC_FLAGS), [], []
    wheel = None if toolkit_has_curand() else wheel_of_curand()
    if wheel:
        flags.append(f"-I{wheel / 'include'}")
        to_link, to_run = [str(_linkable(wheel))], [str(wheel / "lib")]
    return {
        "devices.cuda_standalone.cuda_backend.cuda_path": str(toolkit()),
        "devices.cuda_standalone.cuda_backend.extra_compile_args_nvcc": flags,
        "codegen.cpp.library_dirs": to_link,
        "codegen.cpp.runtime_library_dirs": to_run,
    }


def device() -> str:
    """Brian2's name of the device, which is made when it is asked for: brian2cuda is an extra."""
    if DEVICE not in all_devices:
        from brian2cuda.device import CUDAStandaloneDevice

        class CachingCUDADevice(Caching, CUDAStandaloneDevice):
            """brian2cuda's device, with a cache: a program takes minutes to compile."""

            @staticmethod
            def compiler() -> str:
                return f"{Caching.compiler()} nvcc {toolkit_version()}"

        all_devices[DEVICE] = CachingCUDADevice()
    return DEVICE


@cache
def toolkit_version() -> str | None:
    """The version of the CUDA toolkit, such as 13.0."""
    if toolkit() is None:
        return None
    command = [str(toolkit() / "bin" / "nvcc"), "--version"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    release = re.search(r"release ([0-9.]+)", told)
    return release.group(1) if release else None


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


def _linkable(wheel: Path) -> Path:
    """A folder with the wheel's library under the name that linkers look for, which it lacks."""
    [library] = (wheel / "lib").glob("libcurand.so.*")
    folder = cache_folder() / "curand"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "libcurand.so"
    if not (link.is_symlink() and link.readlink() == library):
        link.unlink(missing_ok=True)
        link.symlink_to(library)
    return folder
