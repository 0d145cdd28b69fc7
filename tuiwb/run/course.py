"""The course of a run's loss in a few numbers: what a list of runs draws beside each."""

from __future__ import annotations

from pathlib import Path

from tuiwb.run.ending import few_values
from tuiwb.run.layout import RunPaths
from tuiwb.run.segments import segments

PLACES = 32
"""Steps at which the loss is looked up."""
_FILES = 4096


def losses(path: Path) -> tuple[float | None, ...]:
    """The loss at some steps from the first to the newest; empty where none was taken. Cheap, and
    never raises."""
    try:
        files = segments(RunPaths(path).tables, _FILES).get("steps", {})
    except OSError:
        return ()
    return tuple(few_values(files, "loss", PLACES))
