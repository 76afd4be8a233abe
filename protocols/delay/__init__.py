"""Protocols of the delay network."""
