"""A stranger's run and preset in the workbench: no text of theirs drives the terminal or is taken
for markup, and their code waits for a word of the user's."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.scenarios import hostile
from tests.scenarios.hostile import raw_in
from tests.tui.driving import FakeStandby, text_of, until, workbench
from tuiwb.base import consent
from tuiwb.base.errors import UserError
from tuiwb.spec import resolve
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.ask import Ask, Message
from tuiwb.tui.screens.exporting import ExportScreen
from tuiwb.tui.screens.preflight import PreflightScreen
from tuiwb.tui.screens.run import RunScreen
from tuiwb.tui.screens.setup import SetupScreen

PANES = [str(number) for number in range(1, 10)]


def harmless(app: Workbench) -> str:
    """The screen as text, of which nothing drives a terminal."""
    text = text_of(app)
    assert raw_in(text.replace(hostile.FORGED, "")) == []
    return text


@pytest.mark.slow
@pytest.mark.parametrize("size", [(120, 40), (50, 15)])
async def test_the_bench(size: tuple[int, int], runs: Path) -> None:
    path = hostile.run(runs)
    async with workbench(runs, size, attach=path) as (app, pilot):
        harmless(app)
        for key in (*PANES, "enter", *PANES, "down", "down", "c", "x"):
            await pilot.press(key)
            await pilot.pause()
            harmless(app)
        assert isinstance(app.screen, RunScreen)


async def test_every_picture(runs: Path) -> None:
    path = hostile.run(runs)
    async with workbench(runs, attach=path) as (app, pilot):
        await pilot.press("9", "enter")
        seen = set()
        for _ in range(len(hostile.GALLERY) + 2):
            await pilot.press("p")
            await pilot.pause()
            seen.add(harmless(app))
        assert len(seen) > 3


async def test_markup_is_shown_as_text(runs: Path) -> None:
    path = hostile.run(runs)
    async with workbench(runs, (200, 60), attach=path) as (app, pilot):
        await pilot.press("8", "enter")
        await pilot.pause()
        assert "[red]m[/red]" in harmless(app)


async def test_lists_of_runs_and_presets(runs: Path, own_world: Path) -> None:
    hostile.run(runs)
    own = own_world / "config" / "tuiwb" / "presets"
    own.mkdir(parents=True)
    hostile.preset(own)
    async with workbench(runs) as (app, pilot):
        assert "evil-run" in harmless(app)
        await pilot.press("slash", *"evil", "enter")
        await pilot.pause()
        assert "evil-preset" in harmless(app)


async def test_a_run_whose_folder_has_an_evil_name(runs: Path) -> None:
    name = "evil\x1b]0;PWNED\x07\x9b31m\u202e[red]\nFORGED"
    path = hostile.run(runs, name)
    async with workbench(runs) as (app, pilot):
        assert "evil" in harmless(app)
        app.show_run(path)
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await pilot.pause()
        assert "evil" in harmless(app)
        app.leave(str(UserError(name, found=name)))
    assert "evil" in app.goodbye


async def test_a_message(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        app.complain(UserError(hostile.EVIL, found=hostile.EVIL))
        await until(pilot, lambda: isinstance(app.screen, Message))
        assert "[red]m[/red]" in harmless(app)


async def test_a_chart_that_is_taken_away(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        app.push_screen(
            ExportScreen(f"[red]m[/red]{hostile.EVIL}", [("text", "a")], hostile.EVIL, "[/x]")
        )
        await until(pilot, lambda: isinstance(app.screen, ExportScreen))
        assert "[red]m[/red]" in harmless(app)


async def _setup(app: Workbench, pilot: Pilot[None], preset: Path) -> SetupScreen:
    screen = SetupScreen(resolve(preset))
    app.push_screen(screen)
    await until(pilot, lambda: "not allowed yet" in screen.table.words[0][0])
    return screen


async def test_code_waits_for_a_word(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told, preset, standby = hostile.module(tmp_path), hostile.preset(tmp_path), FakeStandby()
    async with workbench(runs, standby=standby) as (app, pilot):
        screen = await _setup(app, pilot, preset)
        harmless(app)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        text = harmless(app).replace("\n", "").replace(" ", "").replace("│", "")
        assert "evil_nets:Net" in text
        await pilot.press("enter")  # what is marked is no
        await until(pilot, lambda: app.screen is screen)
        assert standby.asked == 0 and not told.exists() and not list(runs.glob("*"))
        assert consent.asks("evil_nets:Net") is not None

        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        monkeypatch.setattr(PreflightScreen, "on_mount", lambda self: None)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, PreflightScreen))
        assert consent.asks("evil_nets:Net") is None and not told.exists()


async def test_a_consent_that_cannot_be_kept_is_said(
    runs: Path, tmp_path: Path, own_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hostile.module(tmp_path)
    (own_world / "state").write_text("a file")
    async with workbench(runs, standby=FakeStandby()) as (app, pilot):
        await _setup(app, pilot, hostile.preset(tmp_path))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, Message))
        assert "cannot remember" in harmless(app)
