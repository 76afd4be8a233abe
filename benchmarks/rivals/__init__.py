"""The delay network as others run it: one process per simulator, the same weights and cues.

Each module is a script, `PYTHON -m benchmarks.rivals.NAME CASE RESULT [HOW]`, that needs NumPy and
its simulator only, so that it runs in an environment of its own.
"""
