"""A neuron and its synapses as text, in Brian2's notation, and how to read it from a TOML file."""

import re
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from brianmem.errors import InputError

# What Brian2 tries, in this order: linear equations are solved exactly.
INTEGRATORS = ("exact", "euler", "heun")


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

        Raises InputError if a parameter cannot be evaluated or bears the name of a constant.
        """
        taken = sorted(set(network) & set(self.parameters))
        if taken:
            raise InputError(
                f"{self.place('parameters', taken[0])}: {taken[0]} is set by the protocol's own "
                "parameters, so change it there or choose another name"
            )
        return network | {name: self._evaluate(name) for name in self.parameters}

    def _evaluate(self, name: str):
        value = self.parameters[name]
        if not isinstance(value, str):
            return value
        from brian2.core.namespace import DEFAULT_UNITS

        try:
            return eval(value, {"__builtins__": {}}, DEFAULT_UNITS)
        except Exception as error:
            place = self.place("parameters", name)
            raise InputError(
                f"{place}: {name} = '{value}' is no number with units ({error})"
            ) from None

    def place(self, key: str, text: str = "") -> str:
        """Where `text`, the parameter of that name, or just the key stands: file, line and key."""
        if self.source is None:
            return f"built-in {key}"
        escaped = re.escape(text.strip())
        pattern = rf"^\s*{escaped}\s*=" if key == "parameters" else escaped
        if not text or text == key:
            pattern = rf"^\s*\[*{re.escape(key)}\b"
        lines = Path(self.source).read_text().splitlines()
        found = [number for number, line in enumerate(lines, 1) if re.search(pattern, line)]
        return f"{self.source}, " + (f"line {found[0]} ({key})" if found else key)


def load_model(path, default: Model) -> Model:
    """`default` with the keys of a TOML file put in its place; every key is optional.

    Raises InputError for a file that cannot be read, is not TOML, or has unknown keys or values of
    another type.
    """
    try:
        content = tomllib.loads(Path(path).read_text())
    except OSError as error:
        raise InputError(f"cannot read equations from {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}") from None
    model = replace(default, source=str(path))
    known = [f.name for f in fields(Model) if f.name != "source"]
    for key, value in content.items():
        if key not in known:
            place = model.place(key)
            raise InputError(f"{place}: unknown key '{key}', choose from {', '.join(known)}")
        if not _has_type(key, value):
            raise InputError(f"{model.place(key)}: {key} must be {_EXPECTED[key]}")
    for name, value in content.get("parameters", {}).items():
        if not isinstance(value, int | float | str):
            place = model.place("parameters", name)
            raise InputError(f"{place}: {name} must be a number or a string such as '50*ms'")
    return replace(model, **content)


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
