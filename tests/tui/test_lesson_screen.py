"""A lesson on the screen: its runs one after the other, its curves, its checks, its ways out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tui.driving import FakeStandby, text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.base.errors import UserError
from tuiwb.spec import Resolved
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.ask import Ask
from tuiwb.tui.screens.lesson import LessonScreen
from tuiwb.tui.screens.presets import PresetsScreen
from tuiwb.tui.screens.run import RunScreen

Record = Callable[..., Recorder]
MINE = """
preset  = "cnn-digits"
overlay = ["val_accuracy", "loss", "layers.grad_norm"]

[about]
title   = "Any data will do"
paper   = "Nobody 2020"
story   = "A lesson for a test: a step must be long enough to arrive anywhere at all."
look_at = "The two curves."

[[runs]]
label = "fast"
set   = ["optim.lr=0.1"]
note  = "learning rate 0.1"
[[runs]]
label = "slow"
set   = ["optim.lr=1e-6"]

[[asserts]]
check    = "metric"
run      = "fast"
metric   = "val_accuracy"
at_least = 0.5
reason   = "it learns"
[[asserts]]
check    = "gap"
run      = "fast"
over     = "slow"
metric   = "val_accuracy"
at_least = 0.01
reason   = "a step must be long enough"
[[asserts]]
check    = "state"
run      = "slow"
state    = "diverged"
reason   = "never met"
"""
SIZES = ((120, 40), (80, 24), (50, 15), (200, 60))


class Workers:
    """Stands in for `launch`: a recorder a run, by the order in which they were started."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.asked: list[Resolved] = []
        self.made: list[Recorder] = []

    def launch(self, resolved: Resolved, *rest: object, **more: object) -> Path:
        self.asked.append(resolved)
        self.made.append(self.record(f"cnn-digits-{len(self.asked):04}"))
        return self.made[-1].paths.root


@pytest.fixture
def workers(record: Record, monkeypatch: pytest.MonkeyPatch) -> Workers:
    made = Workers(record)
    monkeypatch.setattr("tuiwb.client.course.launch", made.launch)
    return made


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    return str(path)


def shown(app: Workbench) -> LessonScreen:
    assert isinstance(app.screen, LessonScreen)
    return app.screen


@pytest.mark.slow
async def test_runs_begin_one_after_the_other_and_checks_come_in(
    runs: Path, workers: Workers, mine: str
) -> None:
    async with workbench(runs, (120, 40), standby=FakeStandby()) as (app, pilot):
        app.show_lesson(mine)
        await until(pilot, lambda: workers.made and "starting" in text_of(app))
        text = text_of(app)
        assert "waiting" in text and "0 of 2 runs over" in text
        assert "comes with the first evaluation of the first run" in text
        first = workers.made[0].start().train(210)
        await until(pilot, lambda: "210/630" in text_of(app) and "training" in text_of(app))
        assert "… fast: val_accuracy" in text_of(app)
        assert "0 of 3 checks met" in text_of(app) and len(workers.made) == 1
        first.train(420).end()
        await until(pilot, lambda: len(workers.made) == 2)
        await until(pilot, lambda: "1 of 2 runs over" in text_of(app))
        assert "✓ fast: val_accuracy" in text_of(app) and "1 of 3 checks met" in text_of(app)
        workers.made[1].start().train(42).end()
        await until(pilot, lambda: "✗ 1 of 3 checks NOT met" in text_of(app))
        text = text_of(app)
        assert "✓ val_accuracy: fast - slow" in text and "✗ slow: state" in text
        assert [resolved.get("optim.lr") for resolved in workers.asked] == [0.1, 1e-6]
        for words in ("━ fast", "━ slow", "grad_norm layer by layer", "A lesson for a test"):
            assert words in text


@pytest.mark.slow
async def test_enter_opens_a_run_and_leaving_it_comes_back(
    runs: Path, workers: Workers, mine: str
) -> None:
    async with workbench(runs, (120, 40), standby=FakeStandby()) as (app, pilot):
        app.show_lesson(mine)
        await until(pilot, lambda: workers.made)
        workers.made[0].start().train(42)
        await until(pilot, lambda: "42/630" in text_of(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "has not begun yet" in text_of(app))
        await pilot.press("up", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "cnn-digits-0001" in text_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        await pilot.press("2")
        await until(pilot, lambda: shown(app).here == "story")


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_every_pane_can_be_reached_at_every_size(
    runs: Path, workers: Workers, mine: str, size: tuple[int, int]
) -> None:
    async with workbench(runs, size, standby=FakeStandby()) as (app, pilot):
        app.show_lesson(mine)
        await until(pilot, lambda: workers.made and isinstance(app.screen, LessonScreen))
        workers.made[0].start().train(84)
        await until(pilot, lambda: "84/630" in text_of(app))
        texts = {"checks": "it learns", "story": "A lesson for a test"}
        charts = {"overlay-0": "val_accuracy", "overlay-1": "loss", "overlay-2": "layer by layer"}
        tiny = size == (50, 15)
        for number, (name, words) in enumerate((texts | charts).items(), 1):
            await pilot.press(str(number))
            if tiny and name in charts:
                assert shown(app).here == "story"
                continue
            await until(pilot, lambda words=words: words in text_of(app))
            assert shown(app).here == name
        for _ in range(5):
            await pilot.press("tab", "pagedown", "pageup", "shift+tab", "tab")
        for line in text_of(app).splitlines():
            assert len(line) <= size[0]


@pytest.mark.slow
async def test_who_leaves_leaves_the_lesson_going(runs: Path, workers: Workers, mine: str) -> None:
    async with workbench(runs, (120, 40), standby=FakeStandby()) as (app, pilot):
        app.show_lesson(mine)
        await until(pilot, lambda: workers.made and isinstance(app.screen, LessonScreen))
        workers.made[0].start().train(42)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, PresetsScreen))
        assert "goes on; enter on it comes back to it" in text_of(app)
        workers.made[0].end()
        await until(pilot, lambda: len(workers.made) == 2)  # the next one begins all the same
        app.show_lesson(mine)
        await until(pilot, lambda: isinstance(app.screen, LessonScreen))
        await until(pilot, lambda: "1 of 2 runs over" in text_of(app))
        assert len(workers.made) == 2
        workers.made[1].start().train(42).end()
        await until(pilot, lambda: "checks NOT met" in text_of(app))
        await pilot.press("escape")
        app.show_lesson(mine)  # over: from the beginning
        await until(pilot, lambda: len(workers.made) == 3)


@pytest.mark.slow
async def test_quitting_says_which_runs_had_not_begun(
    runs: Path, workers: Workers, mine: str
) -> None:
    async with workbench(runs, (120, 40), standby=FakeStandby()) as (app, pilot):
        app.show_lesson(mine)
        await until(pilot, lambda: workers.made and isinstance(app.screen, LessonScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, PresetsScreen))
        await pilot.press("q")
        await pilot.pause()
    assert app.goodbye.startswith("1 of 2 runs of this lesson had not begun: tuiwb lesson ")


async def test_stop_asks_and_starts_no_other(runs: Path, workers: Workers, mine: str) -> None:
    async with workbench(runs, (120, 40), standby=FakeStandby()) as (app, pilot):
        app.show_lesson(mine)
        await until(pilot, lambda: workers.made and isinstance(app.screen, LessonScreen))
        first = workers.made[0].start().train(42)
        await until(pilot, lambda: "42/630" in text_of(app))
        await pilot.press("X")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("enter")
        await until(pilot, lambda: list(first.paths.inbox.glob("*.json")))
        first.end("stopped", reason="tui asked it to stop")
        await until(pilot, lambda: "1 of 2 runs not begun" in text_of(app))
        assert len(workers.made) == 1
        await pilot.press("X")
        assert "this lesson is over" in text_of(app)


async def test_a_lesson_that_does_not_hold_together_says_so(
    runs: Path, workers: Workers, tmp_path: Path
) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(MINE.replace("optim.lr=0.1", "optim.lrr=0.1"))
    async with workbench(runs, (120, 40), standby=FakeStandby()) as (app, pilot):
        app.show_lesson(str(path))
        await until(pilot, lambda: "unknown key optim.lrr" in text_of(app))
        await pilot.press("escape")
        assert isinstance(app.screen, PresetsScreen) and workers.made == []


async def test_a_run_that_cannot_start_ends_the_lesson_with_the_reason(
    runs: Path, mine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def launch(*rest: object, **more: object) -> Path:
        raise UserError("cannot create a run: no space left")

    monkeypatch.setattr("tuiwb.client.course.launch", launch)
    async with workbench(runs, (120, 40), standby=FakeStandby()) as (app, pilot):
        app.show_lesson(mine)
        await until(pilot, lambda: "no space left" in text_of(app))
        assert "2 of 2 runs not begun" in text_of(app)


async def test_the_gallery_shows_lessons_and_enter_takes_one(runs: Path, workers: Workers) -> None:
    async with workbench(runs, (120, 40), standby=FakeStandby()) as (app, pilot):
        await pilot.press("slash", *"dead-relu", "enter")
        await until(pilot, lambda: "Dead ReLUs" in text_of(app))
        text = text_of(app)
        assert "lessons: what goes wrong" in text and "lr 0.1, lr 1, lr 3, " in text
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LessonScreen) and workers.made)
        assert workers.asked[0].get("optim.lr") == 0.1
