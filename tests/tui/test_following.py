"""Screens and scenes that leave something open: only those that fill it in can be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuiwb.tui.scene import Scene
from tuiwb.tui.screens.following import Following
from tuiwb.tui.screens.looking import Looking
from tuiwb.tui.screens.spread import Spread


class Half(Spread):
    """Says what it is about, and neither what paints it nor what its texts are."""

    PANES = ("one",)

    def about(self, width: int) -> list:  # type: ignore[type-arg]
        return []


@pytest.mark.parametrize(
    ("kind", "missing"),
    [(Scene, "draw"), (Following, "applied"), (Looking, "arrange_panes"), (Half, "begin")],
)
def test_what_is_left_open_is_filled_in(kind: type, missing: str) -> None:
    with pytest.raises(TypeError, match=missing):
        kind(Path("run"))
