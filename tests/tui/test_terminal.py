"""What a terminal says of itself: sizes that cannot be, and few colours, on every screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.geometry import Size

from tests.tui.driving import text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.tui import terminal, themes, tuning
from tuiwb.tui.terminal import MOST, USUAL, believable, pasted

Record = Callable[..., Recorder]


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        ((0, 0), USUAL),
        ((-3, 24), (USUAL.width, 24)),
        ((80, 0), (80, USUAL.height)),
        ((1, 1), (1, 1)),
        ((65535, 65535), MOST),
        ((200, 65535), (200, MOST.height)),
    ],
)
def test_a_size_that_cannot_be_is_brought_to_one_that_can(
    told: tuple[int, int], taken: tuple[int, int]
) -> None:
    assert believable(Size(*told)) == taken


async def test_a_terminal_that_claims_any_size(
    runs: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "MOST", Size(140, 50))
    made = record().start().train(40)
    async with workbench(runs, (80, 24), made.paths.root, made.clock) as (app, pilot):
        for told, taken in (((0, 0), USUAL), ((100_000, 100_000), (140, 50)), ((80, 24), (80, 24))):
            await pilot.resize_terminal(*told)
            await until(pilot, lambda taken=taken: app.screen.size == taken)
            assert app.size == taken
            await until(pilot, lambda: "training" in text_of(app))


@pytest.mark.parametrize("text", ["", "\n\n", "\x1b[31m", "\x00"])
def test_a_paste_of_nothing_is_nothing(text: str) -> None:
    assert "\x1b" not in pasted(text) and len(pasted(text)) <= len(text)


async def test_the_palette_of_an_ascii_terminal_is_ascii(runs: Path, record: Record) -> None:
    made = record().start().train(9).end()
    async with workbench(runs, (80, 24), made.paths.root, made.clock, "ascii") as (app, pilot):
        await pilot.press("ctrl+p", *"log")
        await until(pilot, lambda: "Logarithmic scale" in text_of(app))
        assert text_of(app).isascii()


@pytest.mark.parametrize("name", ["ansi16", "none"])
async def test_windows_open_in_few_colours(name: str, runs: Path, record: Record) -> None:
    """A style sheet that asks a theme for a colour that it has not is found when it is used."""
    made = record().start().train(60).find()
    async with workbench(runs, (100, 30), made.paths.root, made.clock) as (app, pilot):
        tuning.take_look(app, themes.LOOKS[name])
        tuning.repaint(app)
        bench = app.screen
        for key in ("ctrl+p", "e", "slash", "X"):
            await pilot.press(key)
            await until(pilot, lambda: app.screen is not bench or app.focused is not None)
            assert text_of(app).strip()
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is bench and app.focused is None)
        variables = app.get_css_variables()
        assert variables["line"] and variables["quiet"] and variables["ansi-background"]
