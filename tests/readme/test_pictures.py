"""README's pictures are the screens as they are: ``pytest tests/readme --snapshot-update`` takes
them anew."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension

from tests.readme.reference import README
from tests.tui.conftest import record, runs, terminal
from tests.tui.driving import FakeStandby, text_of, until, workbench
from tests.tui.layered import count, look_inside
from tests.tui.recorder import BEGAN, Recorder
from tests.tui.test_compare_screen import compared, press
from tuiwb.client.describe import describe
from tuiwb.spec import resolve
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.setup import SetupScreen

__all__ = ["record", "runs", "terminal"]

Record = Callable[..., Recorder]
SIZE = (120, 36)
HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def outside_of_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuiwb.tui.stories.__version__", "")


@pytest.fixture
def same(snapshot: SnapshotAssertion) -> Callable[[Workbench], bool]:
    """Whether the screen looks as in the README."""

    def compare(app: Workbench) -> bool:
        svg = app.export_screenshot(simplify=True)
        svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # a viewer would fetch it
        return bool(svg == snapshot(extension_class=SVGImageSnapshotExtension))

    return compare


def test_every_picture_in_it_is_taken_here() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README.read_text("utf-8"))
    taken = {f"tests/readme/{path.relative_to(HERE)}" for path in HERE.rglob("*.svg")}
    assert len(shown) > 3 and set(shown) == taken


async def test_presets(runs: Path, record: Record, same: Callable[[Workbench], bool]) -> None:
    record("cnn-digits-0004", began=BEGAN + 592).start().train(260)
    record("gpt-char-0001", preset="gpt-char", began=BEGAN - 1800).start().train(400).end()
    record("cnn-digits-0003", began=BEGAN - 7200).start().train(80).crash()
    record("mlp-digits-0002", preset="mlp-digits", began=BEGAN - 90_000).start().train(630).end()
    record("cnn-digits-0001", began=BEGAN - 260_000).start().train(630).end()
    async with workbench(runs, SIZE) as (app, pilot):
        app.screen.choose("cnn-digits")  # type: ignore[attr-defined]
        await until(pilot, lambda: "Small convolutional network ─" in text_of(app))
        await until(pilot, lambda: "lessons" in text_of(app) or app.screen.lessons)  # type: ignore[attr-defined]
        await until(pilot, lambda: len(app.screen.courses.known) == 5)  # type: ignore[attr-defined]
        await pilot.pause(0.3)
        assert same(app)


@pytest.mark.slow
async def test_setup(runs: Path, same: Callable[[Workbench], bool]) -> None:
    facts = describe(resolve("cnn-digits"))
    async with workbench(runs, SIZE, standby=FakeStandby(facts)) as (app, pilot):
        app.show_setup("cnn-digits")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen) and app.screen.table.facts)
        screen = app.screen
        assert isinstance(screen, SetupScreen)
        screen.fields.move_to("data.batch_size")
        await pilot.press("right")
        await until(pilot, lambda: "was 64" in text_of(app))
        await pilot.pause(0.5)
        assert same(app)


def learnt(record: Record) -> Recorder:
    """A run in the middle of its life: a finding, what was done about it, a picture."""
    made = record().start().train(150).find().train(40).set({"optim.lr": 0.001}).train(150)
    made.judge("helped", since=190)
    values = np.diag(np.arange(38.0, 48.0)) + 2 * np.eye(10, k=3)
    digits = list("0123456789")
    made.picture(
        "confusion matrix", "matrix", "14 of 439 wrong", values=values, rows=digits, columns=digits
    )
    return made.train(60)


async def test_bench(runs: Path, record: Record, same: Callable[[Workbench], bool]) -> None:
    made = learnt(record)
    async with workbench(runs, SIZE, made.paths.root, made.clock) as (app, pilot):
        await pilot.press("c", *["left"] * 12)
        await pilot.pause(0.5)
        assert same(app)


@pytest.mark.slow
async def test_doctor(runs: Path, record: Record, same: Callable[[Workbench], bool]) -> None:
    made = learnt(record)
    async with workbench(runs, SIZE, made.paths.root, made.clock) as (app, pilot):
        await pilot.press("d")
        app.screen.enlarge()  # type: ignore[attr-defined]
        await until(pilot, lambda: "helped" in text_of(app))
        await pilot.pause(0.3)
        assert same(app)


async def test_layers(runs: Path, record: Record, same: Callable[[Workbench], bool]) -> None:
    made = record("gpt-char-0001", preset="gpt-char").start().train(260)
    made.find(layer="model.blocks.2.activation")
    look_inside(made, 260, layers=24)
    async with workbench(runs, SIZE, made.paths.root, made.clock) as (app, pilot):
        await pilot.press("L")
        await until(pilot, lambda: "layers 24" in text_of(app) and "█" in text_of(app))
        await pilot.press(*["down"] * 11)
        await pilot.pause(0.3)
        assert same(app)


async def test_layer(runs: Path, record: Record, same: Callable[[Workbench], bool]) -> None:
    made = count(look_inside(record().start().train(260).find(), 260), 260)
    async with workbench(runs, SIZE, made.paths.root, made.clock) as (app, pilot):
        await pilot.press("L")
        await until(pilot, lambda: "layers 7" in text_of(app) and "█" in text_of(app))
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: "median" in text_of(app))
        await pilot.pause(0.3)
        assert same(app)


async def test_compare(runs: Path, record: Record, same: Callable[[Workbench], bool]) -> None:
    made = [
        record(f"cnn-digits-000{n}", overrides=[f"optim.lr={rate}"], pace=pace).start().train(steps)
        for n, (rate, pace, steps) in enumerate(
            ((0.002, 1.0, 480), (0.01, 0.4, 400), (0.0005, 2.6, 260)), 1
        )
    ]
    made[2].end("stopped")
    async with workbench(runs, SIZE) as (app, pilot):
        screen = await compared(app, pilot, *(one.paths.root for one in made))
        await press(pilot, screen, "b")
        screen.look(cursor=180.0)
        await until(pilot, lambda: "at step 180" in text_of(app))
        screen.keybar.notice("")
        await pilot.pause(0.3)
        assert same(app)
