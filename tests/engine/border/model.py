"""A model at the border, and a run of it: by plain Brian2, or by the engine."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    ms,
    seed,
)
from brian2.utils.stringtools import get_identifiers

from brianmem.brian import brian_backend, synapses_clock
from brianmem.engine import EventDriven, Exactness

STEP = 1.0  # of the engine's clock, in ms
FINE = 0.01  # of plain Brian2's beside it
# On the same clock, where a model follows it: equal to the last bit.
CLOCKED = {"fine": None, "step": 0.1}


@dataclass(frozen=True)
class Model:
    """A group as its user writes it, and the network around it.

    Attributes
    ----------
    equations, threshold, reset, refractory, method, names, start : of the NeuronGroup
    exactness : what the engine makes of it
    pulse, strength, unit : of recurrent weights, drawn between 0 and the strength; none without one
    own : the weight of a neuron on itself, in place of a drawn one
    recorded : variables of a SpikeMonitor
    around : further objects, made from the group; `inputs` below are some
    fastest : a time in which no variable changes by more than its range
    draws : whether objects around the group draw random numbers
    copies : of the network, one behind the other in the group
    fine : step of plain Brian2; None for that of the engine, which then agrees to the last bit
    forms : of the engine
    duration, fastest, fine, step : in ms
    """

    name: str
    exactness: Exactness
    equations: str
    threshold: str
    reset: str = ""
    refractory: Any = False
    method: str = "exact"
    names: dict = field(default_factory=dict)
    start: dict = field(default_factory=dict)
    pulse: str = "v_post += w"
    strength: Any = None
    unit: str = "1"
    own: float = 0.0
    n: int = 6
    duration: float = 30.0
    recorded: tuple[str, ...] = ("v",)
    around: Callable[[NeuronGroup], list] = lambda group: []
    fastest: float = 2.0
    draws: bool = False
    copies: int = 1
    fine: float | None = FINE
    step: float = STEP
    forms: tuple[str | None, ...] = (None,)

    @property
    def random(self) -> bool:
        """Whether anything is drawn at random."""
        return self.draws or "xi" in get_identifiers(self.equations)

    def weights(self) -> np.ndarray:
        """[post, pre]; in units, if the strength has some."""
        drawn = np.random.default_rng(len(self.name)).random((self.n, self.n))
        np.fill_diagonal(drawn, self.own)
        return drawn * (0 if self.strength is None else self.strength)


def inputs(times, statement: str, who="j < 3", step=STEP):
    """Pulses from outside, at times in ms, on the neurons j that fulfil a condition."""

    def around(group: NeuronGroup) -> list:
        # What arrives in a step acts at its end, whatever its length.
        when = (np.array(times) + step) * ms - group.clock.dt
        source = SpikeGeneratorGroup(
            1, np.zeros(len(times), dtype=int), when, clock=group.clock, name="source"
        )
        synapses = Synapses(
            source, group, on_pre=statement, clock=group.clock, name="of_inputs",
            namespace=group.namespace,
        )  # fmt: skip
        synapses.connect(who)
        return [source, synapses]

    return around


def run(model: Model, backend: str, plain: bool, form: str | None = None, fine=None) -> dict:
    """What can be seen of a run: spikes, states at them, synapses that hear them, final states."""
    step = (fine or model.fine or model.step) if plain else model.step
    with brian_backend(backend):
        seed(5)
        clock = synapses_clock(step * ms, name="border_clock")
        group = NeuronGroup(
            model.n * model.copies,
            model.equations,
            threshold=model.threshold,
            reset=model.reset,
            refractory=model.refractory,
            method=model.method,
            namespace=model.names,
            clock=clock,
            name="border",
        )
        for name, value in model.start.items():
            setattr(group, name, value)
        around = model.around(group)
        objects = [group, *around]
        weights = model.weights()
        if plain:
            if model.strength is not None:
                objects.append(_recurrent(group, model, weights))
        else:
            pulse = model.pulse if model.strength is not None else _no_pulse(group)
            engine = EventDriven(group, weights, pulse, form=form)
            assert engine.exactness is model.exactness, engine.solution.reason
        target = NeuronGroup(2, "arrived : 1", clock=clock, name="border_target")
        heard = Synapses(
            group, target, "passed : 1", on_pre="passed += 1; arrived_post += 1", clock=clock,
            name="border_heard",
        )  # fmt: skip
        heard.connect(j="i % 2")
        monitor = SpikeMonitor(group, list(model.recorded), name="border_monitor")
        network = Network(*objects, target, heard, monitor)
        network.run(model.duration * ms)
        found = {name: np.array(getattr(monitor, name)) for name in ("i", "t", *model.recorded)}
        found |= {"passed": np.array(heard.passed), "arrived": np.array(target.arrived)}
        found["count"] = np.array(monitor.count)
        states = group.equations.diff_eq_names
        found["final"] = {name: np.array(getattr(group, name)) for name in states}
        for other in around:
            if isinstance(other, Synapses) and "w" in other.equations.names:
                found["final"]["synapses' w"] = np.array(other.w)
        if not plain:
            found["exact"] = np.array(engine.i), np.array(engine.t)
    return found


def _no_pulse(group: NeuronGroup) -> str:
    """A statement that changes nothing: its weights are zeros without units."""
    name = min(group.equations.diff_eq_names)
    return f"{name}_post += w*{name}_post"


def _recurrent(group: NeuronGroup, model: Model, weights) -> Synapses:
    synapses = Synapses(
        group, group, f"w : {model.unit}", on_pre=model.pulse, clock=group.clock,
        namespace=model.names, name="border_recurrent",
    )  # fmt: skip
    synapses.connect("i // n == j // n", namespace={"n": model.n})
    synapses.w = weights[np.array(synapses.j) % model.n, np.array(synapses.i) % model.n]
    return synapses
