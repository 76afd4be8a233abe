"""Find the line that is wrong in a user's equations before Brian2 runs into it."""

import re
import warnings
from collections.abc import Callable

from brian2 import Clock, Equations, NeuronGroup, Synapses, ms, second
from brian2.codegen.translation import analyse_identifiers
from brian2.equations.equations import DIFFERENTIAL_EQUATION
from brian2.equations.unitcheck import check_dimensions, check_units_statements
from brian2.parsing.expressions import is_boolean_expression, parse_expression_dimensions
from brian2.utils.stringtools import get_identifiers
from pyparsing import ParseBaseException

from brianmem.brian import brian_backend, only_looked_at
from brianmem.equations import INTEGRATORS, Model
from brianmem.errors import InputError, RunawayError, reason

RANDOM = {"rand", "randn", "poisson"}  # Brian2's functions; its noise xi depends on the model


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
    for name in sorted(equations.names & set(model.parameters)):
        raise InputError(
            f"{model.place('parameters', name)}: {name} is a variable of the equations, so that "
            "this value would never be used: choose another name"
        )
    _refuse_randomness(model, equations)
    if not model.pulse.strip():
        raise InputError(f"{model.place('pulse')}: a synapse must do something with a pulse")
    with brian_backend("numpy"):
        neurons = _attempt(model, "model", model.model, _neurons, model, equations, namespace)
        _check_equations(model, neurons)
        _attempt(model, "threshold", model.threshold, _check_condition, neurons, model.threshold)
        _check_statements(model, "reset", model.reset, neurons)
        if isinstance(model.refractory, str):
            _attempt(
                model, "refractory", model.refractory, _check_refractory, neurons, model.refractory
            )
        synapses = _attempt(model, "pulse", model.pulse, _synapses, neurons, model.pulse)
        _check_statements(model, "pulse", model.pulse, synapses)


def check_trial(model: Model, trial: Callable[[], object]) -> None:
    """Try equations that read well: some run into what only their numbers show.

    Parameters
    ----------
    trial : runs a small network with them

    Raises InputError with the cause. A network that runs away may do so for other reasons.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trial()
    except RunawayError:
        pass
    except Exception as error:
        raise InputError(f"{model.place('model')}: {_reason(error)}") from None


def _parse_equations(model: Model) -> Equations:
    try:
        return Equations(model.model)
    except Exception as error:
        _find_line(model)
        # Each line is right alone, so they contradict each other.
        raise InputError(f"{model.place('model')}: {_reason(error)}") from None


def _find_line(model: Model) -> None:
    """Raise InputError for the first equation that cannot be parsed; it may span several lines."""
    lines = [line for line in model.model.splitlines() if line.split("#")[0].strip()]
    while lines:
        for last in range(1, len(lines) + 1):
            try:
                Equations("\n".join(lines[:last]))
            except Exception:
                continue
            break
        else:
            _attempt(model, "model", lines[0], Equations, lines[0])
        lines = lines[last:]


def _refuse_randomness(model: Model, equations: Equations) -> None:
    """Noise inside equations would make another table of the same seed."""
    code = {key: getattr(model, key) for key in ("model", "threshold", "reset", "pulse")}
    code["refractory"] = str(model.refractory)
    for key, text in code.items():
        names = get_identifiers(text) & (RANDOM | equations.stochastic_variables)
        if names:
            raise InputError(
                f"{model.place(key)}: '{min(names)}' is random, and equations must not be: the "
                "same seed gives the same table"
            )


def _neurons(model: Model, equations: Equations, namespace: dict) -> NeuronGroup:
    group = NeuronGroup(
        2,
        equations,
        threshold=model.threshold,
        reset=model.reset,
        refractory=model.refractory,
        method=INTEGRATORS,
        clock=Clock(1 * ms),
        namespace=namespace,
    )
    return only_looked_at(group)


def _synapses(neurons: NeuronGroup, pulse: str) -> Synapses:
    synapses = Synapses(
        neurons,
        neurons,
        "w : 1",
        on_pre=pulse,
        clock=neurons.clock,
        namespace=neurons.namespace,
    )
    return only_looked_at(synapses)


def _check_equations(model: Model, neurons: NeuronGroup) -> None:
    for equation in neurons.user_equations.values():
        if equation.expr is None:
            continue
        differential = equation.type == DIFFERENTIAL_EQUATION
        dimensions = equation.dim / second.dim if differential else equation.dim
        left = rf"d{equation.varname}\s*/\s*dt" if differential else rf"\b{equation.varname}"
        lines = model.model.splitlines()
        line = next((line for line in lines if re.search(rf"{left}\s*=", line)), lines[0])
        _attempt(model, "model", line, _check_dimensions, neurons, str(equation.expr), dimensions)


def _check_statements(model: Model, key: str, code: str, group) -> None:
    statements = [s for s in re.split(r"[;\n]", code) if s.split("#")[0].strip()]
    for last, statement in enumerate(statements, 1):
        # A statement may use what those before it define, so they are checked with it.
        _attempt(model, key, statement, _check_code, group, "\n".join(statements[:last]))


def _check_code(group, code: str) -> None:
    _, known, unknown = analyse_identifiers(code, group.variables)
    variables = group.resolve_all(known | unknown, group.namespace)
    check_units_statements(code, dict(group.variables) | variables)


def _check_dimensions(group, expression: str, dimensions) -> None:
    check_dimensions(expression, dimensions, _resolve(group, expression))


def _check_condition(group, condition: str) -> None:
    variables = _resolve(group, condition)
    parse_expression_dimensions(condition, variables)
    if not is_boolean_expression(condition, variables):
        raise ValueError("it is not a condition, which is true or false")


def _check_refractory(group, refractory: str) -> None:
    variables = _resolve(group, refractory)
    if not is_boolean_expression(refractory, variables):
        check_dimensions(refractory, second.dim, variables)


def _resolve(group, expression: str) -> dict:
    return group.resolve_all(get_identifiers(expression), group.namespace)


def _attempt(model: Model, key: str, text: str, action, *arguments):
    """Do it, or say in one sentence where it failed and why."""
    try:
        return action(*arguments)
    except Exception as error:
        text = text.strip()
        raise InputError(f"{model.place(key, text)}: '{text}': {_reason(error)}") from None


def _reason(error: Exception) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, ParseBaseException):
        return f"cannot be parsed, {error.msg}"
    return reason(error).rstrip(".")
