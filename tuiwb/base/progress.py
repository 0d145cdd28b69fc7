"""Words about work that takes long, from whoever does it to whoever listens.

A data source that reads a gigabyte says how far it is; in a worker the words go into the journal,
elsewhere nobody listens and they cost nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY = 1.0
"""Seconds between two sayings, at least."""

_listener: Callable[[str], None] | None = None
_next = 0.0


@contextmanager
def telling(listener: Callable[[str], None]) -> Iterator[None]:
    """Within it, `tell` reaches ``listener``, at most once in `EVERY` seconds."""
    global _listener, _next
    before, _listener = _listener, listener
    _next = time.monotonic()
    try:
        yield
    finally:
        _listener = before


def tell(words: str) -> None:
    """Say how far it is; often enough asked, somebody hears it once in `EVERY` seconds."""
    global _next
    if _listener is not None and time.monotonic() >= _next:
        _next = time.monotonic() + EVERY
        _listener(words)
