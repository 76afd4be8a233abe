"""The exact event-driven engine, as a Brian2 object."""

import re
from functools import cached_property

import numpy as np
from brian2 import NeuronGroup, Quantity, get_device, kHz, second
from brian2.codegen.codeobject import create_runner_codeobj
from brian2.core.namespace import get_local_namespace
from brian2.core.variables import Variables
from brian2.groups.group import CodeRunner
from brian2.units.allunits import hertz
from brian2.units.fundamentalunits import DIMENSIONLESS, fail_for_dimension_mismatch
from brian2.utils.stringtools import get_identifiers

from brianmem import cuda
from brianmem.compiled.objects import link
from brianmem.engine import at_spikes, failures, gpu_memory, listeners, templates
from brianmem.engine.contract import (
    WEIGHT,
    check_group,
    check_units,
    complain,
    complain_of_half_a_step,
    count_copies,
    known_names,
    pulse_on,
    reset_of,
    take_over,
)
from brianmem.engine.solution import RANDOM, Exactness, derive
from brianmem.engine.variables import add_loop_variables, add_record_variables, read_record
from brianmem.engine.weights import (
    Columns,
    Weights,
    as_networks,
    can_mirror,
    frame_columns,
    plain_columns,
    prefers_mirrored,
    size,
)
from brianmem.errors import InputError
from brianmem.spikes import Spikes

FORMS = ("growing", "general")


class EventDriven(CodeRunner):
    """Resolves the spikes of a group one after another, at their exact times.

    It takes the place of the group's state update, threshold and reset and of its recurrent delta
    synapses. Within each step of the clock it repeats: find the next crossing of a threshold, move
    all neurons there, reset the one that fires, add its pulse to the others. Neurons above
    threshold fire at once, the largest excess first. Neurons that tie (to 12 digits) fire in the
    order of their indices.

    Parameters
    ----------
    group : NeuronGroup with a threshold, of as many neurons as all networks, or a multiple of it:
        each network then has as many copies. Copies are blocks of the group, independent of each
        other: first those of the first network
    weights : array (N, N) as [post, pre] or LowRankWeights, of one network; or an array
        (n_networks, N, N) or a list of LowRankWeights, of several
    pulse : statements that a spike runs at every neuron of its network, as in on_pre of Synapses:
        w is the weight, the group's variables may end in _post
    form : "growing" is fast, and for leaky neurons that share tau, drive and threshold within a
        network, have no reset and no refractoriness, and get `v_post += w`; "general" is for all
        models; None takes "growing" if the equations show that it applies
    dtype : numpy.float64, or numpy.float32 in the growing form
    mirrored : whether the growing form keeps K-sized columns, for LowRankWeights with E = [I; -I];
        None decides by size
    require_exact : refuse equations that cannot be solved between spikes
    max_rate : cap on the spikes per neuron and time, on average over a network
    monitored : whether Brian2's monitors and downstream synapses are told of the spikes; without,
        a clock step may hold more spikes than the group has neurons
    spike_room : on CUDA, how many spikes can be recorded in all runs together
    name : of this object; by default that of the group with "_events"

    Raises InputError if these do not fit together, and warns with InexactWarning if the model
    cannot be solved between spikes. While it runs, RunawayError beyond the cap, InputError for
    states that are not finite.

    Source: brianmem's docs/engine.md; the growing frame is Podlaski & Machens (2024), Eq. 1, solved
    between spikes.
    """

    def __init__(
        self,
        group: NeuronGroup,
        weights: Weights,
        pulse: str = "v_post += w",
        *,
        form: str | None = None,
        dtype=np.float64,
        mirrored: bool | None = None,
        require_exact: bool = False,
        max_rate: Quantity = 10 * kHz,
        monitored: bool = True,
        spike_room: int = 10**6,
        name: str | None = None,
    ):
        check_group(group, type(self).__name__)
        fail_for_dimension_mismatch(max_rate, hertz, "max_rate is a rate, such as 10*kHz")
        self.weight_dim = getattr(weights, "dim", DIMENSIONLESS)
        self.networks = as_networks(weights)
        self.n_copies = count_copies(group, self.networks)
        self.n_blocks = len(self.networks) * self.n_copies
        self.max_rate = float(max_rate)
        if not (np.isfinite(self.max_rate) and self.max_rate > 0):
            raise InputError(f"max_rate must be positive and finite, not {max_rate}")
        self.monitored = monitored
        self.spike_room = int(spike_room)
        # By now: what is added to spikes later runs on the clock, as Brian2 has it.
        self.reset, self._pulse = reset_of(group), pulse_on(pulse, group)
        names = known_names(group, self.reset, self._pulse, get_local_namespace(level=1))
        self.solution = derive(group, self.reset, self._pulse, names)
        if not self.solution.exactness.exact:
            complain(group, self.solution, require_exact)
        self.form = self._choose_form(form)
        self._check_precision(np.dtype(dtype), group)
        self._choose_columns(mirrored)

        templates.register()
        exact = self.solution.exactness.exact
        CodeRunner.__init__(
            self,
            group,
            template="",  # chosen with the code
            clock=group.clock,
            when="groups" if exact else "thresholds",
            order=group.order,
            name=name or f"{group.name}_events",
            check_units=False,
        )
        self.add_dependency(group)
        self.variables = Variables(self)
        add_loop_variables(self.variables, self, self._columns())
        if self._standalone:
            add_record_variables(self.variables, self, on_gpu=self._cuda)
        if self._cuda:
            gpu_memory.check(self, group)
        replaced = [group.thresholder["spike"], group.resetter.get("spike")]
        take_over(group, self, [*replaced, group.state_updater] if exact else replaced)
        self._neurons, self._times = [], []
        self._shown, self._seen = [], []
        if monitored:
            # Monitors look one place behind the threshold in the schedule.
            here = {"when": "thresholds", "order": group.order + 0.5}
            later = {"when": "before_synapses", "order": -(10**6)}
            for kept, place, suffix in (
                (at_spikes.AT_SPIKE, here, "shown"),
                (at_spikes.AFTER, later, "put_back"),
            ):
                runner = at_spikes.Shown(
                    group, self.variables, kept, name=f"{self.name}_{suffix}", **place
                )
                self._shown.append(runner)
            group.contained_objects.extend(self._shown)

    # What the model is -------------------------------------------------------------------------

    @property
    def exactness(self) -> Exactness:
        """Whether spikes are found in closed form, bracketed, or one by one within clock steps."""
        return self.solution.exactness

    @cached_property
    def _standalone(self) -> bool:
        return type(get_device()).__name__ != "RuntimeDevice"

    @cached_property
    def _cuda(self) -> bool:
        return cuda.in_use()

    @property
    def n_neurons(self) -> int:
        """N of one network."""
        return size(self.networks[0])

    @property
    def shared(self) -> bool:
        """Whether all blocks have the same weights."""
        return len(self.networks) == 1

    def _choose_form(self, form: str | None) -> str:
        if form not in (None, *FORMS):
            raise InputError(f"unknown form '{form}': choose from {', '.join(FORMS)}, or None")
        obstacle = self._frame_obstacle()
        if form is None:
            return "general" if obstacle or not self.solution.frame_shared else "growing"
        if form == "growing" and obstacle:
            raise InputError(f"the growing form does not apply: {obstacle}")
        return form

    def _frame_obstacle(self) -> str:
        solution = self.solution
        if self.reset.strip():
            return "neurons are reset"
        if not solution.frame:
            return "neurons do not decay to a drive with one time constant, or are refractory"
        if not re.fullmatch(rf"{solution.variable}\s*\+=\s*{WEIGHT}", self._pulse.strip()):
            return f"the pulse is not '{solution.variable}_post += w'"
        return ""

    def _check_precision(self, dtype: np.dtype, group: NeuronGroup) -> None:
        if dtype not in (np.float64, np.float32):
            raise InputError(f"dtype is float64 or float32, not {dtype}")
        if dtype == np.float32 and self.form != "growing":
            raise InputError("float32 is for the growing form only: the general one is exact")
        single = [
            name
            for name in group.equations.diff_eq_names
            if np.dtype(group.variables[name].dtype) != np.float64
        ]
        if single:
            raise InputError(f"the group's {single[0]} must be float64 for exact spike times")
        self.dtype = dtype

    def _choose_columns(self, mirrored: bool | None) -> None:
        if mirrored and not (self.form == "growing" and can_mirror(self.networks)):
            raise InputError(
                "K-sized columns are for the growing form and LowRankWeights with E = [I; -I]"
            )
        if mirrored is None:
            mirrored = self.form == "growing" and prefers_mirrored(self.networks)
        self.mirrored = mirrored

    # Variables of the templates ----------------------------------------------------------------

    def set_weights(self, weights: Weights) -> None:
        """Other weights of the same shape and kind, for the runs to come; nothing is compiled.

        Raises InputError for weights of another shape or kind.
        """
        for name, values in self.exchange(weights).items():
            self.variables[name].set_value(values)

    def exchange(self, weights: Weights) -> dict[str, np.ndarray]:
        """Take over other weights; returns what the templates' arrays, by name, have to hold."""
        networks = as_networks(weights)
        if len(networks) != len(self.networks):
            raise InputError(
                "other weights must come in the shape of those the engine was made with"
            )
        if size(networks[0]) != self.n_neurons:
            raise InputError(f"the weights need {self.n_neurons} neurons, not {size(networks[0])}")
        if self.mirrored and not can_mirror(networks):
            raise InputError("the engine was made for LowRankWeights with E = [I; -I]")
        self.networks = networks
        columns = self._columns()
        return {WEIGHT: columns.weight, "_own": columns.own, "_lift": columns.lift}

    def _columns(self) -> Columns:
        if self.form == "growing":
            return frame_columns(self.networks, self.dtype, self.mirrored, not self._cuda)
        return plain_columns(self.networks)

    # Code --------------------------------------------------------------------------------------

    def create_default_code_object(self, run_namespace):
        """The code object of one clock step, made anew for every run, as Brian2 does."""
        names = known_names(self.group, self.reset, self._pulse, run_namespace)
        known = names | {WEIGHT: self.variables[WEIGHT]}
        check_units(self.group, known, self.reset, self._pulse)
        solution = derive(self.group, self.reset, self._pulse, names)
        if solution.exactness is not self.exactness:
            raise InputError(
                f"with the names known now, the group '{self.group.name}' is solved "
                f"'{solution.exactness.value}', but with those known when its EventDriven was made "
                f"'{self.exactness.value}': give the group a namespace"
            )
        self.solution = solution
        self.template, self.abstract_code = self._parts()
        real = "float" if np.dtype(self.dtype) == np.float32 else "double"
        needed = [self._spikespace.name]
        coupled = f"#define BRIANMEM_COUPLED {solution.n_coupled}\n" if solution.n_coupled else ""
        if solution.refractory or self.group._refractory is not False:
            needed += ["not_refractory", "lastspike"]
        if self.form == "growing":
            needed.append(solution.variable)
            needed += [
                kept + name for kept in (at_spikes.AT_SPIKE, at_spikes.AFTER) for name in self._seen
            ]
        if self._standalone:
            needed += ["_spike_neuron", "_spike_time", "_failure"]
        if self._cuda:
            needed += ["_spike_count", "_spike_room"]
            self._check_random()
        # Under one name that no variable of the user's can have: others would stand in its place.
        told = {
            "support": self._support(f"#define BRIANMEM_REAL {real}\n{coupled}"),
            "real": real,
            "monitored": self.monitored,
            "refractory": self.group._refractory is not False,
            "bracketed": self.exactness is Exactness.BRACKETED,
            "strict": solution.strict,
            "seen": bool(self._seen),
            "at_spike": at_spikes.AT_SPIKE + solution.variable,  # in the growing form
            "after": at_spikes.AFTER + solution.variable,
            "n_coupled": solution.n_coupled,
            "entries": solution.entries,
            "variable": solution.variable,
            "frame_shared": solution.frame_shared,
            "mirrored": self.mirrored,
            **self._threads(),
        }
        self.template_kwds = {"eventspace_variable": self._spikespace, "_engine": told}
        self.codeobj = create_runner_codeobj(
            group=self.group,
            code=self.abstract_code,
            user_code=dict.fromkeys(self.abstract_code, ""),
            template_name=self.template,
            name=f"{self.name}_codeobject*",
            check_units=False,
            additional_variables=self.variables,
            needed_variables=needed,
            run_namespace=run_namespace,
            template_kwds=self.template_kwds,
            codeobj_class=self.codeobj_class,
        )
        self.code_objects[:] = [self.codeobj]
        return self.codeobj

    def _threads(self) -> dict[str, int]:
        """How many threads of a CUDA block run a network, and how many elements each has."""
        length = self.n_neurons // 2 if self.mirrored else self.n_neurons
        # In the growing form a spike is little work for a thread: few threads wait less for each
        # other, and a warp alone never. More networks run at once, too.
        each = templates.MOST_IN_REGISTERS if self.form == "growing" else 1
        threads = templates.threads(length, each)
        return {"threads": threads, "per_thread": -(-length // threads)}

    def _check_random(self) -> None:
        # brian2cuda draws one number per neuron and step, which every spike would use again.
        names = set().union(*(get_identifiers(code) for code in self.abstract_code.values()))
        if names & RANDOM:
            raise InputError(
                f"threshold, reset and pulse cannot use {min(names & RANDOM)}() on CUDA, where its "
                "numbers are drawn once for all spikes in a step of the clock"
            )

    @property
    def _spikespace(self):
        return self.group.variables["_spikespace"]

    def _support(self, defined: str) -> str:
        """What goes before the code of the model."""
        if self._cuda:
            return defined + templates.support(
                "elementary.h", "record.h", "next_spike.h", "thread_block.h", *self._propagator
            )
        if self.form == "growing":
            loops = templates.support(
                "elementary.h", "record.h", "registers.h", "frame.h", "growing_frame.cpp"
            )
            if not self._links:
                return f"{defined}#define BRIANMEM_LOOPS inline\n{loops}"
            return defined + templates.support("record.h", "frame.h") + link(defined + loops)
        return defined + templates.support("record.h", "next_spike.h", *self._propagator)

    @property
    def _propagator(self) -> tuple[str, ...]:
        return ("propagate.h",) if self.solution.n_coupled else ()

    @property
    def _links(self) -> bool:
        """Whether what compiles the code links what it names; Brian2's own backends do not."""
        device = get_device()
        maker = device if self._standalone else device.code_object_class(self.codeobj_class)
        return getattr(maker, "links_parts", False)

    def _parts(self) -> tuple[str, dict[str, str]]:
        """Template, and blocks of abstract code."""
        solution = self.solution
        if self.form == "growing":
            return "growing_frame", {"frame": solution.frame}
        blocks = {
            "crossing": solution.crossing,
            "reset": self.reset,
            "pulse": self._pulse,
        }
        if self._seen:
            blocks["seen"] = at_spikes.copied(self._seen, at_spikes.AT_SPIKE, back=False)
            blocks["kept"] = at_spikes.copied(self._seen, at_spikes.AFTER, back=False)
        if not solution.exactness.exact:
            return "one_by_one", blocks
        blocks["advance"] = solution.advance
        for name in ("refractory", "peek", "system"):
            if getattr(solution, name):
                blocks[name] = getattr(solution, name)
        return "event_loop", blocks

    def before_run(self, run_namespace):
        """Called by Brian2."""
        if self.monitored:
            listeners.complain_of_plasticity(self.group)
            listeners.count_each_spike(self.group, run_namespace)
            self._show(at_spikes.wanted(self.group))
        super().before_run(run_namespace)

    def run(self):
        """One step of the clock; called by Brian2."""
        result = self.codeobj()
        if result is None:
            return
        neurons, times, failure, neuron, seconds = result
        self._neurons.append(neurons)
        self._times.append(times)
        if failure:
            raise failures.error(failure, neuron, seconds, self)

    def _show(self, names: list[str]) -> None:
        """Let monitors see these variables as they were at spikes."""
        if self.form == "growing":  # nothing else changes at spikes, nor between them
            names = [name for name in names if name == self.solution.variable]
        at_spikes.add_arrays(self.variables, self.group, names)
        self._seen = names
        for runner in self._shown:
            runner.show(names)

    def after_run(self):
        """Nobody has fired when the next run begins; called by Brian2."""
        super().after_run()
        complain_of_half_a_step(self.group)
        if not self._standalone:  # whose templates do it themselves
            self._spikespace.get_value()[-1] = 0

    # Results -----------------------------------------------------------------------------------

    @property
    def i(self) -> np.ndarray:
        """Neurons that fired, int array of shape (n_spikes,), as indices of the group.

        Within each step of the clock (on CUDA, in all runs together), block after block, in the
        order in which they fired.
        """
        return self._record()[0]

    @property
    def t(self) -> Quantity:
        """Exact times of the spikes in `i`, shape (n_spikes,)."""
        return Quantity(self._record()[1], dim=second.dim)

    def spikes(self, block: int = 0, unit: Quantity = second) -> Spikes:
        """The spikes of one network, with its own indices and times in the given unit."""
        if not 0 <= block < self.n_blocks:
            raise InputError(f"there are blocks 0 to {self.n_blocks - 1}, not {block}")
        return self.spikes_by_block(unit)[block]

    def spikes_by_block(self, unit: Quantity = second) -> list[Spikes]:
        """The spikes of every network, as `spikes` gives them, in one pass over the record."""
        neurons, times = self._record()
        block = neurons // self.n_neurons
        if (np.diff(block) < 0).any():  # several steps of the clock, each block after block
            order = np.argsort(block, kind="stable")
            neurons, times, block = neurons[order], times[order], block[order]
        ends = np.searchsorted(block, np.arange(1, self.n_blocks))
        parts = np.split(neurons.astype(np.int64), ends), np.split(times / float(unit), ends)
        return [Spikes(n % self.n_neurons, t) for n, t in zip(*parts, strict=True)]

    def _record(self) -> tuple[np.ndarray, np.ndarray]:
        if self._standalone:
            neurons, times = read_record(self.variables, self)
            if self._cuda:  # networks write at once, each in its order
                order = np.argsort(neurons // self.n_neurons, kind="stable")
                neurons, times = neurons[order], times[order]
                self._check_heard(neurons, times)
            return neurons, times
        neurons = np.concatenate([np.zeros(0, dtype=np.int32), *self._neurons])
        times = np.concatenate([np.zeros(0), *self._times])
        self._neurons, self._times = [neurons], [times]
        return neurons, times

    def _check_heard(self, neurons: np.ndarray, times: np.ndarray) -> None:
        """Synapses on a GPU hear all spikes of a step at once: a neuron's may overwrite others."""
        heard_by = sorted(pathway.synapses.name for pathway in listeners.pathways(self.group))
        if not (self.monitored and heard_by):
            return
        step = np.floor(times / float(self.group.clock.dt))
        pairs, fired = np.unique(np.stack([neurons, step]), axis=1, return_counts=True)
        if (fired > 1).any():
            raise InputError(
                f"neuron {pairs[0, fired.argmax()]:.0f} fired {fired.max()} times within a step of "
                f"the clock, which the Synapses '{heard_by[0]}' cannot count on a GPU: choose a "
                "smaller step, or another backend"
            )

    def _full_state(self) -> tuple:
        return (*self._record(), self.variables["_credit"].get_value().copy())

    def _restore_from_full_state(self, state: tuple) -> None:
        neurons, times, credit = state
        self._neurons, self._times = [neurons], [times]
        self.variables["_credit"].set_value(credit)
