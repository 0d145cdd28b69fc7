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
    fine: int = 1,
) -> Canvas:
    """A picture of ``kind`` in ``width`` x ``height`` cells.

    Never raises for any kind, arrays or size: what cannot be shown is said. Without ``colour`` or
    in ASCII, shades and letters take the place of colours. ``discretise`` shows the answer in
    place of how sure it is, where a kind knows such a thing. ``fine`` adds to the canvas what a
    terminal with images can show: see `Look.fine`.
    """
    look = Look(glyphs, colour, discretise, fine if colour and glyphs != "ascii" else 1)
    canvas = look.canvas(width, height)
    if not canvas.width or not canvas.height:
        return canvas
    top = _rows_for(title, words, canvas)
    body = _body(kind, arrays, canvas.width, canvas.height - top, look)
    if top == 1 and canvas.height >= _SPARE and not _beside(canvas, title, words, body.note):
        top = 2  # words and note go before a row of the picture
        body = _body(kind, arrays, canvas.width, canvas.height - top, look)
    lay(canvas, body.canvas, top, 0)
    _head(canvas, title, words, body.note, top)
    return canvas


_SPARE = 8
"""Rows from which a second one may go to the words."""


def _body(kind: str, arrays: Mapping[str, Any], width: int, height: int, look: Look) -> Drawn:
    """The picture alone, or in its place why there is none."""
    canvas = look.canvas(width, height)
    painter = painters().get(kind)
    if painter is None:
        draw_empty(canvas, 0, height, f"no way to show pictures of the kind {clean(kind, 20)!r}")
    elif canvas.height:
        try:
            with np.errstate(all="ignore"):
                return painter(Arrays(arrays), width, height, look)
        except Refused as why:
            draw_empty(canvas, 0, height, f"this picture cannot be shown: {why}")
    return Drawn(canvas)


def _rows_for(title: str, words: str, canvas: Canvas) -> int:
    """Rows above the picture: one for the title; one more for words that do not fit beside it,
    where there is height to spare."""
    if not title and not words:
        return 0
    beside = not words or _beside(canvas, title, words)
    return 1 if beside or canvas.height < _SPARE else 2


def _beside(canvas: Canvas, *texts: str) -> bool:
    return sum(len(text) + 2 for text in texts if text) - 2 <= canvas.width


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
