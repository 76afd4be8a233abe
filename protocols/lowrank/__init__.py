"""Protocols of the low-rank associative memory."""
