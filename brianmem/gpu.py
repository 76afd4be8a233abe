"""The GPU and its driver, as nvidia-smi tells of them."""

import os
import re
import shutil
import subprocess
from functools import cache

_n_processes = 1  # that share the GPU


def names() -> list[str]:
    """Name, memory and compute capability of each GPU."""
    found = _nvidia_smi("--query-gpu=name,memory.total,compute_cap", "--format=csv,noheader")
    return found.strip().splitlines()


def compute_capability() -> str | None:
    """That of the first visible GPU, such as 9.0; None if nobody can tell."""
    found = _nvidia_smi("--query-gpu=compute_cap", "--format=csv,noheader", *_first_visible())
    number = re.match(r"\d+\.\d+", found)
    return number.group() if number else None


def driver_version() -> str | None:
    """The newest CUDA that the driver knows."""
    # Drivers from 610 on call it the version of what runs in user mode.
    version = re.search(r"CUDA (?:UMD )?Version: *([0-9.]+)", _nvidia_smi())
    return version.group(1) if version else None


def free_memory() -> float | None:
    """Bytes of the first visible GPU that are this process's to take; None if nobody can tell."""
    query = ("--query-gpu=memory.free,memory.total", "--format=csv,noheader,nounits")
    sizes = re.match(r"(\d+), *(\d+)", _ask(*query, *_first_visible()))
    if not sizes:
        return None
    free, total = (int(size) * 2.0**20 for size in sizes.groups())
    return min(free, total / _n_processes)


def share(n_processes: int) -> None:
    """Leave to other processes their parts of the GPU, of which this one takes one of so many.

    What is free tells nothing of processes that have not yet taken theirs.
    """
    global _n_processes
    _n_processes = n_processes


def _first_visible() -> tuple[str, ...]:
    """The option that asks for the first GPU that programs see."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").partition(",")[0]
    return (f"--id={visible}",) if visible else ()


@cache
def _nvidia_smi(*options: str) -> str:
    """What does not change while this process runs."""
    return _ask(*options)


def _ask(*options: str) -> str:
    if not shutil.which("nvidia-smi"):
        return ""
    told = subprocess.run(["nvidia-smi", *options], capture_output=True, text=True, check=False)
    return "" if told.returncode else told.stdout
