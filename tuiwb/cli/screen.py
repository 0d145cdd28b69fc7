"""The way from the command line to the workbench's screen."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Sequence
from pathlib import Path

from tuiwb.base.errors import UserError


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for garbage: next to all that a start makes stays. The app looks for it
    again once it has started."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@_uncollected()
def open_workbench(
    runs: Path,
    run: Path | None = None,
    glyphs: str | None = None,
    compared: Sequence[Path] = (),
    sweep: Path | None = None,
) -> int:
    """Open the workbench, on a run where one is given, on several ``compared``, or on a sweep; a
    `UserError` where nothing can be drawn."""
    from tuiwb.tui import app

    reason = app.usable()
    if reason is not None:
        raise UserError(
            "the workbench cannot be drawn here",
            found=reason,
            allowed="a terminal such as xterm-256color, tmux or the console",
            next="tuiwb run PRESET, tuiwb ls and tuiwb show RUN need none",
        )
    return app.run(runs, run, glyphs, compared, sweep)


@_uncollected()
def attach(runs: Path, run: str | None, glyphs: str | None = None) -> int:
    """Open the workbench on the run that a person named, or on a copy of TensorBoard's files."""
    from tuiwb.cli import output
    from tuiwb.interop.opening import opened

    with opened(runs, run) as source:
        for words in source.said:
            output.say(words)
        place = source.path.parent if source.copied else runs
        return open_workbench(place, source.path, glyphs)
