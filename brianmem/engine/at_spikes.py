"""What Brian2's monitors see of neurons that fire: their state at the spike, before its reset.

The engine has reset them, and moved them on, before monitors look. So it keeps the state at each
neuron's last spike in a step, which is put in its place while monitors look.
"""

from brian2 import NeuronGroup
from brian2.core.variables import ArrayVariable, Variables
from brian2.groups.group import CodeRunner

from brianmem.engine import listeners
from brianmem.engine.solution import names_behind

AT_SPIKE, AFTER = "_at_spike_", "_after_"  # of arrays with a variable's name behind


def wanted(group: NeuronGroup) -> list[str]:
    """The group's variables that its monitors record at spikes, and that change."""
    names = set()
    for monitor in listeners.monitors(group):
        for name in monitor.record_variables - {"i", "t"}:
            names |= names_behind(name, group.equations)
    return sorted(name for name in names if _changes(group.variables.get(name), len(group)))


def _changes(variable, n: int) -> bool:
    is_state = isinstance(variable, ArrayVariable) and not (variable.read_only or variable.scalar)
    return is_state and not variable.constant and variable.size == n


def add_arrays(variables: Variables, group: NeuronGroup, names: list[str]) -> None:
    """Room for the states at spikes and at the end of the step, for each of these variables."""
    for name in names:
        variable = group.variables[name]
        for array in (AT_SPIKE + name, AFTER + name):
            if array not in variables:
                variables.add_array(
                    array, size=len(group), dtype=variable.dtype, dimensions=variable.dim
                )


class Shown(CodeRunner):
    """Puts one of the kept states in the place of that of all neurons that fired in the step."""

    def __init__(self, group: NeuronGroup, variables: Variables, kept: str, **options):
        CodeRunner.__init__(
            self,
            group,
            template="reset",  # Brian2's for neurons that fired
            clock=group.clock,
            check_units=False,
            needed_variables=["_spikespace"],
            template_kwds={"eventspace_variable": group.variables["_spikespace"]},
            override_conditional_write=["not_refractory"],
            **options,
        )
        self.variables, self.kept, self.active = variables, kept, False

    def show(self, names: list[str]) -> None:
        """From the next run on, these variables."""
        self.active = bool(names)
        self.abstract_code = copied(names, kept=self.kept)


def copied(names: list[str], kept: str, back: bool = True) -> str:
    """Statements that put kept states in the variables' places, or keep them."""
    pairs = [(name, kept + name) if back else (kept + name, name) for name in names]
    return "\n".join(f"{target} = {source}" for target, source in pairs)
