"""Who asks: the name that a journal keeps beside a command."""

from __future__ import annotations

import getpass
import os
import socket


def user() -> str:
    """The user's name; the number where this machine knows no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def person() -> str:
    """``user@host``."""
    return f"{user()}@{socket.gethostname()}"
