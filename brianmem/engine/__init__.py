"""Exact event-driven simulation of spiking networks inside Brian2, from the user's equations."""

from brianmem.engine.delay_step import DelayStep
from brianmem.engine.event_driven import EventDriven
from brianmem.engine.program import Program
from brianmem.engine.repeated import Repeated
from brianmem.engine.solution import Exactness
from brianmem.engine.weights import LowRankWeights

__all__ = ["DelayStep", "EventDriven", "Exactness", "LowRankWeights", "Program", "Repeated"]
