"""The runs list: a tree of any length, filtered, and kept in order by keys."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tui.driving import text_of, until, workbench
from tests.tui.recorder import BEGAN, Recorder
from tuiwb.client.select import reading
from tuiwb.run.kept import RunSummary
from tuiwb.run.labels import change_tags, read_tags
from tuiwb.run.layout import RunPaths
from tuiwb.run.lineage import Twig
from tuiwb.tui import runs as lines
from tuiwb.tui.courses import spark
from tuiwb.tui.screens.ask import Ask, Message
from tuiwb.tui.screens.presets import PresetsScreen
from tuiwb.tui.screens.write import Write
from tuiwb.tui.widgets.lines import Line
from tuiwb.tui.widgets.rows import RowsView

Record = Callable[..., Recorder]


def over(record: Record, name: str, ago: float = 600.0, parent: str = "") -> Path:
    """A run that ended ``ago`` seconds before now."""
    made = record(name, began=BEGAN + 600 - ago).start().train(8)
    made.end()
    made.release()
    if parent:
        meta = json.loads(made.paths.meta.read_text())
        uid = json.loads((made.paths.root.parent / parent / "meta.json").read_text())["uid"]
        meta["parent"] = {"run": parent, "uid": uid, "step": 5}
        made.paths.meta.write_text(json.dumps(meta))
    return made.paths.root


def shown(screen: PresetsScreen) -> list[str]:
    return [str(key) for key in screen.runs_list.stops()]


@pytest.mark.parametrize("glyphs", ["braille", "ascii"])
async def test_forks_stand_under_their_parent(runs: Path, record: Record, glyphs: str) -> None:
    over(record, "base", 9000)
    over(record, "fork", 800, "base")
    over(record, "later", 300)
    async with workbench(runs, glyphs=glyphs) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, PresetsScreen)
        assert shown(screen) == ["later", "base", "fork"]
        text = text_of(app)
        assert "└─fork" in text if glyphs == "braille" else text.isascii()
        await pilot.press("tab", "G")
        await until(pilot, lambda: "base at step 5" in text_of(app))


@pytest.mark.slow
async def test_the_filter_knows_states_tags_and_words(runs: Path, record: Record) -> None:
    change_tags(RunPaths(over(record, "base", 9000)), add=["good"])
    over(record, "fork", 800, "base")
    record("broken", began=BEGAN).start().train(8).crash()
    async with workbench(runs) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, PresetsScreen)
        await pilot.press("tab", "slash", *"state:crashed")
        await until(pilot, lambda: shown(screen) == ["broken"])
        assert "1 of 3" in text_of(app)
        await pilot.press("enter", "escape")
        await until(pilot, lambda: len(shown(screen)) == 3)
        await pilot.press("slash", *"#good", "enter")
        await until(pilot, lambda: shown(screen) == ["base"])
        await pilot.press("escape", "slash", *"fork", "enter")
        await until(pilot, lambda: shown(screen) == ["fork"])
        assert screen.shelf.parents["fork"].id == "base"
        await pilot.press("escape", "slash", *"zzz")
        await until(pilot, lambda: "no run is as asked" in text_of(app))
        assert len(screen.gallery.stops()) > 3, "presets have a filter of their own"


@pytest.mark.slow
async def test_rename_tag_and_note(runs: Path, record: Record) -> None:
    over(record, "first")
    async with workbench(runs) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, PresetsScreen)
        await pilot.press("tab", "t")
        await until(pilot, lambda: isinstance(app.screen, Write))
        await pilot.press(*"good keep", "enter")
        await until(pilot, lambda: read_tags(RunPaths(runs / "first")) == ("good", "keep"))
        await until(pilot, lambda: "good keep" in text_of(app))
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, Write))
        await pilot.press(*"-good", "enter")
        await until(pilot, lambda: read_tags(RunPaths(runs / "first")) == ("keep",))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Write))
        await pilot.press(*"it works", "enter")
        await until(pilot, lambda: "it works" in text_of(app))
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, Write))
        await pilot.press(*"-again", "enter")
        await until(pilot, lambda: screen.runs_list.key == "first-again")
        assert (runs / "first-again" / "journal.jsonl").exists()


@pytest.mark.slow
async def test_a_mistake_is_said(runs: Path, record: Record) -> None:
    over(record, "first")
    over(record, "second", 900)
    async with workbench(runs) as (app, pilot):
        await pilot.press("tab", "R")
        await until(pilot, lambda: isinstance(app.screen, Write))
        await pilot.press(*["backspace"] * 5, *"second", "enter")
        await until(pilot, lambda: isinstance(app.screen, Message))
        assert "there is a run second already" in text_of(app)
        await pilot.press("enter", "t")
        await until(pilot, lambda: isinstance(app.screen, Write))
        await pilot.press(*"a*b", "enter")
        await until(pilot, lambda: "not a tag" in text_of(app))
    assert {path.name for path in runs.iterdir() if path.name[0] != "."} == {"first", "second"}


async def test_delete_asks_and_keeps_unless_told(runs: Path, record: Record) -> None:
    over(record, "first")
    over(record, "second", 900)
    async with workbench(runs) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, PresetsScreen)
        await pilot.press("tab", "D")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert "Delete first?" in text_of(app) and "kB" in text_of(app)
        await pilot.press("enter")  # the first answer keeps it
        await until(pilot, lambda: app.screen is screen)
        assert (runs / "first").exists()
        await pilot.press("delete")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("down", "enter")
        await until(pilot, lambda: shown(screen) == ["second"])
        assert not (runs / "first").exists() and screen.runs_list.key == "second"


async def test_a_live_run_is_kept(runs: Path, record: Record) -> None:
    record("live").start().train(20)
    async with workbench(runs) as (app, pilot):
        for key in ("D", "R"):
            await pilot.press(*(["tab"] if key == "D" else []), key)
            await until(pilot, lambda: isinstance(app.screen, Message))
            assert "live is live and cannot be" in text_of(app)
            await pilot.press("enter")


@pytest.mark.parametrize("key", ["R", "t", "n", "D"])
async def test_the_keys_of_runs_wait_for_the_cursor_to_be_there(
    runs: Path, record: Record, key: str
) -> None:
    over(record, "first")
    async with workbench(runs) as (app, pilot):
        await pilot.press(key)
        await until(pilot, lambda: "tab goes to the runs" in text_of(app))
        assert isinstance(app.screen, PresetsScreen)


async def test_a_run_that_goes_meanwhile(runs: Path, record: Record) -> None:
    path = over(record, "first")
    async with workbench(runs) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, PresetsScreen)
        await pilot.press("tab", "D")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        shutil.rmtree(path)
        await pilot.press("down", "enter")
        await until(pilot, lambda: shown(screen) == [])
        assert "trained here yet" in text_of(app)


def many(number: int) -> list[RunSummary]:
    return [
        RunSummary(f"run-{n:06d}", "training" if n < 3 else "finished", started=1e9 - n, loss=0.5,
                   tags=("a",), note="some words", parent=f"run-{n + 1:06d}" if n % 7 == 5 else "")
        for n in range(number)
    ]  # fmt: skip


def test_only_what_is_seen_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[str] = []
    whole = lines.line

    def line(twig: Twig, *more: Any) -> Line:
        painted.append(twig.run.id)
        return whole(twig, *more)

    monkeypatch.setattr(lines, "line", line)
    found = lines.rows(lines.shelf(many(20_000), reading("")), 54, 1e9)
    view = RowsView()
    view.rows, view.key = found, "run-010000"
    seen = view.lines(54, 30)
    assert len(seen) == 30 and any("run-010000" in "".join(t for t, _ in line) for line in seen)
    assert len(painted) < 100
    assert len(view.stops()) == 20_000 and len(found) == 20_001


def test_every_run_has_its_place_and_what_fits_is_told() -> None:
    shelf = lines.shelf(many(50), reading(""))
    assert shelf.live == 3 and shelf.keys[3] is None
    for width in (20, 36, 54, 80, 120, 200):
        made = lines.rows(shelf, width, 1e9 + 60)
        for row, key in zip(made, shelf.keys, strict=True):
            text = "".join(piece for piece, _ in row.line)
            assert row.key == key and (key is None or len(text) >= width - 1)
            assert width < 120 or key is None or ("#a" in text and "some words" in text)
    text = "".join(piece for piece, _ in lines.rows(shelf, 120, time.time())[0].line)
    assert text.startswith("▶ run-000000") and "training" in text


def test_a_course_is_drawn_from_its_first_number_to_its_last() -> None:
    assert spark((3.0, 2.0, 1.0), 3) == "█▅▁" and spark((1000.0, 1.0), 2) == "█▁"
    assert spark((2.0, 2.0), 4) == "▅▅  ", "as many as there are"
    assert spark((4.0, None, 1.0, 1.0), 4) == "█✗▁▁"
    assert spark((), 8) == spark((1.0,), 8) == spark((None, None), 8) == ""
    falling = tuple(float(n) for n in range(32, 0, -1))
    assert len(spark(falling, 8)) == 8 and spark(falling, 8)[-1] == "▁"


async def test_each_run_has_the_curve_of_its_loss(
    runs: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = record("live", began=BEGAN + 590).start().train(60)
    record("over", began=BEGAN - 600).start().train(60).end()
    async with workbench(runs) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, PresetsScreen)
        await until(pilot, lambda: text_of(app).count("█") >= 2)
        before = dict(screen.courses.known)
        assert before.keys() == {"live", "over"} and all(len(c) == 32 for c in before.values())
        live.train(60)
        await screen.look_again()
        await until(pilot, lambda: screen.courses.known["live"] != before["live"])
        assert screen.courses.known["over"] is before["over"], "what is over is read once"
        await pilot.press("tab")
        await until(pilot, lambda: f"{'loss':10}█" in text_of(app))
