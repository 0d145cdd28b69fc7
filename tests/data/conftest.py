"""One thread an operation, as in the contracts."""

from __future__ import annotations

from tests.contracts.conftest import one_thread

__all__ = ["one_thread"]
