"""Delayed recurrent synapses as a Brian2 object: one set of weights for all copies of a network."""

import numpy as np
from brian2 import NeuronGroup, Quantity, get_device, second
from brian2.codegen.codeobject import create_runner_codeobj
from brian2.core.variables import Variables
from brian2.groups.group import CodeRunner
from brian2.units.fundamentalunits import DIMENSIONLESS, DimensionMismatchError
from scipy.sparse import csr_array, issparse

from brianmem import cuda
from brianmem.checks import delay_table
from brianmem.engine import gpu_memory, numpy_delays, templates
from brianmem.engine.contract import check_group, check_units, known_names, reset_of, take_over
from brianmem.engine.variables import FOREVER, add_record_variables, read_record
from brianmem.errors import InputError
from brianmem.raster import Raster

SCHEDULES = ("brian2", "recursion")
# Of the templates' arrays, those that a step changes.
CHANGING = ("_sent", "_n_sent", "_spikes_left", "_forced_next", "_lost_next")


class DelayStep(CodeRunner):
    """Recurrent Synapses with delays of whole steps, as one table for all copies of a network.

    Weights of all spikes that arrive in a step are added one by one, those of the oldest spikes
    first and those of one step in the order of their neurons, as Synapses do. In Brian2's schedule
    a spike of step t arrives in step t + delay, after its threshold and before its resets: the same
    as Synapses with that delay. In the recursion's it arrives before the threshold; then this
    object takes the place of the group's threshold, too, and of its reset if nobody else looks.

    Parameters
    ----------
    group : NeuronGroup with a threshold, of the N neurons of one network or a multiple of it: the
        networks then are blocks of the group, copies with the same weights
    weights : array or sparse array (N D, N) with rows (pre, delay - 1) and columns post, such as
        DelayWeights.table; float64 or float32
    variable : of the group, the one that weights are added to
    forced : Raster of spikes that come whatever the potential, a pattern for each block
    clamped : boolean, shape (n_blocks, n_steps) or (n_steps,): steps of the clock in which forced
        spikes are the only ones; later steps are free
    lost : Raster of spikes that nobody hears, if they come
    most_spikes : of a block, or of each block; beyond, it falls silent, and `ran_away` tells
    schedule : "brian2": threshold, then what arrives, then reset, as Synapses do by default;
        "recursion": what arrives comes before the threshold, as in the paper
    monitored : whether Brian2's monitors and other synapses are told of the spikes
    spike_room : on CUDA, how many spikes can be recorded in all runs together
    name : of this object; by default that of the group with "_delays"

    Raises InputError if these do not fit together.

    Source: Perrinet (2026), model equations.
    """

    shared = True  # all blocks have the same weights

    def __init__(
        self,
        group: NeuronGroup,
        weights,
        variable: str = "v",
        *,
        forced: Raster | None = None,
        clamped: np.ndarray | None = None,
        lost: Raster | None = None,
        most_spikes: int | np.ndarray | None = None,
        schedule: str = "brian2",
        monitored: bool = True,
        spike_room: int = 10**6,
        name: str | None = None,
    ):
        check_group(group, type(self).__name__)
        _check_variable(group, variable)
        self.variable, self.monitored = variable, monitored
        if schedule not in SCHEDULES:
            raise InputError(f"unknown schedule '{schedule}': choose from {', '.join(SCHEDULES)}")
        self.recursion = schedule == "recursion"
        if not self.recursion:
            self._check_brian2s_schedule(forced, clamped, most_spikes)
        # Monitors look before a reset, and other synapses act.
        self.resets = self.recursion and not monitored
        self.reset = reset_of(group)
        if getattr(weights, "dim", DIMENSIONLESS) is not group.variables[variable].dim:
            raise DimensionMismatchError(
                f"weights are added to '{variable}' and have its units",
                group.variables[variable].dim,
                getattr(weights, "dim", DIMENSIONLESS),
            )
        weights = delay_table(weights)
        self.n_neurons = weights.shape[1]
        self.n_delays = weights.shape[0] // self.n_neurons
        self.n_blocks = len(group) // self.n_neurons
        if self.n_blocks * self.n_neurons != len(group):
            raise InputError(
                f"the group '{group.name}' has {len(group)} neurons, and its weights need a "
                f"multiple of {self.n_neurons}"
            )
        self.dense = not issparse(weights)
        self.spike_room = int(spike_room)
        self.dtype = weights.dtype

        templates.register()
        CodeRunner.__init__(
            self,
            group,
            template="delay_step",
            clock=group.clock,
            when="thresholds" if self.recursion else "synapses",
            order=group.order if self.recursion else 0,
            name=name or f"{group.name}_delays",
            check_units=False,
        )
        self.add_dependency(group)
        self.variables = Variables(self)
        self._add_sizes(most_spikes)
        self._add_weights(weights)
        self._add_events("forced", forced)
        self._add_events("lost", lost)
        self._add_clamped(clamped)
        if self._standalone:
            add_record_variables(self.variables, self, on_gpu=self._cuda)
        if self._cuda:
            gpu_memory.check(self, group)
        replaced = [group.thresholder["spike"]] if self.recursion else []
        take_over(
            group, self, [*replaced, group.resetter.get("spike")] if self.resets else replaced
        )
        self._neurons, self._times = [], []

    def _check_brian2s_schedule(self, forced, clamped, most_spikes) -> None:
        for name, given in (("forced", forced), ("clamped", clamped), ("most_spikes", most_spikes)):
            if given is not None:
                raise InputError(
                    f"{name} has a say in thresholds, which are Brian2's own in its schedule: use "
                    "schedule='recursion'"
                )
        if self._cuda:
            raise InputError("on CUDA a DelayStep knows schedule='recursion' only")

    @property
    def _standalone(self) -> bool:
        return type(get_device()).__name__ != "RuntimeDevice"

    @property
    def _cuda(self) -> bool:
        return cuda.in_use()

    # Variables of the templates ----------------------------------------------------------------

    def _add(self, name: str, values, dtype, room: int | None = None) -> None:
        values = np.asarray(values, dtype=dtype).ravel()
        size = max(1, len(values) if room is None else room)
        if size > len(values):
            values = np.concatenate([values, np.zeros(size - len(values), dtype=dtype)])
        if not values.any():
            values = None  # zeros by themselves: programs have nothing to read
        # Of the values of a dynamic array a program in C++ keeps one copy, of others two.
        growing = self._standalone and not self._cuda
        add = self.variables.add_dynamic_array if growing else self.variables.add_array
        add(name, size=size, values=values, dtype=dtype, index=f"{name}_index")
        self.variables.add_auxiliary_variable(f"{name}_index", dtype=np.int64)

    def _add_sizes(self, most_spikes: int | np.ndarray | None) -> None:
        for name, value in (
            ("_n", self.n_neurons),
            ("_n_blocks", self.n_blocks),
            ("_n_delays", self.n_delays),
        ):
            self.variables.add_array(name, size=1, values=value, dtype=np.int64, scalar=True)
        self.variables.add_array("_until", size=1, values=FOREVER, dtype=np.float64, scalar=True)
        self.variables.add_auxiliary_variable("_fires", dtype=bool)
        # The spikes of the last D steps, block after block: a neuron may fire in each step.
        self._add("_sent", np.zeros(self.n_delays * len(self.group)), np.int32)
        self._add("_n_sent", np.zeros(self.n_blocks), np.int32)
        most = np.iinfo(np.int64).max if most_spikes is None else most_spikes
        if np.shape(most) not in ((), (self.n_blocks,)):
            raise InputError(
                f"most_spikes is a number, or one for each of {self.n_blocks} blocks, not of shape "
                f"{np.shape(most)}"
            )
        self._add("_spikes_left", np.full(self.n_blocks, most), np.int64)

    def _add_weights(self, weights: np.ndarray | csr_array) -> None:
        if self.dense:
            self._add("_value", weights, self.dtype)
            self._add("_row", [], np.int64)
            self._add("_synapse", [], np.int32)
            return
        if not weights.has_sorted_indices:
            weights = weights.sorted_indices()
        room = _room(weights.nnz) if self._standalone else weights.nnz
        # Neuron and weight side by side: a row lies in one place. Brian2 knows no structures.
        synapses = np.zeros(max(1, room), numpy_delays.synapse(self.dtype))
        synapses["post"][: weights.nnz] = weights.indices
        synapses["weight"][: weights.nnz] = weights.data
        self._add("_value", [], self.dtype)
        self._add("_row", weights.indptr, np.int64)
        self._add("_synapse", synapses.view(np.int32), np.int32)

    def _add_events(self, kind: str, raster: Raster | None) -> None:
        """Neurons and steps, block after block, and where each block has got to."""
        if raster is None:
            raster = Raster([], [], [], self.n_blocks, self.n_neurons, 1)
        if (raster.n_patterns, raster.n_neurons) != (self.n_blocks, self.n_neurons):
            raise InputError(
                f"{kind} spikes are for {raster.n_patterns} networks of {raster.n_neurons} "
                f"neurons, but there are {self.n_blocks} of {self.n_neurons}"
            )
        room = _room(len(raster)) if self._standalone else len(raster)
        ends = np.searchsorted(raster.pattern, np.arange(self.n_blocks + 1))
        self._add(f"_{kind}_neuron", raster.neuron, np.int32, room)
        self._add(f"_{kind}_step", raster.step, np.int32, room)
        self._add(f"_{kind}_next", ends[:-1], np.int64)
        self._add(f"_{kind}_end", ends[1:], np.int64)

    def _add_clamped(self, clamped) -> None:
        clamped = np.zeros((1, 0), dtype=bool) if clamped is None else np.atleast_2d(clamped)
        if clamped.ndim != 2 or len(clamped) not in (1, self.n_blocks) or clamped.dtype != bool:
            raise InputError(
                f"clamped is a boolean array (n_steps,) or ({self.n_blocks}, n_steps), not "
                f"{clamped.dtype} {clamped.shape}"
            )
        self._add("_clamped", clamped, bool)
        pitch = clamped.shape[1] if len(clamped) > 1 else 0
        for name, value in (("_clamped_pitch", pitch), ("_clamped_steps", clamped.shape[1])):
            self.variables.add_array(name, size=1, values=value, dtype=np.int64, scalar=True)

    # Code --------------------------------------------------------------------------------------

    def create_default_code_object(self, run_namespace):
        """The code object of one clock step, made anew for every run, as Brian2 does."""
        group = self.group
        check_units(group, known_names(group, self.reset, "", run_namespace), self.reset)
        refractory = group._refractory is not False
        threshold = f"({group.events['spike']})"
        self.abstract_code = {
            "crossing": "_fires = " + threshold + (" and not_refractory" if refractory else ""),
            "reset": self.reset,
        }
        conditional = group.variables[self.variable].conditional_write is not None
        needed = ["_spikespace", self.variable]
        if refractory:
            needed += ["not_refractory", "lastspike"]
        if self._standalone:
            needed += ["_spike_neuron", "_spike_time", "_failure"]
        headers = ("record.h", "delay_step.h")
        if self._cuda:
            needed += ["_spike_count", "_spike_room"]
            headers = (*headers, "thread_block.h", "delay_block.h")
        real = "float" if self.dtype == np.float32 else "double"
        told = {
            "support": f"#define BRIANMEM_REAL {real}\n" + templates.support(*headers),
            "real": real,
            "dense": self.dense,
            "recursion": self.recursion,
            "resets": self.resets,
            "monitored": self.monitored if self.recursion else None,
            "refractory": refractory,
            "conditional": conditional,
            "variable": self.variable,
            "threads": templates.threads(self.n_neurons),
        }
        self.template_kwds = {
            "eventspace_variable": group.variables["_spikespace"],
            "_engine": told,
        }
        self.codeobj = create_runner_codeobj(
            group=group,
            code=self.abstract_code,
            user_code=dict.fromkeys(self.abstract_code, ""),
            template_name="delay_step",
            name=f"{self.name}_codeobject*",
            check_units=False,
            additional_variables=self.variables,
            needed_variables=needed,
            run_namespace=run_namespace,
            template_kwds=self.template_kwds,
            # As in Brian2, a reset changes a variable that is (unless refractory), too.
            override_conditional_write=["not_refractory"],
            codeobj_class=self.codeobj_class,
        )
        self.code_objects[:] = [self.codeobj]
        return self.codeobj

    def run(self):
        """One step of the clock; called by Brian2."""
        result = self.codeobj()
        if result is not None:
            self._neurons.append(result[0])
            self._times.append(result[1])

    # Results -----------------------------------------------------------------------------------

    @property
    def i(self) -> np.ndarray:
        """Indices in the group of all spikes, step after step, shape (n_spikes,)."""
        return self._record()[0]

    @property
    def t(self) -> Quantity:
        """Times of the steps of the spikes in `i`, shape (n_spikes,)."""
        return Quantity(self._record()[1], dim=second.dim)

    @property
    def ran_away(self) -> np.ndarray:
        """Whether each block fired more than `most_spikes` times, boolean, shape (n_blocks,)."""
        return self.variables["_spikes_left"].get_value() < 0

    def raster(self, n_steps: int) -> Raster:
        """The spikes of the first `n_steps` steps of the clock, a pattern for each block."""
        neurons, times = self._record()
        steps = np.round(times / float(self.group.clock.dt)).astype(np.int64)
        n = self.n_neurons
        early = steps < n_steps
        return Raster(
            neurons[early] // n, neurons[early] % n, steps[early], self.n_blocks, n, n_steps
        )

    def _record(self) -> tuple[np.ndarray, np.ndarray]:
        if self._standalone:
            neurons, times = read_record(self.variables, self)
            if self._cuda:  # threads write at once
                order = np.lexsort((neurons, times))
                neurons, times = neurons[order], times[order]
            return neurons, times
        neurons = np.concatenate([np.zeros(0, dtype=np.int32), *self._neurons])
        times = np.concatenate([np.zeros(0), *self._times])
        self._neurons, self._times = [neurons], [times]
        return neurons, times

    def _full_state(self) -> tuple:
        changing = {name: self.variables[name].get_value().copy() for name in CHANGING}
        return (*self._record(), changing)

    def _restore_from_full_state(self, state: tuple) -> None:
        neurons, times, changing = state
        self._neurons, self._times = [neurons], [times]
        for name, values in changing.items():
            self.variables[name].set_value(values)


def _check_variable(group: NeuronGroup, name: str) -> None:
    variable = group.variables.get(name)
    if variable is None or variable.read_only or not getattr(variable, "array", False):
        raise InputError(f"the group '{group.name}' has no variable '{name}' to add weights to")
    if variable.dtype != np.float64 or variable.scalar:
        raise InputError(f"the variable '{name}' of '{group.name}' must be a float64 per neuron")


def _room(n: int) -> int:
    """n, rounded up by an eighth at most.

    Sizes of arrays are part of a standalone program, which so serves weights of other patterns.
    """
    unit = 1 << max(0, n.bit_length() - 4)
    return -(-n // unit) * unit
