"""Memory that one step frees stays with the process for the next one."""

from __future__ import annotations

import ctypes
import functools

_TRIM, _MAP = -1, -3
"""What glibc's mallopt calls them (malloc.h)."""
KEPT = 1 << 30
"""Bytes that may be free at the end of the heap before they go back to the system."""
MAPPED = 32 << 20
"""Bytes from which on a block is mapped by itself; glibc takes no more."""


@functools.cache
def keep_memory() -> bool:
    """Have glibc keep what is freed; whether it does, which is nowhere but with glibc.

    Left to itself it gives large blocks back to the system at once, and the next step asks for them
    again and pays for every page: a quarter of the step of a small convolutional net. The most
    memory that is in use stays as it is, and at that the process then stays.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    return bool(mallopt(_MAP, MAPPED)) and bool(mallopt(_TRIM, KEPT))
