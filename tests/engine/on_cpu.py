"""A Brian2 device that runs programs for GPUs on a CPU, to test what they do; slow."""

import os
import re
import subprocess
from pathlib import Path

from brian2.devices.device import all_devices

from brianmem import cuda, cuda_toolkit
from brianmem.standalone import Caching, Complaining

HEADERS = Path(__file__).parent / "cuda_on_cpu"
DEVICE = "cuda_on_cpu"
LAUNCH = re.compile(r"(\w+)<<<(.*?)>>>\s*\((.*?)\);", re.DOTALL)
COMPILE = ["g++", "-std=c++17", "-O1", "-w", "-ffp-contract=off", f"-I{HEADERS}", "-I."]


NO_GPU = {"detect_gpus": False, "gpu_id": 0, "compute_capability": 9.0}
NO_TOOLKIT = {"detect_cuda": False, "cuda_runtime_version": 13.0}


def use(monkeypatch) -> None:
    """From now on the backend cuda_standalone means this device."""
    monkeypatch.setattr(cuda_toolkit, "missing", cuda_toolkit.missing_to_generate)
    monkeypatch.setattr(cuda, "device", device)
    monkeypatch.setattr(cuda, "settings", settings)


def settings() -> dict:
    """Brian2's preferences where there is neither a GPU nor NVIDIA's compiler."""
    import brian2cuda  # noqa: F401 (defines the preferences)

    return {cuda.PREFERENCES + name: value for name, value in (NO_GPU | NO_TOOLKIT).items()}


def device() -> str:
    """Its name, for brian2.set_device."""
    if DEVICE not in all_devices:
        from brian2cuda.device import CUDAStandaloneDevice

        class CUDAOnCPU(cuda.Refusing, Complaining, Caching, CUDAStandaloneDevice):
            def compile_source(self, directory, compiler, debug, clean):
                compile_for_cpu(Path(directory))

        all_devices[DEVICE] = CUDAOnCPU()
    return DEVICE


def compile_for_cpu(project: Path) -> None:
    """The program of a generated project; where it starts kernels, their threads take turns."""
    running = []
    for source in (*project.glob("*.cu"), *project.glob("code_objects/*.cu")):
        text = LAUNCH.sub(r"cuda_on_cpu::launch({\2}, [&] { \1(\3); });", source.read_text())
        text = text.replace("extern __shared__ char shared_mem[]", "static char shared_mem[65536]")
        translated = source.with_suffix(".cpp")
        translated.write_text('#include "cuda_on_cpu.h"\n' + text)
        command = [*COMPILE, "-c", str(translated), "-o", str(source.with_suffix(".o"))]
        running.append(subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE, text=True))
        if len(running) >= (os.cpu_count() or 1):
            _finish(running.pop(0))
    for process in running:
        _finish(process)
    objects = [str(path) for path in project.rglob("*.o")]
    subprocess.run([*COMPILE, *objects, "-o", "main"], cwd=project, check=True)


def _finish(process: subprocess.Popen) -> None:
    errors = process.communicate()[1]
    if process.returncode:
        raise RuntimeError(f"{' '.join(process.args)}:\n{errors}")
