"""One list of keys: what it says is what the screens do, what help shows, what the README shows."""

from __future__ import annotations

from collections import Counter

import pytest
from rich.cells import cell_len

from tuiwb.tui import actions
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.compare import CompareScreen
from tuiwb.tui.screens.help import help_rows
from tuiwb.tui.screens.layer import LayerScreen
from tuiwb.tui.screens.layers import LayersScreen
from tuiwb.tui.screens.lesson import LessonScreen
from tuiwb.tui.screens.machine import MachineScreen
from tuiwb.tui.screens.presets import PresetsScreen
from tuiwb.tui.screens.run import RunScreen
from tuiwb.tui.screens.setup import SetupScreen
from tuiwb.tui.screens.sweep import SweepScreen

SCREENS = {
    "presets": PresetsScreen,
    "setup": SetupScreen,
    "lesson": LessonScreen,
    "sweep": SweepScreen,
    "run": RunScreen,
    "layers": LayersScreen,
    "layer": LayerScreen,
    "machine": MachineScreen,
    "compare": CompareScreen,
    "anywhere": Workbench,
}


@pytest.mark.parametrize("action", actions.ACTIONS, ids=lambda action: action.id)
def test_every_action_is_a_method_of_its_screen(action: actions.Action) -> None:
    assert callable(getattr(SCREENS[action.context], f"action_{action.name}"))


@pytest.mark.parametrize("context", actions.CONTEXTS)
def test_no_key_does_two_things(context: actions.Context) -> None:
    both = (*actions.of(context), *actions.of("anywhere")) if context != "anywhere" else ()
    keys = Counter(key for action in both for key in action.keys)
    assert [key for key, count in keys.items() if count > 1] == []


def test_keys_that_terminals_and_multiplexers_take_are_left_alone() -> None:
    taken = {f"ctrl+{key}" for key in "abhijmsq"}
    used = {key for action in actions.ACTIONS for key in action.keys}
    assert not used & taken
    assert not any(key.startswith("alt+") for key in used)


def test_ids_are_unique() -> None:
    ids = [action.id for action in actions.ACTIONS]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("context", [c for c in actions.CONTEXTS if c != "anywhere"])
def test_help_holds_the_key_table_with_its_own_context_first(context: actions.Context) -> None:
    rows = help_rows(context)
    listed = [row.key for row in rows if row.key is not None]
    assert sorted(map(str, listed)) == sorted(action.id for action in actions.ACTIONS)
    assert str(listed[0]).startswith(context)
    text = "\n".join("".join(piece for piece, _ in row.line) for row in rows)
    table = actions.key_table()
    for action in actions.ACTIONS:
        assert action.help in text
        assert f"| {action.help} |" in table


def test_words_fit_where_they_stand() -> None:
    for action in actions.ACTIONS:
        assert cell_len(actions.keys_of(action)) <= 12, action
        assert len(action.help) <= 64, action
        assert action.help[-1] not in ".!", action


def test_vi_and_arrows_both_move() -> None:
    charts = ("run", "compare", "layers", "layer", "machine")
    for context in ("presets", "setup", "lesson", "sweep", *charts):
        keys = {key: a.name for a in actions.of(context) for key in a.keys}  # type: ignore[arg-type]
        assert keys["j"] == keys["down"] and keys["k"] == keys["up"]
