"""Who hears the spikes of a group: Synapses, monitors, and code that was added to its spikes."""

import warnings
from collections.abc import Iterator

from brian2 import NeuronGroup, Synapses, get_device
from brian2.groups.group import CodeRunner
from brian2.monitors.spikemonitor import EventMonitor
from brian2.synapses.synapses import SynapticPathway

from brianmem.errors import InexactWarning

COUNTED = "counted_"  # before the names of Brian2's templates: ours, which count each spike


def pathways(group: NeuronGroup) -> list[SynapticPathway]:
    """What Synapses do with the group's spikes, before and behind the synapse."""
    there = [reference() for reference in Synapses.__instances__()]
    found = [
        pathway for synapses in there if synapses is not None for pathway in synapses._pathways
    ]
    return [pathway for pathway in found if _hears(pathway, group)]


def monitors(group: NeuronGroup) -> list[EventMonitor]:
    """The monitors of the group's spikes, and of those of its subgroups."""
    there = [reference() for reference in EventMonitor.__instances__()]
    return [monitor for monitor in there if monitor is not None and _hears(monitor, group)]


def _hears(listener: SynapticPathway | EventMonitor, group: NeuronGroup) -> bool:
    # By the array of spikes that it reads: other groups may have this one's name, and the source of
    # a subgroup may be gone.
    heard = listener.variables[f"_{listener.event}space"]
    return heard is group.variables["_spikespace"]


def count_each_spike(group: NeuronGroup, run_namespace: dict) -> None:
    """Let those of the group's listeners that run on NumPy hear a neuron as often as it fired.

    NumPy writes once to an element that an index names twice. What comes first in the schedule has
    been prepared for this run already, and is prepared again.
    """
    for runner in _runners(group):
        own = runner.template.removeprefix(COUNTED)
        template = COUNTED + own if _on_numpy(runner) else own
        if runner.template != template:
            runner.template = template
            if runner.code_objects:
                runner.before_run(run_namespace)


def _runners(group: NeuronGroup) -> Iterator[CodeRunner]:
    yield from pathways(group)
    yield from monitors(group)
    added = group.resetter.get("spike")
    if added is not None and added.active:
        yield added


def _on_numpy(runner: CodeRunner) -> bool:
    return get_device().code_object_class(runner.codeobj_class).class_name == "numpy"


def complain_of_plasticity(group: NeuronGroup) -> None:
    """Synapses that hear a group's spikes on both sides compare times, which are the clock's."""
    for name in sorted({p.synapses.name for p in pathways(group) if p.prepost == "post"}):
        warnings.warn(
            f"the Synapses '{name}' hear the spikes of '{group.name}' at the times of the "
            "clock, and on_pre before on_post within a step: what depends on the order of "
            "spikes within a step, such as plasticity, needs a smaller step",
            InexactWarning,
            stacklevel=3,
        )
