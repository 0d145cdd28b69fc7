"""The first screen: gallery, story and runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tui.driving import SIZES, text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.spec import Resolved, presets
from tuiwb.spec.lessons import lessons
from tuiwb.tui import palette
from tuiwb.tui.screens.presets import PresetsScreen
from tuiwb.tui.screens.run import RunScreen
from tuiwb.tui.screens.setup import SetupScreen


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_every_preset_is_in_the_gallery(runs: Path, size: tuple[int, int]) -> None:
    async with workbench(runs, size) as (app, pilot):
        seen = text_of(app)
        for _ in presets():
            if any(preset.name not in seen for preset in presets()):
                await pilot.press("down", "down", "down")
                seen += text_of(app)
        assert all(preset.name in seen for preset in presets())


async def test_the_story_says_what_to_expect_and_beside_what(runs: Path) -> None:
    preset = next(p for p in presets() if p.name == "cnn-digits")
    assert preset.expect is not None
    async with workbench(runs) as (app, pilot):
        await pilot.press("slash", *"cnn-digits", "enter")
        await pilot.pause()
        text = text_of(app)
        assert f"val accuracy ≥ {preset.expect.at_least} after {preset.expect.steps} steps" in text
        for words in (preset.title, preset.paper, preset.expect.baseline, preset.look_at):
            assert words[:30] in text


async def test_a_preset_for_a_gpu_says_so_and_expects_nothing_but_its_pace(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        await pilot.press("slash", *"gpt2-124m", "enter")
        await pilot.pause()
        text = text_of(app)
        assert "for a GPU" in text
        assert "nothing but its pace" in text


async def test_an_empty_runs_folder_says_how_to_begin(runs: Path) -> None:
    async with workbench(runs) as (app, _):
        text = text_of(app)
        assert "Nothing has been trained here yet." in text
        for words in ("enter  opens", "ctrl+r  trains", "T  a tour", "?  all keys"):
            assert words in text, words


async def test_runs_stand_live_first_with_their_state_in_words(
    runs: Path, record: Callable[..., Recorder]
) -> None:
    record("older").start().train(8)
    record("ended", began=1_750_000_300.0).start().train(10).end()
    record("broken", began=1_750_000_400.0).start().train(10).crash()
    async with workbench(runs) as (app, pilot):
        await until(pilot, lambda: "/630" in text_of(app))
        lines = [line for line in text_of(app).splitlines() if "/630" in line]
        assert [
            name for line in lines for name in ("older", "ended", "broken") if name in line
        ] == [
            "older",
            "broken",
            "ended",
        ]
        assert "▶ older" in lines[0] and "training" in lines[0]
        assert "✗ broken" in lines[1] and "crashed" in lines[1]
        assert "✓ ended" in lines[2] and "finished" in lines[2]


async def test_filter_shows_what_holds_the_words_and_letters_are_inert_in_it(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        await pilot.press("slash", *"gru q")
        assert isinstance(app.screen, PresetsScreen)
        assert app.screen.words.value == "gru q"
        await pilot.press("backspace", "backspace")
        found = app.screen.gallery.stops()
        assert "char-rnn" in found and len(found) < len(presets()) / 2
        await pilot.press("enter", "escape")
        everything = len(presets()) + len(list(lessons()))
        await until(pilot, lambda: len(app.screen.gallery.stops()) == everything)


async def test_a_filter_that_nothing_holds_says_so(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        await pilot.press("slash", *"zzz")
        await pilot.pause()
        assert "no preset or lesson holds these words" in text_of(app)


@pytest.mark.slow
async def test_enter_opens_the_set_up_and_escape_comes_back(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, PresetsScreen))


async def test_enter_on_a_run_attaches_and_q_comes_back_saying_that_it_goes_on(
    runs: Path, record: Callable[..., Recorder]
) -> None:
    record("live").start().train(20)
    async with workbench(runs) as (app, pilot):
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen) and app.screen.frame)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, PresetsScreen))
        assert "detached from live: training goes on" in text_of(app)


async def test_vanished_run_is_a_message_not_an_end(
    runs: Path, record: Callable[..., Recorder]
) -> None:
    made = record("gone").start().train(5).end()
    async with workbench(runs) as (app, pilot):
        made.paths.root.rename(runs / ".gone")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "there is no run gone" in text_of(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PresetsScreen))


async def test_help_opens_over_any_screen(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: "Set up a preset, take a lesson, watch a run" in text_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, PresetsScreen))


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (9, 40)])
async def test_no_terminal_is_too_small(runs: Path, size: tuple[int, int]) -> None:
    async with workbench(runs, size) as (app, pilot):
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        await pilot.press("j", "right", "escape", "question_mark", "escape")


async def test_ascii_terminals_get_ascii_alone(runs: Path, record: Callable[..., Recorder]) -> None:
    record("ended").start().train(10).end()
    async with workbench(runs, glyphs="ascii") as (app, pilot):
        assert text_of(app).isascii()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        assert text_of(app).isascii()


async def test_the_bright_bar_stands_in_the_pane_that_has_the_keys(
    runs: Path, record: Callable[..., Recorder]
) -> None:
    record("one").start().train(4).end()
    async with workbench(runs) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, PresetsScreen)

        def bars() -> list[bool]:
            return [
                any(
                    style.bgcolor == palette.CHOSEN.bgcolor
                    for line in pane._shown
                    for _, style in line
                )
                for pane in (screen.gallery, screen.runs_list)
            ]

        assert bars() == [True, False]
        await pilot.press("tab")
        await pilot.pause()
        assert bars() == [False, True]


async def test_one_key_trains_the_chosen_preset_as_it_is(
    runs: Path, record: Callable[..., Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def launch(resolved: Resolved, *_: object, **__: object) -> Path:
        begun.append(resolved.command())
        return record("cnn-digits-0001").start().paths.root

    monkeypatch.setattr("tuiwb.client.launch.launch", launch)
    async with workbench(runs) as (app, pilot):
        await pilot.press("slash", *"cnn-digits", "enter", "ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        assert begun == ["tuiwb run cnn-digits"]
        await pilot.press("q")
        await pilot.pause()
        assert isinstance(app.screen, PresetsScreen), "and back, not into its knobs"
