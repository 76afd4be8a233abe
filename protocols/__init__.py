"""Protocols: grids of parameters simulated into tables."""
