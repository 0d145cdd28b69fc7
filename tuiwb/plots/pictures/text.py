"""Text that a model wrote or answered."""

from __future__ import annotations

import textwrap

from tuiwb.plots.arrays import Arrays
from tuiwb.plots.palette import QUIET
from tuiwb.plots.pictures.look import Drawn, Look

_PER_CELL = 4
"""Characters that are looked at for each cell of the pane."""


def draw(arrays: Arrays, width: int, height: int, look: Look) -> Drawn:
    """``text``, its lines apart; long ones are broken, and what is left out is said."""
    text = arrays.text("text", _PER_CELL * width * height + 1000)
    canvas = look.canvas(width, height)
    lines: list[str] = []
    for line in text.split("\n"):
        broken = textwrap.wrap(
            line.expandtabs(4), max(1, width), drop_whitespace=False, replace_whitespace=False
        )
        lines += broken or [""]
        if len(lines) > height:
            break
    for y, line in enumerate(lines[:height]):
        canvas.put(y, 0, line)
    if len(lines) > height:
        canvas.put(height - 1, max(0, width - 1), "…", QUIET)
    if not text.strip():
        canvas.put(0, 0, "(empty)", QUIET)
    return Drawn(canvas)
