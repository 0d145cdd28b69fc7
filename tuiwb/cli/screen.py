"""The way from the command line to the workbench's screen."""

from __future__ import annotations

import os
from pathlib import Path

from tuiwb.base.errors import UserError
from tuiwb.cli import output


def open_workbench(run: Path | None, runs: Path | None = None) -> None:
    """Open the workbench, on a run where one is given; a `UserError` where nothing can be drawn."""
    term = os.environ.get("TERM", "")
    if not output.is_terminal() or term in ("", "dumb"):
        raise UserError(
            "the workbench needs a terminal that can be drawn on",
            where="stdin and stdout" if not output.is_terminal() else "TERM",
            found=repr(term) if output.is_terminal() else "not a terminal",
            allowed="a terminal such as xterm-256color, tmux or a console",
            next="tuiwb run PRESET, tuiwb ls and tuiwb show RUN need none",
        )
    from tuiwb.tui.app import run_app

    run_app(run)
