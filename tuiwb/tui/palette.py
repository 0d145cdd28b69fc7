"""Colours, glyphs and the words of each state, in one place.

Calm by default: text, a quiet grey, one accent. Alarm colours are for what needs a person.
Every colour is backed by a glyph or a word, so nothing is lost with NO_COLOR.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len
from rich.style import Style

INK = "#101418"
RAISED = "#1b2229"
LINE = "#36424e"
TEXT = "#d3dae1"
QUIET = "#8a97a4"
ACCENT = "#56b4e9"
GOOD = "#3fbf8f"
WARM = "#e6a52e"
ALARM = "#ef6f4a"
SPECIAL = "#cc79a7"

PLAIN = Style.null()
STRONG = Style(color="#f2f5f8", bold=True)
TITLE = Style(bold=True)
DIM = Style(color=QUIET)
FAINT = Style(color="#5c6873")
BLUE = Style(color=ACCENT)
BLUE_STRONG = Style(color=ACCENT, bold=True)
GREEN = Style(color=GOOD)
AMBER = Style(color=WARM)
RED = Style(color=ALARM)
RED_STRONG = Style(color=ALARM, bold=True)
PURPLE = Style(color=SPECIAL)
RULE = Style(color=LINE)
CHOSEN = Style(bgcolor="#24313d")
CHOSEN_QUIET = Style(bgcolor=RAISED)
FIELD_CURSOR = Style(color="#101418", bgcolor="#d3dae1")
TAB = Style(color="#f2f5f8", bgcolor="#24313d", bold=True)
FIELD = Style(color="#f2f5f8", bgcolor="#2d4152")


@dataclass(frozen=True)
class State:
    """How a run's state looks: a glyph, the same in ASCII, and its colour."""

    glyph: str
    ascii: str
    style: Style
    live: bool


STATES = {
    "queued": State("◌", "o", DIM, True),
    "starting": State("◌", "o", AMBER, True),
    "training": State("▶", ">", GREEN, True),
    "paused": State("‖", "=", AMBER, True),
    "finished": State("✓", "+", BLUE, False),
    "stopped": State("■", "#", DIM, False),
    "diverged": State("✗", "x", RED, False),
    "failed": State("✗", "x", RED, False),
    "crashed": State("✗", "x", RED, False),
}
UNKNOWN = State("?", "?", DIM, False)


def state(name: str) -> State:
    """The look of a state; a word from a newer version looks like what it is, unknown."""
    return STATES.get(name, UNKNOWN)


TIMES = "\u00d7"
_ASCII = str.maketrans(
    {
        "·": "-", "…": "~", "→": ">", "←": "<", "↑": "^", "↓": "v", "▸": ">", "●": "*", "○": "o",
        "│": "|", "─": "-", "━": "=", "▲": "!", TIMES: "x", "≥": ">", "≤": "<", "±": "~", "—": "-",
        "\u2013": "-", "\u2019": "'", "✓": "+", "✗": "x", "▌": "|", "▐": "|", "◂": "<", "◌": "o",
        "▶": ">", "■": "#", "‖": "=", "┃": "|", "□": "-", "◆": "#", "▁": "_", "▂": "_", "▃": "-",
        "★": "*", "├": "|", "└": "`", "▄": "-", "▅": "=", "▆": "=", "▇": "#", "█": "#",
    }
)  # fmt: skip


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """``text`` for a terminal that shows ASCII alone: known glyphs by look, others as a ``?`` for
    each of their cells."""
    if text.isascii():
        return text
    known = text.translate(_ASCII)
    return "".join(char if char.isascii() else "?" * cell_len(char) for char in known)
