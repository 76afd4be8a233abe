"""What a benchmark was measured on."""

import platform
import subprocess
from pathlib import Path

import brian2
import numpy as np


def describe(n_cores: int = 1) -> str:
    """One paragraph: processor, caches, compiler, versions, and how many cores were used."""
    cores = "one core" if n_cores == 1 else f"{n_cores} cores"
    compiler = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=False)
    caches = [
        (path / "level").read_text().strip() + ": " + (path / "size").read_text().strip()
        for path in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"))
        if (path / "type").read_text().strip() != "Instruction"
    ]
    return (
        f"{_processor()}; caches (level: size) {', '.join(caches)}; "
        f"{compiler.stdout.splitlines()[0] if compiler.stdout else 'no g++'}; "
        f"Python {platform.python_version()}, Brian2 {brian2.__version__}, "
        f"NumPy {np.__version__}; {cores}, shared with others"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()
