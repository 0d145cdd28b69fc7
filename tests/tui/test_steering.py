"""The windows that steer a run: few keys, values now, and an answer on the screen at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.driving import SIZES, text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.run.reader import RunReader
from tuiwb.tui.app import Workbench
from tuiwb.tui.hot import HotForm
from tuiwb.tui.screens.run import RunScreen
from tuiwb.tui.screens.setting import SettingScreen

Record = Callable[..., Recorder]


def asked(made: Recorder) -> list[dict[str, Any]]:
    """What waits in the run's inbox, oldest first."""
    return [json.loads(f.read_text()) for f in sorted(made.paths.inbox.glob("[0-9]*.json"))]


def answer(made: Recorder, **outcome: Any) -> None:
    """Answer what waits, as the worker does."""
    for file in sorted(made.paths.inbox.glob("[0-9]*.json")):
        one = json.loads(file.read_text())
        made.journal.write(
            "command", made.step, **{k: one[k] for k in ("id", "command", "args", "by", "who")},
            **{"accepted": True, **outcome},
        )  # fmt: skip
        file.unlink()


async def press(app: Workbench, pilot: Pilot[None], *keys: str) -> None:
    """Keys, and then the windows that they open."""
    await pilot.press(*keys)
    await pilot.pause()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("keys", "change"),
    [
        (("s", "right", "enter"), {"optim.lr": 0.005}),
        (("s", "left", "enter"), {"optim.lr": 0.001}),
        (("s", "3", "enter"), {"optim.lr": 3.0}),
        (("s", "/", "4", "enter"), {"optim.lr": 0.0005}),
        (("s", "*", "1", "0", "enter"), {"optim.lr": 0.02}),
        (("s", "down", "right", "up", "right", "enter"), None),
    ],
)
async def test_few_keys_change_the_learning_rate(
    runs: Path, record: Record, keys: tuple[str, ...], change: Mapping[str, Any] | None
) -> None:
    made = record().start().train(40)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await press(app, pilot, *keys)
        await until(pilot, lambda: asked(made))
        (one,) = asked(made)
        assert (one["command"], one["by"]) == ("set", "bench")
        if change is not None:
            assert one["args"] == change
        else:
            assert len(one["args"]) == 2, "several knobs are set together"


async def test_the_answer_is_shown_with_its_step_and_what_it_was(
    runs: Path, record: Record
) -> None:
    made = record().start().train(40)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await press(app, pilot, "s", "right", "enter")
        await until(pilot, lambda: asked(made))
        assert "set: asked, waiting for the step to end" in text_of(app)
        answer(made, was={"optim.lr": 0.002})
        await until(pilot, lambda: "set optim.lr=0.005 (was 0.002) at step 40" in text_of(app))
        # opened again it starts from what is in force now
        await press(app, pilot, "s", "right", "enter")
        await until(pilot, lambda: asked(made))
        assert asked(made)[0]["args"] == {"optim.lr": 0.01}
        answer(made, accepted=False, reason="the loop has gone")
        await until(pilot, lambda: "set refused: the loop has gone" in text_of(app))


async def test_a_value_out_of_range_stays_in_its_field(runs: Path, record: Record) -> None:
    made = record().start().train(40)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await press(app, pilot, "s", "-", "1", "enter")
        assert isinstance(app.screen, SettingScreen)
        await until(pilot, lambda: "out of range" in text_of(app))
        await press(app, pilot, "enter")
        assert isinstance(app.screen, SettingScreen) and not asked(made)
        await press(app, pilot, "backspace", "right", "enter")
        await until(pilot, lambda: asked(made))
        assert asked(made)[0]["args"] == {"optim.lr": 0.005}


async def test_nothing_changed_is_said_and_escape_leaves(runs: Path, record: Record) -> None:
    made = record().start().train(40)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await press(app, pilot, "s", "*", "1", "enter")
        await until(pilot, lambda: "nothing is changed" in text_of(app))
        await press(app, pilot, "escape")
        assert isinstance(app.screen, RunScreen) and not asked(made)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_the_window_fits_and_tells_every_hot_knob(
    runs: Path, record: Record, size: tuple[int, int]
) -> None:
    made = record().start().train(40)
    async with workbench(runs, size, made.paths.root, made.clock) as (app, pilot):
        await press(app, pilot, "s")
        screen = app.screen
        assert isinstance(screen, SettingScreen)
        assert screen.fields.key == "optim.lr"
        await until(pilot, lambda: "learning rate" in text_of(app).lower())
        for key in screen.fields.stops():
            screen.fields.move_to(key)
            name = str(key).partition(".")[2]
            await until(pilot, lambda name=name: f" {name}" in text_of(app))
            assert screen.fields.knob().info.tier == "hot"


def test_values_are_those_in_force(record: Record) -> None:
    made = record().start().train(3).set({"optim.lr": 0.125})
    with RunReader(made.paths.root) as reader:
        form = HotForm(reader.poll(None))
    keys = [knob.key for knob in form.knobs()]
    assert "optim.lr" in keys and "model.width" not in keys and "data.batch_size" not in keys
    assert form.base.get("optim.lr") == 0.125
    assert form.set("optim.lr", "/5") and form.changes() == {"optim.lr": 0.025}
    assert form.set("optim.lr", "0.125") and form.changes() == {}
    assert not form.set("optim.lr", "/0") and not form.set("optim.lr", "*")
    form.reset("optim.lr")
    assert form.set("regularize.l2", "0.1") and not form.errors
    assert not form.set("regularize.weight_decay", "0.1"), "two kinds do not stand together"


@pytest.mark.slow
@pytest.mark.parametrize(("downs", "args"), [(0, {}), (1, {"when": "epoch"}), (2, {"when": "now"})])
async def test_ways_to_stop(
    runs: Path, record: Record, downs: int, args: Mapping[str, Any]
) -> None:
    made = record().start().train(40)
    async with workbench(runs, (80, 24), made.paths.root, made.clock) as (app, pilot):
        await press(app, pilot, "X", *["down"] * downs, "enter")
        await until(pilot, lambda: asked(made))
        assert [(one["command"], one["args"]) for one in asked(made)] == [("stop", args)]
        answer(made, **({"ends": 42} if downs == 1 else {}))
        words = ", it ends after the epoch at step 42" if downs == 1 else "stop at step 40"
        await until(pilot, lambda: words in text_of(app))


async def test_to_go_on_training_is_one_of_the_answers(runs: Path, record: Record) -> None:
    made = record().start().train(40)
    async with workbench(runs, (80, 24), made.paths.root, made.clock) as (app, pilot):
        await press(app, pilot, "X", "up", "end", *["down"] * 9, "enter")
        assert isinstance(app.screen, RunScreen) and not asked(made)


async def test_kill_is_for_a_worker_that_hears_nothing(
    runs: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = record().start().train(40)
    killed: list[Path] = []
    monkeypatch.setattr("tuiwb.client.kill.kill", lambda path: killed.append(path) or 123)
    async with workbench(runs, (80, 24), made.paths.root, made.clock) as (app, pilot):
        await press(app, pilot, "X", *["down"] * 3, "enter")
        await until(pilot, lambda: "process 123 is killed" in text_of(app))
    assert killed == [made.paths.root] and not asked(made)


async def test_a_note_is_typed_and_kept(runs: Path, record: Record) -> None:
    made = record().start().train(40)
    async with workbench(runs, (80, 24), made.paths.root, made.clock) as (app, pilot):
        await press(app, pilot, "m")
        await until(pilot, lambda: "Note at step 40" in text_of(app))
        # keys of the bench are letters here
        await press(app, pilot, *"qsX", "enter")
        await until(pilot, lambda: asked(made))
        assert [(one["command"], one["args"]) for one in asked(made)] == [("note", {"text": "qsX"})]
        await press(app, pilot, "m", "enter")
        await press(app, pilot, "m", "a", "escape")
        assert isinstance(app.screen, RunScreen) and len(asked(made)) == 1


@pytest.mark.parametrize(
    ("key", "command", "told", "words"),
    [
        ("E", "evaluate", {"metrics": {"val_loss": 0.5}}, "evaluated at step 40: val loss 0.5"),
        ("C", "checkpoint", {"bytes": 352_000}, "checkpoint at step 40 (352 kB) is on disk"),
        ("P", "picture", {"names": ["filters"]}, "pictures taken at step 40: filters"),
    ],
)
async def test_keys_that_ask_at_once(
    runs: Path, record: Record, key: str, command: str, told: Mapping[str, Any], words: str
) -> None:
    made = record().start().train(40)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await press(app, pilot, key)
        await until(pilot, lambda: asked(made))
        assert [one["command"] for one in asked(made)] == [command]
        answer(made, **told)
        await until(pilot, lambda: words in text_of(app))


async def test_the_end_without_an_answer_is_said(runs: Path, record: Record) -> None:
    made = record().start().train(40)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await press(app, pilot, "E")
        await until(pilot, lambda: asked(made))
        made.end("stopped")
        await until(pilot, lambda: "evaluate: the run ended without an answer" in text_of(app))


async def test_what_was_asked_stands_in_the_log_with_who_asked(runs: Path, record: Record) -> None:
    made = record().start().train(40)
    made.journal.write("note", 30, text="lower it", by="python", who="ada@box")
    made.journal.write("command", 30, id="n", command="note", args={"text": "lower it"},
                       by="python", who="ada@box", accepted=True)  # fmt: skip
    made.journal.write("command", 35, id="s", command="set", args={"optim.lr": 0.5}, by="bench",
                       who="eve@box", accepted=True)  # fmt: skip
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await press(app, pilot, "8", "enter")
        await until(pilot, lambda: "set lr=0.5 by eve@box (bench)" in text_of(app))
        text = text_of(app)
        assert "note by ada@box (python): lower it" in text and text.count("lower it") == 1
