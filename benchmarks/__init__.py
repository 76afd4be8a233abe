"""How fast the engine is, beside what users would otherwise pick: python -m benchmarks.engine."""
