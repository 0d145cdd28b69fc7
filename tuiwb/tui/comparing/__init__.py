"""Runs laid over each other, without a screen: where their steps stand on a shared axis, their
curves, and the table of what tells them apart.

May import client, plots, run and the rest of tui but its screens. A new column of the table is one
more entry in `table.columns`; a new way to align runs one more branch in `timeline.timeline`.
"""
