"""Panes of the bench: filtered, chosen, configured, page by page; themes and keys of one's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rich.style import Style

from tests.tui.driving import settled, text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.run.table import TableWriter
from tuiwb.tui import palette, themes
from tuiwb.tui.app import Workbench
from tuiwb.tui.config import load, place
from tuiwb.tui.panes import PANES
from tuiwb.tui.screens.ask import Message
from tuiwb.tui.screens.metrics import MetricsScreen
from tuiwb.tui.screens.run import RunScreen

Record = Callable[..., Recorder]


def bench(app: Workbench) -> RunScreen:
    screen = app.screen
    assert isinstance(screen, RunScreen)
    return screen


def with_metrics(made: Recorder, number: int) -> Recorder:
    """So many metrics of a loop's own, in tables of 200."""
    for begin in range(0, number, 200):
        names = [f"m{at:05}" for at in range(begin, min(begin + 200, number))]
        kind = np.dtype([("step", "<i8"), ("time", "<f8"), *((name, "<f4") for name in names)])
        rows = np.zeros(5, kind)
        rows["step"] = np.arange(1, 6)
        for name in names:
            rows[name] = np.arange(5)
        table = TableWriter(made.paths.tables, f"metrics-{begin // 200 + 1}", kind)
        table.append(rows)
        table.close()
    return made


@pytest.mark.slow
async def test_a_filter_shows_what_it_finds_page_by_page(runs: Path, record: Record) -> None:
    made = with_metrics(record().start().train(30), 400).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = bench(app)
        await pilot.press("slash", *"m*7 !*77", "enter")
        assert len(screen.shown) == 36
        await until(pilot, lambda: settled(screen) and len(screen.panes()) == 9)
        assert "36 of 4" in text_of(app) and "m00007" in text_of(app)
        await pilot.press("pagedown")
        await until(pilot, lambda: settled(screen) and "page 2 of 4" in text_of(app))
        assert screen.here == "metrics-1.m00107" and len(screen.charts) <= 16
        await pilot.press("2")
        assert screen.here == screen.page[1]
        await pilot.press("escape")
        await until(pilot, lambda: settled(screen) and screen.shown == PANES)
        assert screen.here == "loss" and len(screen.panes()) == 7


async def test_a_filter_that_finds_nothing_or_is_broken_says_so(runs: Path, record: Record) -> None:
    made = record().start().train(30).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = bench(app)
        await pilot.press("slash", *"zebra")
        await until(pilot, lambda: "none of" in text_of(app))
        assert screen.shown == PANES
        screen.words.value = "/("
        await until(pilot, lambda: "no regular expression" in text_of(app))
        assert isinstance(app.screen, RunScreen)


@pytest.mark.slow
async def test_ten_thousand_metrics_cost_one_page_of_charts(runs: Path, record: Record) -> None:
    made = with_metrics(record().start().train(30), 10_000).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = bench(app)
        await until(pilot, lambda: len(screen.metrics) > 10_000)
        await pilot.press("slash", *"m", "enter")
        assert len(screen.shown) > 9_999
        await until(pilot, lambda: settled(screen) and len(screen.panes()) == 9)
        await pilot.press("pageup", "shift+tab")
        assert len(screen._pool) == 9
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, MetricsScreen))
        await until(pilot, lambda: "more" in text_of(app))


@pytest.mark.slow
async def test_charts_are_chosen_from_the_list(runs: Path, record: Record) -> None:
    made = record().start().train(60).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("M")
        await until(pilot, lambda: isinstance(app.screen, MetricsScreen))
        for _ in range(7):
            await pilot.press("space", "down")  # the last two stay
        await pilot.press("slash", *"samples", "enter", "space", "enter")
        screen = bench(app)
        assert screen.order == ("log", "picture", "steps.samples_per_s")
        await until(pilot, lambda: settled(screen) and "samples_per_s" in text_of(app))
        await pilot.press("d")  # what is not shown can be gone to
        await until(pilot, lambda: "doctor" in text_of(app))
        await pilot.press("escape")
        assert screen.here == "log"


async def test_the_config_file_chooses_panes_keys_rate_and_theme(
    runs: Path, record: Record
) -> None:
    place().parent.mkdir(parents=True)
    place().write_text(
        'theme = "light"\nrate = 5\npanes = ["rate", "loss"]\n[keys]\nrun.log = "f5"\n'
        'run.pause = "z"\nanywhere.help = "f3"\n'
    )
    made = record().start().train(60)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = bench(app)
        assert (screen.here, screen.order) == ("rate", ("rate", "loss"))
        assert screen.pace.base == pytest.approx(0.2)
        assert app.look is themes.LOOKS["light"]
        assert "z pause" in text_of(app) and "f3 help" in text_of(app)
        await pilot.press("y")
        assert not screen.sight.log
        await pilot.press("f5")
        assert screen.sight.log == {"rate"}
        await pilot.press("f3")
        await until(pilot, lambda: app.screen.is_modal)
        assert "f5" in text_of(app)


async def test_a_malformed_file_is_a_notice_once(runs: Path) -> None:
    place().parent.mkdir(parents=True)
    place().write_text('rate = 4\ntheme = "blak"\n')
    async with workbench(runs) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, Message))
        text = text_of(app)
        assert "line 2: theme" in text.replace("\n", "") or "line 2" in text
        assert '"blak"' in text and "dark" in text
        await pilot.press("enter")
        assert not app.screen.is_modal and app.config.settings == load().settings


async def test_the_palette_changes_theme_glyphs_and_rate(runs: Path, record: Record) -> None:
    made = record().start().train(60).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = bench(app)
        chosen = {command.title: command.callback for command in app.get_system_commands(screen)}
        chosen["glyphs: ascii"]()
        await until(pilot, lambda: text_of(app).isascii())
        chosen["theme: ansi16"]()
        await until(pilot, lambda: app.look.name == "ansi16" and settled(screen))
        chosen["rate: 8 Hz"]()
        assert screen.pace.base == pytest.approx(1 / 8)
        assert "keeps it" in text_of(app)


@pytest.mark.parametrize(("term", "look"), [("linux", "ansi16"), ("xterm-256color", "dark")])
async def test_a_terminal_of_sixteen_colours_gets_its_own(
    runs: Path, record: Record, monkeypatch: pytest.MonkeyPatch, term: str, look: str
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.delenv("COLORTERM", raising=False)
    made = record().start().train(60).end()
    async with workbench(runs, (80, 24), made.paths.root, made.clock, glyphs=None) as (app, _):
        assert app.look.name == look
        assert (app.glyphs == "ascii") == (term == "linux")
        assert term != "linux" or text_of(app).isascii()


async def test_no_color_sends_no_colour(
    runs: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    made = record().start().train(60).find().end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, _):
        app.wire.forget()
        sent = app.wire.write(app.screen._compositor.render_full_update(), app.console)
        codes = {code for run in re.findall(r"\x1b\[([0-9;]*)m", sent) for code in run.split(";")}
        assert codes and codes <= {"", "0", "1", "2", "3", "4", "7", "9"}
        assert "dead-units" in sent
        assert not app.wire.colour


COLOURS = [value for name, value in vars(palette).items() if isinstance(value, Style) and value]


@pytest.mark.parametrize("name", ["light", "contrast"])
def test_words_can_be_read_on_their_ground(name: str) -> None:
    look = themes.LOOKS[name]
    for style in COLOURS:
        own = themes.themed(style, look)
        if own.color is None or style in (palette.RULE,):
            continue
        ground = own.bgcolor.name if own.bgcolor is not None else look.ground
        assert contrast(own.color.name, ground) >= 3, (style, own)


def contrast(one: str, other: str) -> float:
    """WCAG 2's ratio."""
    a, b = sorted((_light(one), _light(other)), reverse=True)
    return (a + 0.05) / (b + 0.05)


def _light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", ["ansi16", "none"])
def test_few_colours_are_names_and_bars_are_reversed(name: str) -> None:
    look = themes.LOOKS[name]
    for style in COLOURS:
        own = themes.themed(style, look)
        for colour in (own.color, own.bgcolor):
            assert colour is None or colour.is_default or colour.number in range(16)
            assert name == "ansi16" or colour is None
    assert themes.themed(palette.CHOSEN, look).reverse
