"""The errors and warnings that a user can cause, each with a message of one or two sentences."""


class BrianmemError(Exception):
    """Base class: the command line prints its message and exits with status 2."""


class InputError(BrianmemError, ValueError):
    """A parameter, pattern, weight, equation or file that cannot be used as given."""


class RunawayError(BrianmemError, RuntimeError):
    """A network that fired more often than its cap allows."""


class ProgramError(BrianmemError, RuntimeError):
    """A compiled program of a network that ended without results: too little memory, say."""


class CapacityWarning(UserWarning):
    """More patterns than the storage rule can hold exactly."""


class UnlearnableWarning(UserWarning):
    """Spikes of a pattern that nothing before them foretells."""


class RunawayWarning(UserWarning):
    """A recall that was stopped because it fired far more than its cue let expect."""


class InexactWarning(UserWarning):
    """Equations that the event-driven engine cannot solve between spikes."""


def reason(error: BaseException) -> str:
    """What was at the root of an error, in one line: Brian2 says 'see above' with nothing above."""
    while error.__cause__ is not None:
        error = error.__cause__
    message = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
    return " ".join(message.split()) or type(error).__name__
