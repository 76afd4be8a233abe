"""Whether a network fits into the memory of a GPU, and how many would."""

import numpy as np
from brian2 import NeuronGroup
from brian2.core.variables import ArrayVariable

from brianmem import gpu
from brianmem.errors import InputError

SPARE = 0.1  # of what is free: brian2cuda's own buffers, and what CUDA takes for a kernel
# Arrays that do not grow with the number of blocks, if these share their weights.
SHARED = ("_value", "_row", "_synapse", "_weight", "_own", "_lift")


def check(engine, group: NeuronGroup) -> None:
    """Raise InputError if the group and its engine do not fit into what is free on the GPU."""
    free = gpu.free_memory()
    if free is None:
        return
    shared, of_blocks = _bytes(engine, group)
    room = (1 - SPARE) * free
    if shared + of_blocks <= room:
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


def fitting(shared: int, each: float) -> int | None:
    """How many blocks of so many bytes fit, beside what they share; None where nobody can tell."""
    free = gpu.free_memory()
    return None if free is None else max(0, int(((1 - SPARE) * free - shared) // each))


def _bytes(engine, group: NeuronGroup) -> tuple[int, int]:
    """What all blocks share, and what they need together."""
    shared = of_blocks = 0
    for owner in (engine, group):
        for name, variable in owner.variables.items():
            # Others refer to a clock's, say.
            if not isinstance(variable, ArrayVariable) or variable.owner.name != owner.name:
                continue
            size = variable.size * np.dtype(variable.dtype).itemsize
            if name in SHARED and owner is engine and engine.shared:
                shared += size
            else:
                of_blocks += size
    return shared, of_blocks
