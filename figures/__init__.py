"""Figures: tables to pictures, one file per figure; python -m figures NAME."""
