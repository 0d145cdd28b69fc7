"""The tour: what it says, what it notices, and that it is left as easily as it is begun."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tui.driving import SIZES, FakeStandby, text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.tui import actions
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.presets import PresetsScreen
from tuiwb.tui.screens.setup import SetupScreen
from tuiwb.tui.tour import CHANGE, PRESET, STEPS, Seen, Tour
from tuiwb.tui.touring import Strip
from tuiwb.tui.welcome import invitation

Record = Callable[..., Recorder]
PLACES = ("presets", "setup", "run", "lesson", "compare", "elsewhere")


def test_every_key_in_its_words_is_one_that_there_is() -> None:
    ids = {action.id for action in actions.ACTIONS}
    for step in STEPS:
        named = re.findall(r"{([\w.]+)}", step.words + step.ended)
        assert named and set(named) <= ids, step.name
    for at in range(len(Tour().steps) + 1):
        for place in PLACES:
            for ended in (False, True):
                words = Tour(at=at).words(Seen(place, ended=ended))
                assert words and "{" not in words


def test_a_person_s_own_keys_stand_in_its_words() -> None:
    from dataclasses import replace

    own = [
        replace(one, keys=("f5",)) if one.id == "setup.train" else one for one in actions.ACTIONS
    ]
    assert "«f5»" in Tour(own, at=1).words(Seen("setup"))


@pytest.mark.parametrize(
    ("seen", "at"),
    [
        (Seen("presets"), 0),
        (Seen("lesson"), 0),
        (Seen("setup"), 1),
        (Seen("run"), 2),
        (Seen("run", cursor=True), 3),
        (Seen("run", turned=True), 4),
        (Seen("run", child=True), 5),
        (Seen("compare"), 6),
    ],
)
def test_who_is_ahead_is_not_held_up(seen: Seen, at: int) -> None:
    tour = Tour()
    assert tour.look(seen) == (at > 0) and tour.at == at
    assert tour.over == (at == len(tour.steps)) and not tour.look(Seen("presets"))
    assert tour.at == at, "what was done stays done"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_its_words_fit_at_every_step(width: int) -> None:
    for at in range(len(STEPS) + 1):
        for place in PLACES:
            lines = Tour(at=at).lines(Seen(place), width, 99)
            assert all(sum(len(text) for text, _ in line) <= width for line in lines)
            assert len(lines) <= 2 + 260 // (width - 10), "a few lines, no page"


def test_the_empty_list_of_runs_invites() -> None:
    text = "\n".join("".join(t for t, _ in row.line) for row in invitation(44, Path("/x/runs")))
    for key in ("enter", "ctrl+r", "T", "?"):
        assert re.search(rf"^ *{re.escape(key)}  \w", text, re.MULTILINE), key
    assert "/x/runs" in text and all(len(line) <= 44 for line in text.splitlines())
    assert not any(row.key for row in invitation(44, Path("/x/runs")))


def strips(app: Workbench) -> int:
    return sum(len(screen.query(Strip)) for screen in app.screen_stack)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_it_leads_from_the_first_screen_and_is_left_there(
    runs: Path, size: tuple[int, int]
) -> None:
    async with workbench(runs, size, standby=FakeStandby()) as (app, pilot):
        first = app.screen
        assert isinstance(first, PresetsScreen)
        await pilot.press("T")
        await until(pilot, lambda: "tour 1 of" in text_of(app) and "T leaves it" in text_of(app))
        assert first.gallery.key == PRESET
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen) and "tour 2" in text_of(app))
        screen = app.screen
        assert isinstance(screen, SetupScreen)
        assert screen.form.resolved.get("train.steps") == CHANGE["train.steps"]
        assert screen.head.lines(80, 1)[0][-1][0].startswith("1 changed"), "it is seen"
        await pilot.press("T")
        await until(pilot, lambda: not strips(app) and "tour" not in text_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is first and not strips(app))


async def test_it_is_in_the_palette_of_every_screen(runs: Path, record: Record) -> None:
    made = record().start().train(20)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, _):
        named = {command.title: command.callback for command in app.get_system_commands(app.screen)}
        named["tour (T f2)"]()
        assert app.tour is not None


async def test_on_the_bench_it_notices_what_was_done(runs: Path, record: Record) -> None:
    made = record().start().train(100)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("T")
        await until(pilot, lambda: "tour 3 of" in text_of(app))
        await pilot.press("c")
        await until(pilot, lambda: "tour 4 of" in text_of(app))
        made.set({"optim.lr": 0.02}, by="bench")
        await until(pilot, lambda: "tour 5 of" in text_of(app))


async def test_where_the_run_is_over_it_says_how_to_have_another(
    runs: Path, record: Record
) -> None:
    made = record().start().train(100).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("T", "c")
        await until(pilot, lambda: "tour 4 of" in text_of(app))
        assert "This run is over" in text_of(app) and " n trains it anew" in text_of(app)
