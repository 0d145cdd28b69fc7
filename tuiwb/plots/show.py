"""A stored picture on a canvas: its title and words above, its kind's painter below."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

import numpy as np

from tuiwb.base.registry import Shelf
from tuiwb.base.text import clean
from tuiwb.plots.arrays import Arrays, Refused
from tuiwb.plots.canvas import BOLD, Canvas, safe
from tuiwb.plots.frame import draw_empty
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.palette import QUIET
from tuiwb.plots.pictures.look import Drawn, Look, lay

KINDS = Shelf("plots/pictures", "kind of picture", declares="\ndef draw(")


class Painter(Protocol):
    """What a file of `plots.pictures` offers as ``draw``."""

    def __call__(self, arrays: Arrays, width: int, height: int, look: Look) -> Drawn: ...


@cache
def painters() -> dict[str, Painter]:
    """Kind of picture -> its painter, as the folder has them."""
    return {name: KINDS.load(name).draw for name in KINDS.names()}


def paint(
    kind: str,
    arrays: Mapping[str, Any],
    width: int,
    height: int,
    glyphs: GlyphSet = "braille",
    colour: bool = True,
    title: str = "",
    words: str = "",
    *,
    discretise: bool = False,
) -> Canvas:
    """A picture of ``kind`` in ``width`` x ``height`` cells.

    Never raises for any kind, arrays or size: what cannot be shown is said. Without ``colour`` or
    in ASCII, shades and letters take the place of colours. ``discretise`` shows the answer in
    place of how sure it is, where a kind knows such a thing.
    """
    canvas = Canvas(width, height, ascii=glyphs == "ascii")
    if not canvas.width or not canvas.height:
        return canvas
    top = _rows_for(title, words, canvas)
    room = canvas.height - top
    note = ""
    painter = painters().get(kind)
    if painter is None:
        draw_empty(canvas, top, room, f"no way to show pictures of the kind {clean(kind, 20)!r}")
    elif room:
        look = Look(glyphs, colour, discretise)
        try:
            with np.errstate(all="ignore"):
                drawn = painter(Arrays(arrays), canvas.width, room, look)
        except Refused as why:
            draw_empty(canvas, top, room, f"this picture cannot be shown: {why}")
        else:
            lay(canvas, drawn.canvas, top, 0)
            note = drawn.note
    _head(canvas, title, words, note, top)
    return canvas


def _rows_for(title: str, words: str, canvas: Canvas) -> int:
    """Rows above the picture: one for the title; one more for words that do not fit beside it,
    where there is height to spare."""
    if not title and not words:
        return 0
    beside = len(title) + 2 + len(words) <= canvas.width
    return 1 if not words or beside or canvas.height < 8 else 2


def _head(canvas: Canvas, title: str, words: str, note: str, rows: int) -> None:
    if not rows:
        return
    title, words = (safe(clean(text, 200), ascii=canvas.ascii) for text in (title, words))
    canvas.put(0, 0, _cut(title, canvas.width), attr=BOLD)
    at = len(title) + 2
    if rows == 2:
        canvas.put(1, 0, _cut(words, canvas.width), QUIET)
    elif words and (room := canvas.width - at - (len(note) + 2 if note else 0)) >= min(
        len(words), 12
    ):
        canvas.put(0, at, _cut(words, room), QUIET)
        at += min(len(words), room) + 2
    if note and at + len(note) <= canvas.width:
        canvas.put(0, canvas.width - len(note), note, QUIET)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else textwrap.shorten(text, max(room, 1), placeholder="…")
