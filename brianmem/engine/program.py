"""A network compiled to one program that runs many times, with other numbers each time."""

from pathlib import Path

import numpy as np
from brian2 import Network, NeuronGroup, Quantity, get_device, second
from brian2.units.fundamentalunits import fail_for_dimension_mismatch, get_dimensions

from brianmem.engine.event_driven import EventDriven
from brianmem.engine.weights import Weights
from brianmem.errors import InputError
from brianmem.spikes import Spikes

LONGEST = 1e6  # seconds that a program could run if nothing stopped it


class Program:
    """Built once, run many times with other weights, states, parameters and durations.

    Use it inside `with brian_backend("cpp_standalone", build_on_run=False)`; what the program is
    about to be told has to be a variable of the group, since constants of its namespace are part of
    the program, as is the number of neurons.

    Parameters
    ----------
    engine : the network's EventDriven
    group : the group it was made for
    others : further objects of the network, such as monitors

    Raises InputError if the device is not a standalone one that waits to be built.
    """

    def __init__(self, engine: EventDriven, group: NeuronGroup, *others):
        self.device = get_device()
        if not hasattr(self.device, "build_on_run") or self.device.build_on_run:
            raise InputError(
                "a Program needs brian_backend('cpp_standalone', build_on_run=False) around it"
            )
        self.engine, self.group = engine, group
        self._built_with = engine.networks
        network = Network(group, engine, *others, name=f"{engine.name}_network")
        network.run(LONGEST * second)
        self.device.build(run=False, **self.device.build_options)

    def run(self, duration: Quantity, weights: Weights | None = None, **values) -> list[Spikes]:
        """Spikes of each block, with times in seconds.

        Parameters
        ----------
        duration : simulated time
        weights : in the shape of those the engine was made with; None for just those
        values : variables of the group by name, with units; scalars, or arrays of its length. What
            is not named has the value that it had when the program was built

        Raises InputError for names, sizes and numbers that do not fit, RunawayError beyond the
        engine's cap.
        """
        fail_for_dimension_mismatch(duration, second, "a duration is a time, such as 200*ms")
        if not (0 < float(duration) <= LONGEST):
            raise InputError(f"a duration is positive and at most {LONGEST} s, not {duration}")
        folder = Path(self.device.project_dir)
        arguments = [f"{self.engine.name}._until={float(duration)!r}"]
        new = self._built_with if weights is None else weights
        for name, array in self.engine.exchange(new).items():
            arguments.append(f"{self.engine.name}.{name}={_write(folder, name, array)}")
        for name, value in values.items():
            array = self._checked(name, value)
            arguments.append(f"{self.group.name}.{name}={_write(folder, 'of_' + name, array)}")
        self.device.run(str(folder), "results", with_output=False, run_args=arguments)
        return self.engine.spikes_by_block()

    def _checked(self, name: str, value) -> np.ndarray:
        variable = self.group.variables.get(name)
        if variable is None or variable.read_only or not hasattr(variable, "size"):
            raise InputError(f"the group '{self.group.name}' has no variable '{name}' to be set")
        if get_dimensions(value) is not variable.dim:
            raise InputError(f"{name} has other units than the group's variable: {value}")
        array = np.asarray(value, dtype=variable.dtype)
        if array.ndim > 1 or array.size not in (1, variable.size):
            raise InputError(f"{name} is one number or {variable.size}, not of shape {array.shape}")
        if not np.isfinite(array).all():
            raise InputError(f"{name} holds NaN or infinite values")
        return np.broadcast_to(array, variable.size)


def _write(folder: Path, name: str, values: np.ndarray) -> str:
    path = folder / f"{name}.dat"
    np.ascontiguousarray(values).tofile(path)
    return str(path)
