"""How the screens look, at two or three sizes: frozen clock, no animation, fixed presets."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension

from tests.tui.driving import FakeStandby, text_of, until, workbench
from tests.tui.recorder import BEGAN, Recorder
from tests.tui.test_compare_screen import compared, press
from tests.tui.test_lesson_screen import MINE, Workers
from tuiwb.base.clock import FrozenClock
from tuiwb.spec import PresetInfo
from tuiwb.spec.lessons import Lesson
from tuiwb.spec.sections import Expect
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.setup import SetupScreen

Record = Callable[..., Recorder]

WIDE, NARROW = (120, 40), (80, 24)
LARGE = (200, 60)
BOTH = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
ALL = pytest.mark.parametrize("size", [WIDE, NARROW, LARGE], ids=["120x40", "80x24", "200x60"])
PRESETS = [
    PresetInfo(
        name,
        title,
        family,
        "LeCun, Bottou, Bengio, Haffner 1998",
        "The first convolution's filters sharpen within 200 steps.",
        Path(name),
        Expect(metric="val_accuracy", at_least=0.985, steps=630,
               baseline="softmax regression on the same split: 0.967"),
    )
    for name, title, family in (
        ("char-rnn", "Character RNN", "language"),
        ("playground-2d", "Two spirals", "playground"),
        ("cnn-digits", "Small convolutional network", "vision"),
    )
]  # fmt: skip


@pytest.fixture
def workers(record: Record, monkeypatch: pytest.MonkeyPatch) -> Workers:
    made = Workers(record)
    monkeypatch.setattr("tuiwb.client.course.launch", made.launch)
    return made


LESSON = msgspec.toml.decode(
    MINE.replace("Any data will do", "A step that arrives nowhere"), type=Lesson
)


@pytest.fixture(autouse=True)
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuiwb.tui.screens.presets.presets", lambda: PRESETS)
    monkeypatch.setattr("tuiwb.spec.lessons.lessons", lambda: [("slow-steps", LESSON)])
    monkeypatch.setattr("tuiwb.spec.lessons.lesson", lambda name: LESSON)
    monkeypatch.setattr("tuiwb.tui.stories.__version__", "0.0.0")


def picture(app: Workbench) -> str:
    """The screen as SVG, without the fonts that a viewer would fetch."""
    svg = app.export_screenshot(simplify=True)
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


@ALL
async def test_presets(
    runs: Path, record: Record, snapshot: SnapshotAssertion, size: tuple[int, int]
) -> None:
    record("cnn-digits-0003", began=BEGAN + 590).start().train(120)
    record("cnn-digits-0002", began=BEGAN - 7200).start().train(80).crash()
    record("cnn-digits-0001", began=BEGAN - 260_000).start().train(630).end()
    async with workbench(runs, size) as (app, pilot):
        await pilot.press("down", "down")
        await until(pilot, lambda: "Small convolutional" in text_of(app))
        await until(pilot, lambda: "slow-steps" in text_of(app))
        await until(pilot, lambda: len(app.screen.courses.known) == 3)  # type: ignore[attr-defined]
        await pilot.pause(0.3)
        assert picture(app) == snapshot(extension_class=SVGImageSnapshotExtension)


@BOTH
async def test_setup(runs: Path, snapshot: SnapshotAssertion, size: tuple[int, int]) -> None:
    async with workbench(runs, size, standby=FakeStandby()) as (app, pilot):
        app.show_setup("cnn-digits")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen) and app.screen.table.facts)
        screen = app.screen
        assert isinstance(screen, SetupScreen)
        screen.fields.move_to("data.batch_size")
        await pilot.press("right", "down", *"7", "enter", "up")
        await until(pilot, lambda: "was 64" in text_of(app))
        await pilot.pause(0.3)
        assert picture(app) == snapshot(extension_class=SVGImageSnapshotExtension)


@ALL
async def test_run(
    runs: Path, record: Record, snapshot: SnapshotAssertion, size: tuple[int, int]
) -> None:
    made = record().start().train(300).find().train(36)
    values = np.diag(np.arange(38.0, 48.0)) + 2 * np.eye(10, k=3)
    digits = list("0123456789")
    made.picture("confusion matrix", "matrix", "14 of 439 wrong", values=values, rows=digits,
                 columns=digits)  # fmt: skip
    made.train(14)
    async with workbench(runs, size, made.paths.root, made.clock) as (app, _):
        assert picture(app) == snapshot(extension_class=SVGImageSnapshotExtension)


@pytest.mark.slow
@BOTH
async def test_lesson(
    runs: Path, workers: Workers, snapshot: SnapshotAssertion, size: tuple[int, int]
) -> None:
    async with workbench(runs, size, standby=FakeStandby()) as (app, pilot):
        app.show_lesson("slow-steps")
        await until(pilot, lambda: workers.made)
        workers.made[0].start().train(630).end()
        await until(pilot, lambda: len(workers.made) == 2)
        workers.made[1].start().train(210)
        await until(pilot, lambda: "210/630" in text_of(app))
        await pilot.pause(0.5)
        assert picture(app) == snapshot(extension_class=SVGImageSnapshotExtension)


@ALL
async def test_compare(
    runs: Path, record: Record, snapshot: SnapshotAssertion, size: tuple[int, int]
) -> None:
    names = ("cnn-digits-0001", "cnn-digits-0002", "cnn-digits-0003")
    rates = ("optim.lr=0.002", "optim.lr=0.004", "optim.lr=0.002")
    made = [
        record(name, overrides=[rate]).start().train(120 * n)
        for n, (name, rate) in enumerate(zip(names, rates, strict=True), 1)
    ]
    made[0].set({"optim.lr": 0.001}).end()
    async with workbench(runs, size) as (app, pilot):
        screen = await compared(app, pilot, *(one.paths.root for one in made))
        await press(pilot, screen, "b")
        await press(pilot, screen, "c")
        screen.keybar.notice("")
        await pilot.pause()
        assert picture(app) == snapshot(extension_class=SVGImageSnapshotExtension)


@BOTH
async def test_doctor(
    runs: Path, record: Record, snapshot: SnapshotAssertion, size: tuple[int, int]
) -> None:
    made = record().start().train(150).find("plateau", severity="alarm").train(60).find()
    made.train(6).set({"optim.lr": 0.001}).train(240).judge("helped", since=216).train(5)
    async with workbench(runs, size, made.paths.root, made.clock) as (app, pilot):
        await pilot.press("d")
        await until(pilot, lambda: "helped" in text_of(app))
        await pilot.pause(0.3)
        assert picture(app) == snapshot(extension_class=SVGImageSnapshotExtension)


async def test_run_in_ascii(runs: Path, record: Record, snapshot: SnapshotAssertion) -> None:
    made = record().start().train(200).end("diverged", reason="the loss is not finite")
    clock = FrozenClock(made.clock.now() + 60)
    async with workbench(runs, NARROW, made.paths.root, clock, glyphs="ascii") as (app, _):
        assert text_of(app).isascii()
        assert picture(app) == snapshot(extension_class=SVGImageSnapshotExtension)
