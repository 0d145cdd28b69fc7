"""Forking on the bench: the cursor, the checkpoint before it, a knob, enter."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tui.driving import settled, text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.api import open_run
from tuiwb.plots.figure import Figure
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.branching import BranchScreen
from tuiwb.tui.screens.run import RunScreen

Record = Callable[..., Recorder]


@pytest.fixture(autouse=True)
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders of children; no worker is started on them."""
    paths: list[Path] = []
    monkeypatch.setattr("tuiwb.client.fork.begin", lambda path, *_: paths.append(path))
    return paths


def checkpoints(made: Recorder, *steps: int) -> Recorder:
    for step in steps:
        folder = made.paths.checkpoint(step)
        folder.mkdir()
        (folder / "state.pt").write_bytes(b"weights")
        (folder / "sha256").write_text(hashlib.sha256(b"weights").hexdigest())
    return made


def bench(app: Workbench) -> RunScreen:
    assert isinstance(app.screen, RunScreen)
    return app.screen


def window(app: Workbench) -> BranchScreen:
    assert isinstance(app.screen, BranchScreen)
    return app.screen


async def test_two_keys_from_the_cursor_to_a_child_on_the_screen(
    runs: Path, record: Record, begun: list[Path]
) -> None:
    made = checkpoints(record().start().train(200), 42, 84, 168)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        bench(app).look(cursor=130.0)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, BranchScreen))
        assert "fork at 84, the checkpoint before 130" in text_of(app)
        assert "train.seed" not in text_of(app) and "activation" not in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: begun and isinstance(app.screen, RunScreen)
                    and bench(app).path == begun[0])  # fmt: skip
        await until(pilot, lambda: settled(bench(app)))
        child = open_run(begun[0])
        assert child.meta["parent"]["step"] == 84 and child.table("steps").last("step") == 84
        assert child.meta["argv"] == ["tuiwb", "fork", "cnn-digits-0001", "--at", "84"]
        figure = bench(app).bench._figures["loss"]  # type: ignore[union-attr]
        assert isinstance(figure, Figure)
        (mark,) = (mark for mark in figure.marks if mark.kind == "fork")
        assert (mark.x, mark.label) == (84, "fork of cnn-digits-0001")


async def test_a_knob_is_typed_as_a_factor(runs: Path, record: Record, begun: list[Path]) -> None:
    made = checkpoints(record().start().train(100).set({"optim.lr": 0.004}), 42, 100)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, BranchScreen))
        assert "fork at 100, the newest of 2 checkpoints" in text_of(app)
        await pilot.press("slash", "1", "0", "enter")
        await until(pilot, lambda: begun)
        spec = open_run(begun[0]).spec
        assert spec is not None and spec.get("optim.lr") == 0.0004, "a tenth of what was set"


async def test_another_checkpoint_and_what_was_in_force_there(runs: Path, record: Record) -> None:
    made = checkpoints(record().start().train(100).set({"optim.lr": 0.004}), 42, 100)
    before = open_run(made.paths.root).spec
    assert before is not None
    async with workbench(runs, (80, 24), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, BranchScreen))
        await pilot.press("*", "2", "down", "<")
        await until(pilot, lambda: "fork at 42" in text_of(app))
        form = window(app).branch
        assert form.base.get("optim.lr") == before.get("optim.lr")
        assert form.resolved.get("optim.lr") == 0.008, "what was typed stays"
        await pilot.press("<", ">")
        await until(pilot, lambda: "fork at 100" in text_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))


async def test_what_cannot_be_launched_is_said_in_the_window(
    runs: Path, record: Record, begun: list[Path]
) -> None:
    made = checkpoints(record().start().train(630).end("finished"), 630)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, BranchScreen))
        await pilot.press("enter")
        await until(pilot, lambda: "nothing is left to train" in text_of(app))
        window(app).fields.move_to("train.steps")
        await pilot.press("*", "2", "enter")
        await until(pilot, lambda: begun)
        assert open_run(begun[0]).status.steps == 1260


@pytest.mark.slow
@pytest.mark.parametrize(("cursor", "steps"), [(30.0, (42, 84)), (None, ())])
async def test_where_there_is_no_checkpoint_it_says_so(
    runs: Path, record: Record, cursor: float | None, steps: tuple[int, ...]
) -> None:
    made = checkpoints(record().start().train(100), *steps)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        bench(app).look(cursor=cursor)
        await pilot.press("f")
        await until(pilot, lambda: "has no checkpoint" in text_of(app))
        assert isinstance(app.screen, RunScreen)


async def test_a_remedy_that_takes_a_checkpoint_opens_a_fork_from_before_the_finding(
    runs: Path, record: Record, begun: list[Path]
) -> None:
    made = checkpoints(record().start().train(100), 42, 84)
    made.find(tier="branch", change={"data.batch_size": 128}).train(40)
    checkpoints(made, 140)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("d", "enter")
        await until(pilot, lambda: isinstance(app.screen, BranchScreen))
        assert "fork at 84, the checkpoint before 99" in text_of(app)
        await until(pilot, lambda: window(app).fields.key == "data.batch_size")
        await pilot.press("enter")
        await until(pilot, lambda: begun)
        spec = open_run(begun[0]).spec
        assert spec is not None and spec.get("data.batch_size") == 128


async def test_an_ended_run_takes_its_hot_remedy_from_before_the_finding(
    runs: Path, record: Record
) -> None:
    made = checkpoints(record().start().train(100), 42).find().end("diverged", reason="lost")
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("d", "a")
        await until(pilot, lambda: isinstance(app.screen, BranchScreen))
        assert window(app).branch.resolved.get("optim.lr") == 0.001


async def test_children_are_marked_where_they_left(
    runs: Path, record: Record, begun: list[Path]
) -> None:
    from tuiwb.client.fork import fork, prepare

    made = checkpoints(record().start().train(200), 84)
    fork(prepare(made.paths.root, 84), runs, name="kid")
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = bench(app)

        def marked() -> list[tuple[float, str]]:
            figure = screen.bench._figures["loss"]  # type: ignore[union-attr]
            assert isinstance(figure, Figure)
            return [(mark.x, mark.label) for mark in figure.marks if mark.kind == "fork"]

        await until(pilot, lambda: marked() == [(84, "kid")])
        await pilot.press("x")
        await until(pilot, lambda: marked() and marked()[0][0] < 10)  # seconds, not steps


async def test_the_cursor_on_the_axis_of_time_is_a_step_too(runs: Path, record: Record) -> None:
    made = checkpoints(record().start().train(200), 42, 84)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("x")
        bench(app).look(cursor=1.5)  # 50 steps a second, from the first on
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, BranchScreen))
        assert "fork at 42, the checkpoint before 7" in text_of(app)
