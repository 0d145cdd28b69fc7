"""Pictures on the bench: the newest is shown, the next by a key, and nothing is painted unseen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.tui.driving import settled, text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.run import pictures
from tuiwb.run.reader import RunReader
from tuiwb.tui.gallery import Gallery
from tuiwb.tui.screens.run import RunScreen

Record = Callable[..., Recorder]
TALL = {"grid": np.tile(np.linspace(-1, 1, 20), (20, 1)), "extent": np.array([0.0, 1, 0, 1])}


async def test_the_newest_picture_is_followed(runs: Path, record: Record) -> None:
    made = record().start().train(42)
    made.picture("answers", "text", "two of them", text="the first answer")
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        assert "the first answer" in text_of(app)
        assert "answers  step 42: two of them" in text_of(app)
        made.train(42)
        made.picture("answers", "text", text="the second answer")
        await until(pilot, lambda: "the second answer" in text_of(app))
        assert "step 84" in text_of(app) and "the first answer" not in text_of(app)


async def test_p_shows_the_pane_and_then_the_next_picture(runs: Path, record: Record) -> None:
    made = record().start().train(42)
    made.picture("answers", "text", text="an answer")
    made.picture("weights", "bars", values=np.array([1.0, 2.0]), names=["left", "right"])
    async with workbench(runs, (80, 24), made.paths.root, made.clock) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, RunScreen)
        assert "an answer" not in text_of(app)
        await pilot.press("p")
        await until(pilot, lambda: "an answer" in text_of(app) and "answers 1/2" in text_of(app))
        await pilot.press("p")
        await until(pilot, lambda: "right" in text_of(app) and "weights 2/2" in text_of(app))
        await pilot.press("p")
        await until(pilot, lambda: "an answer" in text_of(app))


async def test_discretise(runs: Path, record: Record) -> None:
    made = record().start().train(42)
    made.picture("decision boundary", "boundary", **TALL)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, RunScreen)
        await pilot.press("9", "D")
        await until(pilot, lambda: settled(screen) and "discrete" in text_of(app))
        await pilot.press("D")
        await until(pilot, lambda: settled(screen) and "  discrete" not in text_of(app))


async def test_a_picture_that_is_not_in_view_is_not_read(
    runs: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = record().start().train(42)
    made.picture("answers", "text", text="an answer")
    read: list[Path] = []
    monkeypatch.setattr(pictures, "read", read.append)
    monkeypatch.setattr(pictures, "latest", lambda folder: read.append(folder) or {})
    async with workbench(runs, (80, 24), made.paths.root, made.clock):
        assert read == []


def test_a_row_more_paints_nothing_again(runs: Path, record: Record) -> None:
    made = record().start().train(42)
    made.picture("answers", "text", text="an answer")
    reader, gallery = RunReader(made.paths.root, made.clock), Gallery(made.paths.root)
    canvases = []
    for _ in range(2):
        gallery.look(reader.poll(None))
        canvases.append(gallery.paint("", 40, 10, "braille", True, False))
        made.train(1)
    assert canvases[0] is canvases[1]
    made.picture("answers", "text", text="another")
    gallery.look(reader.poll(None))
    assert "another" in gallery.paint("", 40, 10, "braille", True, False).text()
    reader.close()


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 and nothing more"])
def test_a_damaged_picture_is_said(runs: Path, record: Record, damage: bytes) -> None:
    made = record().start().train(42)
    made.picture("answers", "text", text="an answer").write_bytes(damage)
    reader, gallery = RunReader(made.paths.root, made.clock), Gallery(made.paths.root)
    gallery.look(reader.poll(None))
    assert (
        "00000042-answers.npz is damaged" in gallery.paint("", 60, 9, "ascii", True, False).text()
    )
    reader.close()


def test_a_run_without_pictures_says_so(runs: Path, record: Record) -> None:
    made = record().start().train(42).end()
    reader, gallery = RunReader(made.paths.root, made.clock), Gallery(made.paths.root)
    gallery.look(reader.poll(None))
    assert "took no pictures" in gallery.paint("", 60, 9, "braille", True, False).text()
    reader.close()
