"""Scores of the protocols' tables: pure pandas, no simulation."""
