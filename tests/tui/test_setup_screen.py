"""Set-up: fields, errors beneath them, layers beside them, the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tui.driving import SIZES, FakeStandby, text_of, until, workbench
from tuiwb.base.errors import UserError
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens import setup as setup_screen
from tuiwb.tui.screens.presets import PresetsScreen
from tuiwb.tui.screens.setup import SetupScreen


async def opened(app: Workbench, pilot: Any) -> SetupScreen:
    app.show_setup("cnn-digits")
    await until(pilot, lambda: isinstance(app.screen, SetupScreen))
    assert isinstance(app.screen, SetupScreen)
    return app.screen


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_every_knob_can_be_reached_and_is_explained(
    runs: Path, size: tuple[int, int]
) -> None:
    async with workbench(runs, size) as (app, pilot):
        screen = await opened(app, pilot)
        for knob in screen.form.knobs():
            screen.fields.move_to(knob.key)
            await pilot.pause()
            text = text_of(app)
            assert f"{knob.info.name} " in text
            if size[1] >= 16:
                assert knob.key in text


async def test_typing_a_value_changes_it_marks_it_and_says_the_difference(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        screen = await opened(app, pilot)
        screen.fields.move_to("optim.lr")
        await pilot.press("0", ".", "0", "1", "enter")
        text = text_of(app)
        assert "● was 0.002" in text
        assert "optim.lr 0.002 → 0.01" in text
        assert "tuiwb run cnn-digits -s optim.lr=0.01" in text
        assert "1 changed" in text
        await pilot.press("u")
        assert "as the preset" in text_of(app)


async def test_an_error_stands_beneath_its_field_and_training_waits_for_it(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        screen = await opened(app, pilot)
        screen.fields.move_to("optim.lr")
        await pilot.press("enter", "ctrl+u", "-", "1", "enter")
        lines = text_of(app).splitlines()
        field = next(i for i, line in enumerate(lines) if " lr " in line)
        assert "✗ optim.lr is out of range" in lines[field + 1]
        screen.fields.move_to("task.name")
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert screen.fields.key == "optim.lr"
        assert "put the marked knobs right first" in text_of(app)
        assert not runs.exists()


async def test_letters_are_text_while_typing_and_escape_leaves_it(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        screen = await opened(app, pilot)
        screen.fields.move_to("train.device")
        await pilot.press("enter", "ctrl+u", *"cq?uj")
        assert screen.fields.typing == "cq?uj"
        await pilot.press("escape")
        assert app.screen is screen
        assert screen.form.resolved.spec.train.device == "auto"


async def test_choices_turn_with_left_and_right(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        screen = await opened(app, pilot)
        screen.fields.move_to("optim.name")
        before = screen.form.resolved.spec.optim.name
        await pilot.press("right")
        assert screen.form.resolved.spec.optim.name != before
        await pilot.press("left")
        assert screen.form.resolved.spec.optim.name == before
        assert screen.form.difference() == []


async def test_layers_stand_beside_the_knobs_and_follow_them(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standby = FakeStandby()
    async with workbench(runs, standby=standby) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: "20 778 parameters" in text_of(app))
        text = text_of(app)
        assert "block1.conv" in text and "32\u00d78\u00d78" in text and "6.92 MB memory" in text
        asked = standby.asked
        screen.fields.move_to("model.width")
        monkeypatch.setattr(setup_screen, "DEBOUNCE", 2.0)  # longer than two keys ever take
        await pilot.press("right", "right")
        await until(pilot, lambda: standby.asked > asked)
        assert standby.asked == asked + 1  # two changes, one question


async def test_while_torch_loads_the_pane_says_so(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        await opened(app, pilot)
        assert "torch is loading in the background" in text_of(app)


async def test_a_shape_that_cannot_work_is_told_at_its_knob(runs: Path) -> None:
    error = UserError("the kernel is larger than its image", where="model.kernel", allowed="<= 8")
    async with workbench(runs, standby=FakeStandby(error=error)) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: screen.form.errors)
        screen.fields.move_to("model.kernel")
        await pilot.pause()
        lines = text_of(app).splitlines()
        field = next(i for i, line in enumerate(lines) if line.startswith("│▌ kernel "))
        assert "✗ the kernel is larger than its image" in lines[field + 1]


async def test_copy_puts_the_exact_command_on_the_clipboard(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        screen = await opened(app, pilot)
        screen.fields.move_to("train.seed")
        await pilot.press("right", "c")
        assert app.clipboard == "tuiwb run cnn-digits -s train.seed=1"


@pytest.mark.slow
async def test_training_starts_with_what_is_on_the_screen(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []

    def launch(resolved: Any, folder: Path, **more: Any) -> Path:
        calls.append((resolved.command(), folder, more["argv"]))
        raise UserError("cannot create a run: no space left", where=str(folder))

    monkeypatch.setattr("tuiwb.client.launch.launch", launch)
    async with workbench(runs) as (app, pilot):
        screen = await opened(app, pilot)
        screen.fields.move_to("train.seed")
        await pilot.press("5", "ctrl+r")  # ctrl+r takes what is being typed with it
        await until(pilot, lambda: "no space left" in text_of(app))
        command = "tuiwb run cnn-digits -s train.seed=5"
        assert calls == [(command, runs, command.split())]
        await pilot.press("escape")
        assert app.screen is screen


async def test_n_trains_on_the_next_seed_of_the_data(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def launch(resolved: Any, folder: Path, **more: Any) -> Path:
        calls.append(resolved.command())
        raise UserError("cannot create a run: no space left", where=str(folder))

    monkeypatch.setattr("tuiwb.client.launch.launch", launch)
    async with workbench(runs) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press("n")
        await until(pilot, lambda: "no space left" in text_of(app))
        await pilot.press("escape", "n")
        await until(pilot, lambda: "no space left" in text_of(app))
        assert calls == [f"tuiwb run cnn-digits -s data.split_seed={seed}" for seed in (1, 2)]
        assert app.screen is not screen and screen.form.resolved.get("data.split_seed") == 2


async def test_a_broken_preset_says_what_is_wrong(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        app.show_setup("no-such-preset")
        await until(pilot, lambda: "unknown preset 'no-such-preset'" in text_of(app))
        await pilot.press("escape")
        assert isinstance(app.screen, PresetsScreen)
