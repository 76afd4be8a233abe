"""Sweeps: many independent tasks, computed anywhere, kept one by one, put together in order."""
