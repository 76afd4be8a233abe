"""Find the line that is wrong in a user's equations before Brian2 runs into it."""

import re

from brian2 import Clock, Equations, NeuronGroup, Synapses, ms, second
from brian2.codegen.translation import analyse_identifiers
from brian2.equations.equations import DIFFERENTIAL_EQUATION
from brian2.equations.unitcheck import check_dimensions, check_units_statements
from brian2.parsing.expressions import is_boolean_expression, parse_expression_dimensions
from brian2.units.fundamentalunits import DIMENSIONLESS
from brian2.utils.stringtools import get_identifiers

from brianmem.backends import brian_backend
from brianmem.equations import Model
from brianmem.errors import InputError


def check_model(model: Model, network: dict) -> None:
    """Check syntax, names and units of every line of a model.

    Parameters
    ----------
    model : the equations
    network : constants that the network itself gives to the equations, by name

    Raises InputError, which names the file, the line and what is wrong with it.
    """
    namespace = model.namespace(network)
    equations = _parse_equations(model)
    with brian_backend("numpy"):
        neurons = _attempt(model, "model", model.model, lambda: _neurons(model, equations, namespace))
        _check_equations(model, neurons, namespace)
        _check_condition(model, "threshold", model.threshold, neurons, namespace)
        _check_statements(model, "reset", model.reset, neurons, namespace)
        if isinstance(model.refractory, str):
            _check_refractory(model, neurons, namespace)
        synapses = _attempt(
            model,
            "pulse",
            model.pulse,
            lambda: Synapses(
                neurons, neurons, "w : 1", on_pre=model.pulse, clock=neurons.clock, namespace=namespace
            ),
        )
        _check_statements(model, "pulse", model.pulse, synapses, namespace)


def _parse_equations(model: Model) -> Equations:
    try:
        return Equations(model.model)
    except Exception as error:
        # Each line alone tells which one it is; if each is right alone, they contradict each other.
        for line in model.model.splitlines():
            _attempt(model, "model", line, lambda line=line: Equations(line))
        raise InputError(f"{model.place('model', 'model')}: {_reason(error)}") from None


def _neurons(model: Model, equations: Equations, namespace: dict) -> NeuronGroup:
    return NeuronGroup(
        2,
        equations,
        threshold=model.threshold,
        reset=model.reset,
        refractory=model.refractory,
        method=("exact", "euler", "heun"),
        clock=Clock(1 * ms),
        namespace=namespace,
    )


def _check_equations(model: Model, neurons: NeuronGroup, namespace: dict) -> None:
    for equation in neurons.user_equations.values():
        if equation.expr is None:
            continue
        differential = equation.type == DIFFERENTIAL_EQUATION
        dimensions = equation.dim / second.dim if differential else equation.dim
        pattern = rf"d{equation.varname}/dt\s*=" if differential else rf"\b{equation.varname}\s*="
        line = next(line for line in model.model.splitlines() if re.search(pattern, line))
        expression = str(equation.expr)

        def check(expression=expression, dimensions=dimensions):
            check_dimensions(expression, dimensions, _resolve(neurons, expression, namespace))

        _attempt(model, "model", line, check)


def _check_condition(model: Model, key: str, condition: str, neurons, namespace: dict) -> None:
    def check():
        variables = _resolve(neurons, condition, namespace)
        parse_expression_dimensions(condition, variables)
        if not is_boolean_expression(condition, variables):
            raise ValueError("it is no condition that is true or false")

    _attempt(model, key, condition, check)


def _check_refractory(model: Model, neurons, namespace: dict) -> None:
    def check():
        variables = _resolve(neurons, model.refractory, namespace)
        if not is_boolean_expression(model.refractory, variables):
            check_dimensions(model.refractory, second.dim, variables)

    _attempt(model, "refractory", model.refractory, check)


def _check_statements(model: Model, key: str, code: str, group, namespace: dict) -> None:
    statements = [s for s in re.split(r"[;\n]", code) if s.split("#")[0].strip()]
    for last, statement in enumerate(statements, 1):
        # A statement may use what those before it define, so they are checked with it.
        def check(code="\n".join(statements[:last])):
            _, known, unknown = analyse_identifiers(code, group.variables)
            variables = group.resolve_all(known | unknown, namespace)
            check_units_statements(code, dict(group.variables) | variables)

        _attempt(model, key, statement, check)


def _resolve(group, expression: str, namespace: dict) -> dict:
    return group.resolve_all(get_identifiers(expression), namespace)


def _attempt(model: Model, key: str, text: str, action):
    """Do it, or say in one sentence where it failed and why."""
    try:
        return action()
    except Exception as error:
        text = text.strip()
        raise InputError(f"{model.place(key, text)}: '{text}': {_reason(error)}") from None


def _reason(error: Exception) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    message = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
    return " ".join(message.split()).rstrip(".") or type(error).__name__
