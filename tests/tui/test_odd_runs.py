"""Runs that are odd in what they hold: the bench shows what there is and stays alive."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from textual.events import Paste

from tests.tui.driving import settled, text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.run.journal import Journal
from tuiwb.tui import actions
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.ask import Ask, Message
from tuiwb.tui.screens.presets import PresetsScreen
from tuiwb.tui.screens.run import RunScreen

Record = Callable[..., Recorder]
PANES = [a.keys[0] for a in actions.of("run") if a.name.startswith("pane_")]
MANY = tuple((f"blocks.{i}.linear", "Linear", 320) for i in range(2_000))
METRICS = ("val_loss", "val_accuracy", *(f"val_score_{i:05}" for i in range(2, 300)))
WIDE = "网络層" * 60
RIGHT_TO_LEFT = "שכבה" * 60


def shown(app: Workbench) -> RunScreen:
    assert isinstance(app.screen, RunScreen)
    return app.screen


async def through_all_panes(runs: Path, path: Path, size: tuple[int, int]) -> str:
    """Every pane, side by side and alone; the screen as text at the end of each, joined."""
    seen = []
    async with workbench(runs, size, attach=path) as (app, pilot):
        for key in (*PANES, "enter", *PANES):
            await pilot.press(key)
            await until(pilot, lambda: settled(shown(app)))
            text = text_of(app)
            assert all(cell_len(line) <= size[0] for line in text.splitlines())
            seen.append(text)
    return "\n".join(seen)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(120, 40), (50, 15)])
async def test_tables_that_are_empty(size: tuple[int, int], runs: Path, record: Record) -> None:
    path = record().start().paths.root
    assert "training" in await through_all_panes(runs, path, size)


@pytest.mark.slow
async def test_two_thousand_layers(runs: Path, record: Record) -> None:
    path = record(layers=MANY).start().train(12, evaluate=False).paths.root
    text = await through_all_panes(runs, path, (120, 40))
    assert "gradients by layer" in text


@pytest.mark.slow
async def test_ten_thousand_metrics(runs: Path, record: Record) -> None:
    """More of them than a table holds are in the journal alone."""
    made = record(metrics=METRICS).start().train(90)
    every = {f"val_score_{i:05}": i / 1e4 for i in range(10_000)}
    made.journal.write("evaluation", step=90, metrics=every, best=False)
    assert "accuracy" in await through_all_panes(runs, made.paths.root, (120, 40))


@pytest.mark.slow
async def test_names_of_three_hundred_characters(runs: Path, record: Record) -> None:
    layers = [("l" * 300, "Linear", 9), (WIDE, "Linear", 9), (RIGHT_TO_LEFT, "Linear", 9)]
    metrics = ("val_loss", "val_accuracy", "m" * 300)
    path = record("n" * 60, layers=layers, metrics=metrics).start().train(90).paths.root
    with Journal(path / "journal.jsonl") as journal:
        for words in ("w" * 300, WIDE, RIGHT_TO_LEFT):
            journal.write("note", step=60, text=words, by="somebody")
    for size in ((120, 40), (80, 24), (50, 15)):
        await through_all_panes(runs, path, size)


async def test_a_clock_that_runs_backwards(runs: Path, record: Record) -> None:
    made = record().start().train(100)
    made.clock.advance(-3_000)
    path = made.train(100).paths.root
    async with workbench(runs, attach=path) as (app, pilot):
        for _ in range(3):
            await pilot.press("x")  # steps, seconds, and whatever else there is
            if shown(app).sight.axis == "time":
                assert "its clock was set back" in text_of(app)
                await until(pilot, lambda: shown(app).frame.extent[1] == pytest.approx(1.98))
            await until(pilot, lambda: settled(shown(app)))
        assert "step 200" in text_of(app)


@pytest.mark.slow
async def test_a_row_of_nothing_but_nan(runs: Path, record: Record) -> None:
    made = record().start().train(50)
    for name in ("steps", "layers", "evals"):
        table = made.tables[name]
        row = np.zeros(1, table.dtype)
        for column in table.dtype.names or ():
            if table.dtype[column].base.kind == "f":
                row[column] = np.nan
        row["step"] = 51
        table.append(row)
    assert "cnn-digits" in await through_all_panes(runs, made.paths.root, (120, 40))


async def test_it_is_deleted_while_it_is_shown(runs: Path, record: Record) -> None:
    made = record().start().train(60)
    async with workbench(runs, attach=made.paths.root) as (app, pilot):
        made.release()
        shutil.rmtree(made.paths.root)
        await until(pilot, lambda: "its folder is gone" in text_of(app))
        await pilot.press(*PANES, "c", "left", "x", "S")
        await pilot.pause()
        assert isinstance(app.screen, RunScreen)
        for key in ("L", "G"):  # these would have to read it anew: the bench stays
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, Message))
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, RunScreen))


@pytest.mark.slow
async def test_the_worker_dies_while_a_dialog_is_open(runs: Path, record: Record) -> None:
    made = record().start().train(60)
    async with workbench(runs, attach=made.paths.root) as (app, pilot):
        await pilot.press("X")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        made.crash("Killed")
        await pilot.pause()
        assert isinstance(app.screen, Ask)  # what one was about to answer stays
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "crashed at step 60" in text_of(app))


async def test_a_megabyte_pasted_into_fields(runs: Path, record: Record) -> None:
    record().start().train(60)
    async with workbench(runs) as (app, pilot):
        for text in ("9" * 1_000_000, "a\x1b[31m\nb" * 100_000, "网" * 300_000):
            await pilot.press("slash")
            await paste(app, text)
            await pilot.pause()
            assert raw(text_of(app)) == []
            await pilot.press("escape")
            assert isinstance(app.screen, PresetsScreen)
        app.show_setup("cnn-digits")
        await until(pilot, lambda: getattr(app.screen, "CONTEXT", "") == "setup")
        await pilot.press("enter")
        await paste(app, "9" * 1_000_000)
        await pilot.press("enter")
        await pilot.pause()
        assert raw(text_of(app)) == []


async def paste(app: Workbench, text: str) -> None:
    """What a terminal sends when somebody pastes."""
    app.post_message(Paste(text))


def raw(text: str) -> list[str]:
    """Characters that would drive a terminal."""
    return [char for char in text if char < " " and char != "\n"]
