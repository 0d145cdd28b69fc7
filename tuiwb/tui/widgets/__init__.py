"""Panes, one file a kind. Each paints its own lines and refreshes only the spans that changed."""
