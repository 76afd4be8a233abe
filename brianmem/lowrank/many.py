"""Many low-rank networks, each from many starts, as many at a time as fit into memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from brianmem.backends import RUNTIME
from brianmem.engine import gpu_memory
from brianmem.equations import Model
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.memory import LowRankMemory
from brianmem.lowrank.network import built, check_alike, spike_room
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.reference import expected_spikes
from brianmem.spikes import Spikes

# That run together: about 100 MB of spikes, and a gigabyte of them from a GPU.
SPIKES, GPU_SPIKES = 2e6, 2e7
# Of weights that are in memory together; there are two copies of them.
WEIGHT_BYTES, GPU_WEIGHT_BYTES = 2**28, 2**32


@dataclass(frozen=True)
class Part:
    """What runs together.

    Attributes
    ----------
    n_networks : networks, each with weights of its own
    n_copies : of each network, each from a start of its own
    """

    n_networks: int
    n_copies: int


def simulate(
    memories: Sequence[LowRankMemory],
    starts: Sequence[Sequence[np.ndarray]],
    model: Model = LIF,
    backend: str = "numpy",
    dtype: type = np.float64,
) -> Iterator[Spikes]:
    """Exact spikes from every start of every memory, memory after memory.

    They run in parts that fit into memory, on a GPU into that of the GPU; one compiled program
    serves all of them. A part is not run before its first spikes are asked for.

    Parameters
    ----------
    memories : networks of one size, rate, threshold and duration
    starts : for each memory, its (damaged) patterns of +-1, each of shape (K,)
    model, backend, dtype : as for brianmem.lowrank.network.simulate

    Raises what brianmem.lowrank.network.simulate raises, and InputError for memories that differ in
    more than their weights and drive.
    """
    most = max(map(len, starts), default=0)
    if not most:
        return
    check_alike(memories)
    part = fitting_part(memories[0].params, len(memories), most, backend, dtype)
    jobs = [
        (memory, its_starts[first : first + part.n_copies])
        for memory, its_starts in zip(memories, starts, strict=True)
        for first in range(0, len(its_starts), part.n_copies)
    ]
    # The last part is filled with networks that are not started.
    jobs += [(jobs[-1][0], [])] * (-len(jobs) % part.n_networks)
    first_part = [memory for memory, _ in jobs[: part.n_networks]]
    with built(first_part, part.n_copies, model, backend, dtype) as run:
        for first in range(0, len(jobs), part.n_networks):
            for spikes in run(*zip(*jobs[first : first + part.n_networks], strict=True)):
                yield from spikes


def fitting_part(
    params: LowRankParameters,
    n_networks: int,
    n_starts: int,
    backend: str = "numpy",
    dtype: type = np.float64,
) -> Part:
    """How many networks, with how many starts each, run together.

    A compiled program is for one size of parts: these sizes are powers of two, so that few
    programs serve all.
    """
    on_gpu = backend == "cuda_standalone"
    n_blocks = max(1, int((GPU_SPIKES if on_gpu else SPIKES) / expected_spikes(params)))
    of_weights = params.n_neurons**2 * np.dtype(dtype).itemsize
    most = max(1, (GPU_WEIGHT_BYTES if on_gpu else WEIGHT_BYTES) // of_weights)
    if on_gpu:
        n, room = params.n_neurons, spike_room(params, 1)
        of_block = 64 * n + gpu_memory.SPIKE_BYTES * room
        fit = gpu_memory.fitting(2 * of_weights, of_block, max(n, room))
        n_blocks = min(n_blocks, max(1, fit))
        fit = gpu_memory.fitting(n_blocks * of_block, 2 * of_weights, n**2)
        most = min(most, max(1, fit))
    if backend in RUNTIME:
        n_copies = min(n_starts, n_blocks)
        return Part(min(n_networks, most, max(1, n_blocks // n_copies)), n_copies)
    n_copies = min(_power_above(n_starts), _power_below(n_blocks))
    room = min(_power_below(most), max(1, _power_below(n_blocks) // n_copies))
    return Part(min(_power_above(n_networks), room), n_copies)


def _power_above(n: int) -> int:
    return 1 << (n - 1).bit_length()


def _power_below(n: int) -> int:
    return 1 << (n.bit_length() - 1)
