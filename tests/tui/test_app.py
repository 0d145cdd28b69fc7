"""Whether the workbench can run here, and what it costs to start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tuiwb.base.errors import UserError
from tuiwb.tui import app


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_terminals_that_cannot_move_their_cursor_are_named(
    monkeypatch: pytest.MonkeyPatch, term: str
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert "TERM" in (app.usable() or "")


def test_what_is_no_run_is_said_before_the_screen_is_taken(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no run nothing"):
        app.run(tmp_path, tmp_path / "nothing")


def test_no_terminal_is_a_reason() -> None:
    seen = subprocess.run(
        [sys.executable, "-c", "from tuiwb.tui.app import usable; print(usable())"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout.strip() == "this is not a terminal"


def test_the_first_screen_loads_no_torch_no_numpy_and_no_painter() -> None:
    code = (
        "import sys, tuiwb.tui.app, tuiwb.tui.screens.presets, tuiwb.tui.screens.setup\n"
        "heavy = ('torch', 'numpy', 'plotext', 'markdown_it', 'pygments', 'sklearn', 'typer')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"
