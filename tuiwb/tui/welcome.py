"""What stands where runs will be while there are none: what to press, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tuiwb.tui import actions, palette
from tuiwb.tui.palette import DIM, FAINT, PLAIN
from tuiwb.tui.widgets.lines import wrap
from tuiwb.tui.widgets.rows import Row

_KEYS = (
    ("presets.open", "opens the preset under the cursor, to turn its knobs"),
    ("presets.train", "trains it as it is, in a process of its own"),
    ("anywhere.tour", "a tour: two minutes, from a first run to a better one"),
    ("anywhere.help", "all keys of whichever screen you are on"),
)
_NONE = "Nothing has been trained here yet."
_WILL = "Your runs will stand here, live ones first: how far each is, and its loss."


def invitation(
    width: int, runs_dir: Path, among: Sequence[actions.Action] = actions.ACTIONS
) -> list[Row]:
    """Rows for the pane of runs; none that the cursor could stand on."""
    keys = {one.id: actions.key_name(one.keys[0]) for one in among if one.keys}
    rows = [Row([]), *(Row([(t, palette.STRONG)]) for t in wrap(_NONE, width - 2)), Row([])]
    for name, words in _KEYS:
        first, *rest = wrap(words, width - 12)
        rows.append(Row([(f"{keys.get(name, '-'):>8}  ", palette.BLUE_STRONG), (first, PLAIN)]))
        rows += [Row([(" " * 10 + more, PLAIN)]) for more in rest]
    rows += [Row([]), *(Row([(line, DIM)]) for line in wrap(_WILL, width - 2))]
    return [*rows, Row([]), *(Row([(part, FAINT)]) for part in wrap(_short(runs_dir), width - 2))]


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
