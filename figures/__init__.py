"""Figures: tables to pictures, one file per figure; python -m figures NAME.

Each file has `draw(folder)`, which makes the figure from the tables in a folder; and for the report
`numbers(folder)`, the small tables behind what is drawn, TITLE, CAPTION, and the tables' PROTOCOL.
"""
