"""The way from the command line to the workbench's screen."""

from __future__ import annotations

from pathlib import Path

from tuiwb.base.errors import UserError


def open_workbench(
    runs: Path, run: Path | None = None, glyphs: str | None = None, sweep: Path | None = None
) -> int:
    """Open the workbench, on a run or a sweep where one is given; `UserError` where nothing can be
    drawn."""
    from tuiwb.tui import app

    reason = app.usable()
    if reason is not None:
        raise UserError(
            "the workbench cannot be drawn here",
            found=reason,
            allowed="a terminal such as xterm-256color, tmux or the console",
            next="tuiwb run PRESET, tuiwb ls and tuiwb show RUN need none",
        )
    return app.run(runs, run, glyphs, sweep)
