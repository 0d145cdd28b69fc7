"""Why a worker may have ended without a word, as far as what it left behind tells."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

from tuiwb.base.text import one_line
from tuiwb.run.files import read_tail
from tuiwb.run.lock import Holder, boot_id

_LOOK = 1 << 17
"""Bytes of the log's end that are looked through: a stack of many threads is long."""
_BEGINS = re.compile(rb"(?m)^\d\d:\d\d:\d\d starting: ")
_FAULT = re.compile(rb"(?m)^Fatal Python error: (.{1,200})$")


def why(holder: Holder | None, log: Path) -> str:
    """The reason in a few words, or nothing where none is known."""
    if holder is not None and holder.host == socket.gethostname() and holder.boot_id != boot_id():
        return "the machine was restarted"
    try:
        text = read_tail(log, _LOOK)
    except OSError:
        text = b""
    faults = _FAULT.findall(_BEGINS.split(text)[-1])  # an earlier worker's are another story
    if faults:
        return one_line(faults[-1].decode("utf-8", "replace"), 200)
    if os.path.isdir(log.parent) and not os.access(log.parent, os.W_OK):
        return "its folder cannot be written"
    return ""
