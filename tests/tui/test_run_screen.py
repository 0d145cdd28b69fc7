"""The bench on recorded runs: what it says, what it paints again, how it is left."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tui.driving import SIZES, settled, text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.spec import Resolved
from tuiwb.tui import actions
from tuiwb.tui.app import Workbench
from tuiwb.tui.bench import Bench
from tuiwb.tui.scene import Frame, Sight
from tuiwb.tui.screens.ask import Ask
from tuiwb.tui.screens.run import PANES, RunScreen

Record = Callable[..., Recorder]


def bench(app: Workbench) -> RunScreen:
    screen = app.screen
    assert isinstance(screen, RunScreen)
    return screen


@pytest.mark.parametrize("size", SIZES)
async def test_a_live_run_shows_its_numbers_at_every_size(
    runs: Path, record: Record, size: tuple[int, int]
) -> None:
    made = record().start().train(100)
    async with workbench(runs, size, made.paths.root, made.clock) as (app, _):
        text = text_of(app)
        for words in ("cnn-digits-0001", "▶ training", "100/630", "epoch", "loss"):
            assert words in text, words
        painted = [name for name, pane in bench(app).charts.items() if pane.canvas is not None]
        assert len(painted) == {120: 7, 200: 7, 80: 1, 50: 0}[size[0]]


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (59, 40), (300, 16)])
async def test_odd_sizes_are_never_refused(
    runs: Path, record: Record, size: tuple[int, int]
) -> None:
    made = record().start().train(30)
    async with workbench(runs, size, made.paths.root, made.clock) as (app, pilot):
        for key in "123456789cyxpD":
            await pilot.press(key)
        assert "training" in text_of(app) or size == (1, 1)


async def test_all_panes_can_be_reached_on_a_small_terminal(runs: Path, record: Record) -> None:
    made = record().start().train(100).find()
    async with workbench(runs, (80, 24), made.paths.root, made.clock) as (app, pilot):
        words = (
            "train", "gradient norm", "val accuracy", "learning rate", "gradients by layer",
            "activations by layer", "dead-units", "model of 7 layers", "no picture yet",
        )  # fmt: skip
        for number, (name, word) in enumerate(zip(PANES, words, strict=True), 1):
            await pilot.press(str(number))
            await until(pilot, lambda word=word: word in text_of(app))
            assert bench(app).here == name
            shown = [pane for pane in PANES if app.screen.query_one(f"#{pane}").display]
            assert shown == [name]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "words"),
    [
        (lambda r: r, "▶ training"),
        (lambda r: r.end("finished"), "✓ finished at step 90"),
        (lambda r: r.end("stopped", reason="by tui"), "■ stopped at step 90: by tui"),
        (lambda r: r.end("diverged", reason="loss is nan"), "✗ diverged at step 90: loss is nan"),
        (lambda r: r.end("failed", reason="disk full"), "✗ failed at step 90: disk full"),
        (lambda r: r.crash("Killed"), "✗ crashed at step 90, last words: Killed"),
    ],
)
async def test_the_state_is_always_words(
    runs: Path, record: Record, end: Callable[[Recorder], Recorder], words: str
) -> None:
    made = end(record().start().train(90))
    async with workbench(runs, (160, 50), made.paths.root, made.clock) as (app, _):
        assert words in text_of(app)


async def test_before_the_first_step_every_pane_says_what_will_come(
    runs: Path, record: Record
) -> None:
    made = record()
    made.journal.write("state", state="starting", doing="loading data")
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, _):
        text = text_of(app)
        assert "starting: loading data" in text
        assert text.count("comes with the first step") == 5
        assert "first evaluation at step 42" in text
        assert "nothing to judge yet" in text


async def test_a_failure_is_told_with_its_remedy(runs: Path, record: Record) -> None:
    made = record().start().train(5)
    made.journal.write("error", what="no such device", where="train.device", found="cuda",
                       next="tuiwb info lists the devices", exit_code=2)  # fmt: skip
    made.end("failed")
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, _):
        text = text_of(app)
        assert "failed at step 5: no such device" in text
        assert "tuiwb info lists the devices" in text


async def test_one_more_row_repaints_a_few_cells(runs: Path, record: Record) -> None:
    made = record().start().train(210)
    async with workbench(runs, (160, 50), made.paths.root, made.clock) as (app, pilot):
        screen = bench(app)
        before = screen.frames
        made.train(1, evaluate=False)
        screen.wake()
        await until(pilot, lambda: screen.frames > before and screen.frame.view.status.step == 211)
        panes = [*screen.charts.values(), screen.head]
        cells = sum(x1 - x0 for pane in panes for _, x0, x1 in pane.spans)
        assert 0 < cells < 160  # of 8 000
        assert screen.log_pane.spans == [] and screen.doctor.spans == []


async def test_a_finished_run_is_never_painted_again(runs: Path, record: Record) -> None:
    made = record().start().train(60).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = bench(app)
        before = screen.frames
        displays = 0
        original = app._display

        def display(*args: object) -> None:
            nonlocal displays
            displays += args[1] is not None
            original(*args)  # type: ignore[arg-type]

        app._display = display  # type: ignore[method-assign,assignment]
        await pilot.pause(1.0)
        assert screen.frames == before
        assert displays == 0


async def test_two_clients_agree(runs: Path, record: Record) -> None:
    made = record().start().train(150)
    texts = []
    for _ in range(2):
        async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, _pilot):
            texts.append(text_of(app))
    assert texts[0] == texts[1]


async def test_hidden_charts_are_not_painted(runs: Path, record: Record) -> None:
    made = record().start().train(50)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = bench(app)
        await pilot.press("2", "enter")
        await until(pilot, lambda: settled(screen) and list(screen.panes()) == ["gradient"])
        assert list(screen.frame.canvases) == ["gradient"]  # type: ignore[union-attr]
        await pilot.press("escape")
        await until(pilot, lambda: settled(screen) and len(screen.panes()) == 7)


async def test_the_cursor_reads_the_same_step_on_all_charts(runs: Path, record: Record) -> None:
    made = record().start().train(300).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = bench(app)
        await pilot.press("c", "left", "left")
        await until(pilot, lambda: settled(screen) and text_of(app).count("at step 2") >= 4)
        assert screen.sight.cursor is not None and screen.sight.cursor < 300
        await pilot.press("escape")
        assert screen.sight.cursor is None and isinstance(app.screen, RunScreen)


@pytest.mark.slow
async def test_zoom_pan_fit_and_newest(runs: Path, record: Record) -> None:
    made = record().start().train(400).end("stopped")
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = bench(app)

        async def seen(key: str) -> tuple[float, float]:
            before = screen.frame
            await pilot.press(key)
            await until(pilot, lambda: screen.frame is not before and settled(screen))
            assert screen.frame is not None
            return screen.frame.x_range

        whole = screen.frame.x_range  # type: ignore[union-attr]
        low, high = await seen("plus")
        assert high - low == pytest.approx((whole[1] - whole[0]) / 2)
        left = await seen("left_square_bracket")
        assert left[1] < high and left[1] - left[0] == pytest.approx(high - low)
        assert await seen("0") == whole
        newest = await seen("F")
        assert newest[1] >= 400 and newest[1] - newest[0] < 400
        for _ in range(12):
            await pilot.press("plus")
        await until(pilot, lambda: settled(screen))
        assert (screen.sight.span or 0) >= 8
        for _ in range(12):
            await pilot.press("minus")
        assert screen.sight.span is None


async def test_scales_axis_and_smoothing_change_what_is_painted(runs: Path, record: Record) -> None:
    made = record().start().train(200).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = bench(app)
        for key in ("Y", "y", "x", "S"):
            before = {n: c.text() for n, c in screen.frame.canvases.items()}  # type: ignore[union-attr]
            last = screen.frame
            await pilot.press(key)
            await until(pilot, lambda last=last: screen.frame is not last and settled(screen))
            after = {n: c.text() for n, c in screen.frame.canvases.items()}  # type: ignore[union-attr]
            assert before["loss"] != after["loss"], key
        assert screen.sight.axis == "time"


@pytest.mark.slow
async def test_every_key_works_on_every_state(runs: Path, record: Record) -> None:
    made = record().start().train(40)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen, opened = bench(app), set()
        for action in actions.of("run"):
            if action.name in ("back", "detach", "regenerate"):
                continue
            for key in action.keys:
                await pilot.press(key)
                if app.screen is not screen or app.focused is not None:
                    opened.add(action.name)
                    await pilot.press("escape")  # out of a window, a field, another screen
                    await until(pilot, lambda: app.screen is screen and app.focused is None)
        assert app.screen is screen
        assert opened >= {"layers", "machine", "metrics", "filter", "export", "stop", "set", "note"}


async def test_stop_asks_and_posts_a_command(runs: Path, record: Record) -> None:
    made = record().start().train(40)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("X")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert "Stop cnn-digits-0001?" in text_of(app)
        await pilot.press("escape")
        assert list(made.paths.inbox.glob("*.json")) == []
        await pilot.press("X", "enter")
        await until(pilot, lambda: list(made.paths.inbox.glob("*.json")))
        posted = next(iter(made.paths.inbox.glob("*.json"))).read_text()
        assert '"stop"' in posted and '"bench"' in posted


async def test_detach_from_attach_leaves_and_says_how_to_come_back(
    runs: Path, record: Record
) -> None:
    made = record().start().train(40)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
    assert app.goodbye.startswith("detached from cnn-digits-0001: training goes on.")
    assert "tuiwb attach cnn-digits-0001" in app.goodbye


async def test_a_run_with_holes_in_it_still_opens(runs: Path, record: Record) -> None:
    made = record().start().train(40).end()
    made.paths.spec.unlink()
    made.paths.journal.unlink()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, _):
        text = text_of(app)
        assert "spec.toml: missing" in text and "journal.jsonl: missing" in text


async def test_what_is_not_finite_is_counted_on_the_chart(runs: Path, record: Record) -> None:
    made = record().start().train(40)
    table = made.tables["steps"]
    made.clock.advance(1)
    row = (41, made.clock.now(), np.nan, 0.002, np.inf, 0, 1, 3000.0, 0.0)
    table.append(np.array([row], table.dtype))
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, _):
        assert "\u00d7" in text_of(app)


@pytest.mark.slow
async def test_the_mouse_does_what_the_keys_do(runs: Path, record: Record) -> None:
    made = record().start().train(300).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = bench(app)
        await pilot.click("#gradient", offset=(20, 5))
        await until(pilot, lambda: screen.here == "gradient")
        await pilot.pause(0.6)  # not a double click
        await pilot.click("#gradient", offset=(20, 5))
        await until(pilot, lambda: screen.sight.cursor is not None)
        assert 0 < (screen.sight.cursor or 0) < 300
        pane = screen.charts["gradient"]
        pane.post_message(pane.Pointed(pane, "zoom", 20, 1))
        await until(pilot, lambda: screen.sight.span is not None)
        before = screen.sight.end
        pane.post_message(pane.Pointed(pane, "drag", 20, -4))
        await until(pilot, lambda: screen.sight.end != before)


@pytest.mark.slow
async def test_the_palette_finds_actions_by_name(runs: Path, record: Record) -> None:
    made = record().start().train(30).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("ctrl+p", *"step/time/epoch")
        await until(pilot, lambda: "Steps, seconds or epochs along the x axis" in text_of(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: bench(app).sight.axis == "time")


async def test_space_pauses_and_resumes_and_a_dot_takes_one_step(
    runs: Path, record: Record
) -> None:
    made = record().start().train(40)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):

        def asked() -> list[str]:
            files = sorted(made.paths.inbox.glob("[0-9]*.json"))
            return [json.loads(file.read_text())["command"] for file in files]

        assert "space pause" in text_of(app) and ". step" not in text_of(app)
        await pilot.press("full_stop")
        assert "space pauses it" in text_of(app) and asked() == []
        await pilot.press("space")
        await until(pilot, lambda: asked() == ["pause"])
        made.journal.write("state", step=40, state="paused")
        await until(pilot, lambda: "‖ paused at step 40" in text_of(app))
        bench(app).keybar.notice("")
        assert "space resume" in text_of(app) and ". step" in text_of(app)
        await pilot.press("full_stop")
        await until(pilot, lambda: asked() == ["pause", "step"])
        await pilot.press("space")
        await until(pilot, lambda: asked() == ["pause", "step", "resume"])


async def test_a_run_that_is_over_takes_no_commands(runs: Path, record: Record) -> None:
    made = record().start().train(40).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        for key in ("space", "full_stop", "X"):
            bench(app).keybar.notice("")
            await pilot.press(key)
            assert "ended already" in text_of(app), key
        assert list(made.paths.inbox.glob("*.json")) == []
        assert "space" not in text_of(app).splitlines()[-1]


async def test_n_starts_a_run_on_newly_drawn_data(
    runs: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = record().start().train(40)
    other = record("cnn-digits-0002")
    started: list[Resolved] = []

    def launch(resolved: Resolved, *rest: object, **more: object) -> Path:
        started.append(resolved)
        return other.paths.root

    monkeypatch.setattr("tuiwb.client.launch.launch", launch)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("n")
        await until(pilot, lambda: bench(app).path.name == "cnn-digits-0002")
        (resolved,) = started
        assert resolved.changed() == {"data.split_seed": 1}
        assert resolved.command() == "tuiwb run cnn-digits -s data.split_seed=1"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_bench_is_laid_out_once_when_it_is_opened(
    runs: Path, record: Record, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[tuple[str, int, int]] = set()
    beat = Bench.beat

    def watched(self: Bench, sight: Sight, panes: Any, budget: float | None = 0.05) -> Frame:
        seen.update((name, *size) for name, size in panes.items())
        return beat(self, sight, panes, budget)

    monkeypatch.setattr(Bench, "beat", watched)
    made = record().start().train(20)
    async with workbench(runs, size, made.paths.root, made.clock):
        names = [name for name, *_ in seen]
        assert names and len(names) == len(set(names)), "each chart in one size"
