"""Whole stories with real processes: what survives when something dies."""
