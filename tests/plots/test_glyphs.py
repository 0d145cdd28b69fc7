"""The choice of a glyph set."""

from __future__ import annotations

import pytest

from tuiwb.base.errors import UserError
from tuiwb.plots.glyphs import GLYPH_SETS, choose


@pytest.mark.parametrize(
    ("encoding", "term", "expected"),
    [
        ("utf-8", "xterm-256color", "braille"),
        ("UTF-8", "tmux-256color", "braille"),
        ("utf8", None, "braille"),
        ("utf-8", "linux", "ascii"),
        ("utf-8", "dumb", "ascii"),
        ("utf-8", "vt100", "ascii"),
        ("utf-8", "cygwin", "quadrant"),
        ("ANSI_X3.4-1968", "xterm", "ascii"),
        ("latin-1", "xterm", "ascii"),
        ("no such encoding", "xterm", "ascii"),
        (None, "xterm", "ascii"),
    ],
)
def test_encoding_and_terminal_decide(
    encoding: str | None, term: str | None, expected: str
) -> None:
    assert choose(encoding, term) == expected


@pytest.mark.parametrize("forced", GLYPH_SETS)
def test_a_forced_set_wins(forced: str) -> None:
    assert choose("ascii", "dumb", forced) == forced


def test_a_set_that_does_not_exist_is_named_with_the_nearest() -> None:
    with pytest.raises(UserError) as caught:
        choose("utf-8", "xterm", "brail")
    assert str(caught.value) == (
        "no such glyph set\n"
        "  found:    brail\n"
        "  allowed:  braille, quadrant, ascii\n"
        "  nearest:  braille"
    )
