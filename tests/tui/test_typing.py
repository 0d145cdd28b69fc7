"""Keys that come together go where each would have gone alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.keys import _character_to_key
from textual.widgets import Input

from tests.tui.driving import text_of, until, workbench
from tuiwb.tui import typing
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.help import HelpScreen
from tuiwb.tui.screens.setup import SetupScreen
from tuiwb.tui.terminal import FLOOD


def burst(app: Workbench, *keys: str) -> None:
    """All at once, as they come after a line stood still: each a name of a key, or letters."""
    for key in keys:
        if key in ("enter", "escape", "tab"):
            app.post_message(events.Key(key, "\r" if key == "enter" else None))
        else:
            for letter in key:
                app.post_message(events.Key(_character_to_key(letter), letter))


async def test_what_is_typed_behind_the_key_of_the_filter_is_in_the_filter(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        burst(app, "/lenet5")
        await until(pilot, lambda: any(line.value == "lenet5" for line in app.screen.query(Input)))
        burst(app, "enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        assert "LeNet-5" in text_of(app)


async def test_a_window_that_opens_has_the_keys_behind_it(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        burst(app, "?", "escape", "/gpt-char")
        await until(
            pilot, lambda: any(line.value == "gpt-char" for line in app.screen.query(Input))
        )
        assert not isinstance(app.screen, HelpScreen)


async def test_a_key_whose_widget_is_gone_holds_up_those_behind_it_for_a_moment(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typing, "STUCK", 0.1)
    async with workbench(runs) as (app, pilot):
        monkeypatch.setattr(app, "_key_rises", lambda node: None)  # as where a queue was closed
        burst(app, "/lenet5")
        await until(pilot, lambda: any(line.value == "lenet5" for line in app.screen.query(Input)))


async def test_what_is_typed_too_far_ahead_is_dropped_but_for_the_keys_that_lead_out(
    runs: Path,
) -> None:
    async with workbench(runs) as (app, pilot):
        burst(app, "/", "x" * (3 * FLOOD), "enter")
        lines = app.screen.query(Input)
        await until(pilot, lambda: any(line.value for line in lines) and not app._typed_ahead)
        (words,) = [line.value for line in lines if line.value]
        assert 0 < len(words) <= FLOOD + 2 and set(words) == {"x"}
