"""A network that is run again and again without a compiled program: the twin of Program."""

from brian2 import Network, NeuronGroup

from brianmem.engine.event_driven import EventDriven
from brianmem.engine.weights import Weights
from brianmem.errors import InputError
from brianmem.spikes import Spikes


class Repeated:
    """Runs of one step of the clock, each from the values that the group has now.

    Brian2 looks through a network and makes its code objects anew before every run, which takes
    longer than a small network's spikes. Here it does so once.

    Parameters
    ----------
    engine, group : made with a backend other than cpp_standalone
    """

    def __init__(self, engine: EventDriven, group: NeuronGroup):
        self.engine, self.group = engine, group
        self._network = Network(group, engine)
        self._parts, self._exchanged = None, False
        self._built_with = engine.networks

    def run(self, duration, weights: Weights | None = None, **values) -> list[Spikes]:
        """The spikes of each block, with times in seconds.

        Parameters
        ----------
        duration : the step of the group's clock, with units
        weights : in the shape of those the engine was made with; None for just those
        values : of variables of the group, for this run alone

        Raises InputError if the duration is not one step of the clock.
        """
        if duration != self.group.clock.dt:
            raise InputError(f"a run lasts one step, {self.group.clock.dt}, not {duration}")
        if weights is not None or self._exchanged:
            self.engine.set_weights(self._built_with if weights is None else weights)
            self._exchanged = weights is not None
        # What a run changes, and what is said for it alone, is undone when it has ended.
        self._network.store()
        try:
            for name, value in values.items():
                setattr(self.group, name, value)
            if self._parts is None:
                self._network.run(duration)
                # All that a step runs, such as subexpressions that are constant in it.
                self._parts = [part for part in self._network.sorted_objects if part.active]
            else:
                for part in self._parts:
                    part.run()
            return self.engine.spikes_by_block()
        finally:
            self._network.restore()
