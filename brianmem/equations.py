"""A neuron and its synapses as text, in Brian2's notation, and how to read it from a TOML file."""

import keyword
import math
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

from brianmem import quantities
from brianmem.errors import InputError

# What Brian2 tries, in this order: linear equations are solved exactly.
INTEGRATORS = ("exact", "euler", "heun")
# What Brian2 finds by itself in a group and its synapses, whatever a parameter of that name says.
BRIAN2S_VARIABLES = {"N", "i", "j", "t", "dt", "t_in_timesteps", "lastspike", "not_refractory", "w"}


@dataclass(frozen=True)
class Model:
    """The equations of a network, each in Brian2's own notation.

    Attributes
    ----------
    model : differential equations, subexpressions and parameters of a neuron
    threshold : condition under which it fires
    reset : statements that follow a spike
    pulse : statements that a presynaptic spike runs at a synapse of weight w
    refractory : duration or condition of the refractory period; False for none
    parameters : constants by name, numbers or strings with units such as "50*ms"
    source : the file they come from, for messages; None for those of the package
    """

    model: str
    threshold: str
    reset: str
    pulse: str
    refractory: str | bool = False
    parameters: dict[str, float | str] = field(default_factory=dict)
    source: str | None = None

    def __hash__(self):
        return hash((self.model, self.threshold, self.reset, self.pulse, self.source))

    def namespace(self, network: dict) -> dict:
        """The network's own constants and the model's parameters, for Brian2 to look names up in.

        Raises InputError if a parameter is no finite number with units, or bears a name that stands
        for something else already.
        """
        for name in self.parameters:
            owner = "the protocol's own parameters" if name in network else _owner(name)
            if owner:
                raise InputError(
                    f"{self.place('parameters', name)}: {name} is set by {owner}, so that this "
                    "value would never be used: choose another name"
                )
        return network | {name: self._constant(name) for name in self.parameters}

    def _constant(self, name: str):
        value = self.parameters[name]
        try:
            number = quantities.parse(value) if isinstance(value, str) else value
            if not math.isfinite(number):
                raise InputError("it is not finite")
            return number
        except (InputError, OverflowError) as error:
            raise InputError(
                f"{self.place('parameters', name)}: {name} = {value!r} is no finite number with "
                f"units ({error})"
            ) from None

    def place(self, key: str, text: str = "") -> str:
        """Where `text`, the parameter of that name, or just the key stands: file, line and key."""
        if self.source is None:
            return f"built-in {key}"
        escaped = re.escape(text.strip())
        pattern = rf"^\s*{escaped}\s*=" if key == "parameters" else escaped
        if not text or text == key:
            pattern = rf"^\s*\[*{re.escape(key)}\b"
        try:
            lines = _text(self.source).splitlines()
        except OSError:  # it has been removed meanwhile
            lines = []
        found = [number for number, line in enumerate(lines, 1) if re.search(pattern, line)]
        return f"{self.source}, " + (f"line {found[0]} ({key})" if found else key)


def load_model(path, default: Model) -> Model:
    """`default` with the keys of a TOML file put in its place; every key is optional.

    Raises InputError for a file that cannot be read, is not TOML, or has unknown keys or values of
    another type.
    """
    try:
        content = tomllib.loads(_text(path))
    except OSError as error:
        raise InputError(f"cannot read equations from {path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # of TOML, or of UTF-8
        raise InputError(f"{path} is not valid TOML: {error}") from None
    return changed(replace(default, source=str(path)), content)


def changed(model: Model, content: dict) -> Model:
    """A model with some of its texts and parameters put in place of those that it has.

    Raises InputError for unknown keys and values of another type.
    """
    for key, value in content.items():
        if key not in _EXPECTED:
            place = model.place(key)
            raise InputError(f"{place}: unknown key '{key}', choose from {', '.join(_EXPECTED)}")
        if not _has_type(key, value):
            raise InputError(f"{model.place(key)}: {key} must be {_EXPECTED[key]}")
    for name, value in content.get("parameters", {}).items():
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            place = model.place("parameters", name)
            raise InputError(f"{place}: {name} must be a number or a string such as '50*ms'")
    return replace(model, **content)


def _text(path) -> str:
    """What a file says; some editors begin it with a mark of its encoding."""
    return Path(path).read_text(encoding="utf-8-sig")


def _owner(name: str) -> str:
    """Who else decides what a name stands for in equations; empty for nobody."""
    from brian2.core import namespace as brian2s

    if not name.isidentifier() or keyword.iskeyword(name):
        return "nobody, since it is no name"
    defaults = (brian2s.DEFAULT_CONSTANTS, brian2s.DEFAULT_FUNCTIONS, brian2s.DEFAULT_UNITS)
    if name in BRIAN2S_VARIABLES or any(name in names for names in defaults):
        return "Brian2"
    if name.startswith(("_", "xi_")) or name.endswith(("_pre", "_post")) or name == "xi":
        return "Brian2"
    return ""


_EXPECTED = {
    "model": "a string of equations",
    "threshold": "a string with a condition",
    "reset": "a string of statements",
    "pulse": "a string of statements",
    "refractory": "a string such as '2*ms', or false",
    "parameters": "a table of numbers and strings such as '50*ms'",
}


def _has_type(key: str, value) -> bool:
    if key == "parameters":
        return isinstance(value, dict)
    return isinstance(value, str) or (key == "refractory" and value is False)
