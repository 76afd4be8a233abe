"""The arrays and names that the templates of all backends find beside the group's own."""

import numpy as np
from brian2.core.variables import Variables
from brian2.units.fundamentalunits import DIMENSIONLESS

from brianmem.engine import failures
from brianmem.engine.contract import WEIGHT
from brianmem.engine.weights import Columns

BURST = 100  # spikes per neuron that the cap lets pass at once: transients are steep
FOREVER = 1e300

# What the generated blocks compute for a neuron, see brianmem.engine.solution.Solution.
COMPUTED = (
    *("_excess", "_size", "_rate", "_slope", "_climb", "_stride"),
    *("_excess_ahead", "_climb_ahead", "_refractory"),
    *("_tau", "_drive", "_bias", "_fastest"),
)


def add_loop_variables(variables: Variables, engine, columns: Columns) -> None:
    """Sizes, weights, and how often each network may yet fire."""
    n = engine.n_neurons
    whole = {
        "_n": n,
        "_pitch": columns.pitch,
        "_copies": engine.n_copies,
        "_mirrored": int(columns.mirrored),
    }
    # What may be spent on spikes grows with time, and is put by up to the burst.
    real = {
        "_credit_rate": engine.max_rate * n,
        "_credit_most": float(BURST * n),
        "_until": FOREVER,
    }
    for numbers, dtype in ((whole, np.int64), (real, np.float64)):
        for name, value in numbers.items():
            variables.add_array(name, size=1, values=value, dtype=dtype, scalar=True)
    for index in ("_weight_index", "_block_index"):
        variables.add_auxiliary_variable(index, dtype=np.int64)
    arrays = {
        WEIGHT: columns.weight,
        "_own": columns.own,
        "_lift": columns.lift,
        "_credit": np.full(engine.n_blocks, float(BURST * n)),
    }
    for name, values in arrays.items():
        index = "_weight_index" if name == WEIGHT else "_block_index"
        dim = engine.weight_dim if name == WEIGHT else DIMENSIONLESS
        variables.add_array(
            name, size=values.size, values=values, dtype=values.dtype, index=index, dimensions=dim
        )
    n = engine.solution.n_coupled
    coupled = [f"_{what}_{k}" for k in range(n) for what in ("state", "ahead")]
    coupled += [f"_m_{k}_{m}" for k, m in engine.solution.entries]
    for name in (*COMPUTED, *coupled):
        variables.add_auxiliary_variable(name, dtype=float)
    variables.add_auxiliary_variable("_fires", dtype=bool)
    variables.add_auxiliary_variable("_delta", dtype=float, scalar=True)


def add_record_variables(variables: Variables, engine, on_gpu: bool) -> None:
    """The spikes of a standalone program, and why it ended early if it did.

    On a GPU networks, which run at once, can fail at once, and arrays cannot grow within a run.
    """
    variables.add_auxiliary_variable("_spike_index", dtype=np.int64)
    add = variables.add_dynamic_array
    add("_spike_neuron", size=0, dtype=np.int32, index="_spike_index")
    add("_spike_time", size=0, dtype=float, index="_spike_index")
    n_failures = engine.n_blocks if on_gpu else 1
    variables.add_array("_failure", size=3 * n_failures, dtype=float, index="_spike_index")
    if on_gpu:
        room = engine.spike_room
        variables.add_array("_spike_count", size=1, dtype=np.int32, index="_spike_index")
        variables.add_array("_spike_room", size=1, values=room, dtype=np.int64, scalar=True)


def read_record(variables: Variables, engine) -> tuple[np.ndarray, np.ndarray]:
    """Neurons and times of the spikes of a standalone program; raises what it ended for."""
    for failure, neuron, seconds in variables["_failure"].get_value().reshape(-1, 3):
        if failure:
            raise failures.error(int(failure), int(neuron), seconds, engine)
    return variables["_spike_neuron"].get_value(), variables["_spike_time"].get_value()
