"""Constants as text, such as "50*ms": parsed and never executed, since files come from anybody."""

import ast
import operator

from brianmem.errors import InputError

LONGEST = 200  # characters
LARGEST_POWER = 30

_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}


def parse(text: str):
    """The number, or the quantity with units, that a text stands for.

    A text holds numbers, Brian2's names of units, parentheses and + - * / **.

    Raises InputError for anything else, and for values that are not finite.

    Examples
    --------
    >>> parse("2*50*ms")
    100. * msecond
    """
    if len(text) > LONGEST:
        raise InputError(f"it has more than {LONGEST} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError):
        raise InputError("it cannot be parsed") from None
    return _value(tree.body)


def _value(node: ast.expr):
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _finite(number)
        case ast.Name(id=name):
            return _unit(name)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATIONS:
            return _OPERATIONS[type(op)](_value(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _combined(_OPERATIONS[type(op)], _value(left), _value(right))
    raise InputError("it holds more than numbers, units, parentheses and + - * / **")


def _combined(operation, left, right):
    from brian2 import DimensionMismatchError, Quantity

    if operation is operator.pow and (isinstance(right, Quantity) or abs(right) > LARGEST_POWER):
        raise InputError(f"a power is a number from -{LARGEST_POWER} to {LARGEST_POWER}")
    try:
        value = operation(left, right)
    except DimensionMismatchError as error:
        raise InputError(error.desc.rstrip(".")) from None
    except ZeroDivisionError:
        raise InputError("it divides by zero") from None
    except OverflowError:
        raise InputError("it is not finite") from None
    if isinstance(value, complex):
        raise InputError("it is a complex number")
    return _finite(value)


def _finite(value):
    """Of each intermediate value, too: a power of powers of integers would never be computed."""
    try:
        if abs(float(value)) < float("inf"):
            return value
    except OverflowError:
        pass
    raise InputError("it is not finite")


def _unit(name: str):
    from brian2.core.namespace import DEFAULT_UNITS

    if name not in DEFAULT_UNITS:
        raise InputError(f"Brian2 knows no unit {name}")
    return DEFAULT_UNITS[name]
