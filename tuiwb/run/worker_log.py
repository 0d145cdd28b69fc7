"""The end of worker.log as a terminal would have shown it, and safe to show again."""

from __future__ import annotations

import re
from pathlib import Path

from tuiwb.base.text import one_line
from tuiwb.run.files import read_tail

LINES = 500
_BYTES = 1 << 16
# colours, cursor movements and titles: what a library writes when it takes a log for a terminal
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def tail(log: Path, lines: int = LINES) -> tuple[str, ...]:
    """The last lines that are not empty; of a line that was written over (a progress bar) its last
    state. Nothing where there is no such file."""
    try:
        data = read_tail(log, _BYTES)
    except OSError:
        return ()
    text = data.decode("utf-8", "replace")
    if len(data) == _BYTES:
        text = text.partition("\n")[2] or text  # its first line is only half there
    shown = (_last_state(_ESCAPES.sub("", line)) for line in text.split("\n"))
    return tuple([one_line(line, 400) for line in shown if line.strip()][-lines:])


def _last_state(line: str) -> str:
    states = [state for state in line.split("\r") if state.strip()]
    return states[-1].rstrip() if states else ""
