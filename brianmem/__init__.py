"""Spiking memory networks in Brian2: delay networks and low-rank associative memories."""

__version__ = "0.1.0"

from brianmem.environment import check_matplotlib

check_matplotlib()
