"""The fixtures of the screen tests, here as well."""

from tests.tui.conftest import record, runs, terminal

__all__ = ["record", "runs", "terminal"]
