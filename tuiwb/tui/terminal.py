"""What a terminal says, as far as it can be believed: its size, and what is pasted into it."""

from __future__ import annotations

from textual.geometry import Size

USUAL = Size(80, 25)
"""The size of a terminal that knows none."""
MOST = Size(1000, 500)
"""More columns and rows than any has: a screen of what some claim would fill the memory."""
PASTED = 4096
"""Characters of a paste that are taken; every field is a line."""

FLOOD = 500
"""Keys that wait: nobody types so far ahead, so what is printable among the rest was pasted, on a
terminal that does not say so, and is passed over."""


def believable(size: Size) -> Size:
    """``size``, or what comes nearest to it that can be."""
    return Size(
        min(size.width, MOST.width) if size.width > 0 else USUAL.width,
        min(size.height, MOST.height) if size.height > 0 else USUAL.height,
    )


def pasted(text: str) -> str:
    """What a field takes of a paste: the start of its first line, and nothing that would drive
    the terminal."""
    first = next(iter(text[:PASTED].splitlines()), "")
    return "".join(char for char in first.replace("\t", " ") if char.isprintable())
