"""Where a thread stands, seen from another one."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from types import FrameType

Place = tuple[str, str]
"""The end of a file's name, and a function in it."""


def stack(thread: int) -> list[traceback.FrameSummary]:
    """The frames of a thread, the innermost last; none where it has ended."""
    frame: FrameType | None = sys._current_frames().get(thread)
    return list(traceback.extract_stack(frame)) if frame is not None else []


def stands_in(frames: Sequence[traceback.FrameSummary], place: Place) -> bool:
    """Whether a function is among those that have been called and have not returned."""
    file, name = place
    return any(f.name == name and f.filename.endswith(file) for f in frames)


def words(frame: traceback.FrameSummary) -> str:
    """One frame in a line."""
    return f"{frame.filename}, line {frame.lineno}, in {frame.name}: {frame.line}"
