"""What holds in every test: nobody's own runs and presets are read or written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# the same examples every time: a red test is red again, and nothing is written into the tree
settings.register_profile("tuiwb", derandomize=True, deadline=None)
settings.load_profile("tuiwb")

PLAIN = {
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "LINES",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "TTY_COMPATIBLE",
}


@pytest.fixture(autouse=True)
def own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs and settings of this test alone, also in the processes that it starts."""
    world = tmp_path_factory.mktemp("world")
    monkeypatch.setenv("TUIWB_RUNS", str(world / "runs"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(world / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(world / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(world / "state"))
    monkeypatch.delenv("TUIWB_ALLOW", raising=False)
    for name in PLAIN & os.environ.keys():
        monkeypatch.delenv(name)
    return world
