"""Kitty's graphics protocol: an image is sent once by a number, and placed and taken away by it.

<https://sw.kovidgoyal.net/kitty/graphics-protocol/>. Answers are turned off (``q=2``): by now the
terminal has said that it understands.
"""

from __future__ import annotations

from base64 import b64encode
from zlib import crc32

from tuiwb.plots.canvas import Patch
from tuiwb.tui.graphics.png import png

_PIECE = 4096


def encode(patch: Patch) -> tuple[int, str]:
    """The number of an image, which goes by what it shows, and what sends it."""
    data = png(patch.pixels)
    number = crc32(data) % (2**31 - 2) + 1
    text = b64encode(data).decode()
    pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
    out = []
    for at, piece in enumerate(pieces):
        keys = f"a=t,f=100,t=d,i={number},q=2," if at == 0 else "q=2,"
        out.append(f"\x1b_G{keys}m={int(at < len(pieces) - 1)};{piece}\x1b\\")
    return number, "".join(out)


def place(number: int, columns: int, rows: int) -> str:
    """Show a sent image at the cursor, which stays, over so many cells."""
    return f"\x1b_Ga=p,i={number},p=1,c={columns},r={rows},C=1,q=2\x1b\\"


def take_away(number: int, for_good: bool = False) -> str:
    """Show it no longer; ``for_good`` makes the terminal forget it."""
    return f"\x1b_Ga=d,d={'I' if for_good else 'i'},i={number},q=2\x1b\\"
