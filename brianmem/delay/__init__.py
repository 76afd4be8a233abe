"""Delay networks that replay spike rasters from a short cue (Perrinet 2026, arXiv 2604.14096)."""
