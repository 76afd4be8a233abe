"""Whether a network fits into the memory of a GPU, and how many would."""

from collections.abc import Iterator

import numpy as np
from brian2 import NeuronGroup, get_device
from brian2.core.variables import ArrayVariable

from brianmem import gpu
from brianmem.errors import InputError

LARGEST = 2**31 - 1  # array: brian2cuda counts elements in an int
SPARE = 0.1  # of what is free: brian2cuda's own buffers, and what CUDA takes for a kernel
SPIKE_BYTES = 12  # of an index and a time
# Arrays that do not grow with the number of blocks, if these share their weights.
SHARED = ("_value", "_row", "_synapse", "_weight", "_own", "_lift")


def check(engine, group: NeuronGroup) -> None:
    """Raise InputError if the group and its engine do not fit into what is free on the GPU.

    Likewise if an array has more elements than a program can count.
    """
    largest = max(size for _, _, size, _ in _arrays(engine, group))
    if largest > LARGEST:
        raise InputError(
            f"{engine.n_blocks} networks of {engine.n_neurons} neurons need an array of {largest} "
            f"elements, and programs for GPUs know at most {LARGEST}: take fewer networks, neurons "
            "or synapses"
        )
    free = gpu.free_memory()
    if free is None:
        return
    shared, of_blocks = _bytes(engine, group)
    if shared + of_blocks <= (1 - SPARE) * free:
        return
    most = fitting(shared, of_blocks / engine.n_blocks)
    advice = (
        f"{most} at once would fit" if most else "not even one fits: take fewer neurons or synapses"
    )
    raise InputError(
        f"{engine.n_blocks} networks of {engine.n_neurons} neurons need "
        f"{(shared + of_blocks) / 2**30:.3g} GiB on the GPU, of which {free / 2**30:.3g} GiB are "
        f"free: {advice}"
    )


def fitting(shared: int, each: float, largest: int = 1) -> int:
    """How many blocks fit beside what they share.

    Parameters
    ----------
    shared : bytes
    each : bytes of a block
    largest : elements in the largest array of a block
    """
    countable = LARGEST // largest
    free = gpu.free_memory()
    if free is None:
        return countable
    return max(0, min(countable, int(((1 - SPARE) * free - shared) // each)))


def _bytes(engine, group: NeuronGroup) -> tuple[int, int]:
    """What all blocks share, and what they need together."""
    shared = of_blocks = 0
    for owner, name, size, item in _arrays(engine, group):
        if name in SHARED and owner is engine and engine.shared:
            shared += size * item
        else:
            of_blocks += size * item
    return shared, of_blocks


def _arrays(engine, group: NeuronGroup) -> Iterator[tuple]:
    """Owner, name, elements and bytes for one of them, of each array."""
    yield engine, "spikes", engine.spike_room, SPIKE_BYTES
    given = get_device().static_arrays
    for owner in (engine, group):
        for name, variable in owner.variables.items():
            # Others refer to a clock's, say.
            if isinstance(variable, ArrayVariable) and variable.owner.name == owner.name:
                # Programs keep what they read beside what they change. The group may be told of
                # values later on.
                twice = owner is group or f"_static_array__array_{owner.name}_{name}" in given
                yield owner, name, variable.size, (1 + twice) * np.dtype(variable.dtype).itemsize
