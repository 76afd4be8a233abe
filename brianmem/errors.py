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


class InexactWarning(UserWarning):
    """Equations that the event-driven engine cannot solve between spikes."""
