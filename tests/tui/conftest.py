"""Recorded runs for the screens, and an app that is fit for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tui.recorder import Recorder


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same terminal everywhere: braille, a local line."""
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("SSH_CONNECTION", "SSH_TTY", "MOSH_IP"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """An empty runs folder."""
    return tmp_path / "runs"


@pytest.fixture
def record(runs: Path) -> Iterator[Callable[..., Recorder]]:
    """Makes recorders; what is still open at the end is let go."""
    made: list[Recorder] = []

    def make(name: str = "cnn-digits-0001", **more: Any) -> Recorder:
        made.append(Recorder(runs, name, **more))
        return made[-1]

    yield make
    for one in made:
        one.release()
