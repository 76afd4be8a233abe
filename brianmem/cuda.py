"""Programs for NVIDIA GPUs, through brian2cuda: how they are compiled, and what it cannot run."""

from pathlib import Path

from brian2 import Synapses
from brian2.devices.device import all_devices, get_device

from brianmem import cuda_toolkit, gpu
from brianmem.compiled import cache as kept
from brianmem.errors import InputError
from brianmem.standalone import Caching, Complaining

DEVICE = "brianmem_cuda"
PREFERENCES = "devices.cuda_standalone.cuda_backend."  # of brian2cuda


def in_use() -> bool:
    """Whether Brian2 now writes programs for GPUs."""
    return "CUDA" in type(get_device()).__name__


def settings() -> dict:
    """Brian2's preferences for these programs."""
    import brian2cuda  # noqa: F401 (defines the preferences; an extra)

    flags, to_link, to_run = list(cuda_toolkit.NVCC_FLAGS), [], []
    wheel = None if cuda_toolkit.toolkit_has_curand() else cuda_toolkit.wheel_of_curand()
    if wheel:
        flags.append(f"-I{wheel / 'include'}")
        to_link, to_run = [str(_linkable(wheel))], [str(wheel / "lib")]
    backend = {"cuda_path": str(cuda_toolkit.toolkit()), "extra_compile_args_nvcc": flags}
    capability = gpu.compute_capability()
    if capability:
        # brian2cuda would take another of several GPUs than the first, whose memory is asked for,
        # and knows those that CUDA_VISIBLE_DEVICES names by their numbers only.
        backend |= {"detect_gpus": False, "gpu_id": 0, "compute_capability": float(capability)}
    return {
        **{PREFERENCES + key: value for key, value in backend.items()},
        "codegen.cpp.library_dirs": to_link,
        "codegen.cpp.runtime_library_dirs": to_run,
    }


class Refusing:
    """For brian2cuda's device: what it cannot compile is named before it is compiled."""

    def network_run(self, net, *arguments, **options):
        """Write the run of a network; raises InputError for Synapses on a clock of their own."""
        for part in net.sorted_objects:
            if isinstance(part, Synapses) and part.clock.name != "defaultclock":
                raise InputError(
                    f"the Synapses '{part.name}' run on the clock '{part.clock.name}', and "
                    "brian2cuda knows those on Brian2's default clock only: take "
                    "brianmem.brian.synapses_clock for them and their groups"
                )
        return super().network_run(net, *arguments, **options)

    def network_store(self, net, *arguments, **options):
        """Raises InputError: there is no such thing."""
        raise InputError(f"the network '{net.name}' cannot be stored: brian2cuda has no store")

    def network_restore(self, net, *arguments, **options):
        """Raises InputError: there is no such thing."""
        raise InputError(f"the network '{net.name}' cannot be restored: brian2cuda has no restore")


def device() -> str:
    """Brian2's name of the device, which is made when it is asked for: brian2cuda is an extra."""
    if DEVICE not in all_devices:
        from brian2cuda.device import CUDAStandaloneDevice

        class CUDAProgramDevice(Refusing, Complaining, Caching, CUDAStandaloneDevice):
            """brian2cuda's device, with a cache: a program takes minutes to compile."""

            @staticmethod
            def compiler() -> str:
                return f"{Caching.compiler()} nvcc {cuda_toolkit.toolkit_version()}"

            def generate_makefile(self, writer, *arguments, **options):
                super().generate_makefile(writer, *arguments, **options)
                # Of two standards nvcc takes the last, and warns for every file.
                makefile = Path(writer.project_dir, "makefile")
                makefile.write_text(makefile.read_text().replace(" -std=c++11 ", " "))

        all_devices[DEVICE] = CUDAProgramDevice()
    return DEVICE


def _linkable(wheel: Path) -> Path:
    """A folder with the wheel's library under the name that linkers look for, which it lacks."""
    [library] = (wheel / "lib").glob("libcurand.so.*")
    folder = kept.folder("curand")
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "libcurand.so"
    if not (link.is_symlink() and link.readlink() == library):
        link.unlink(missing_ok=True)
        link.symlink_to(library)
    return folder
