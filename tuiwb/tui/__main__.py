"""The workbench for a browser: ``python -m tuiwb.tui``, as `tuiwb serve` starts it for each tab.

It talks to the server behind the page over its standard input and output, by Textual's web driver.
"""

from __future__ import annotations

import os

from tuiwb.run.create import runs_dir
from tuiwb.tui.app import Workbench

LOOK = 2.0
"""Seconds between two looks whether the server is still there."""


class BrowserWorkbench(Workbench):
    """Ends with the server that shows it, however that ended."""

    def on_mount(self) -> None:
        super().on_mount()
        server = os.getppid()
        self.set_interval(LOOK, lambda: None if os.getppid() == server else self.exit())


if __name__ == "__main__":
    BrowserWorkbench(runs_dir()).run(mouse=True)
