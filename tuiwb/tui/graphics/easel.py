"""Which images stand on the terminal, and what brings it to those that should."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

from tuiwb.plots.canvas import Packed, Patch
from tuiwb.plots.pictures.look import nearest
from tuiwb.tui.graphics import kitty, sixel
from tuiwb.tui.graphics.means import Means, Protocol

Span = tuple[int, int, int]
"""Row, first column, past the last column."""

_KEPT = 8
"""Images that a terminal of kitty's kind is let keep while they are not shown."""


@dataclass(frozen=True)
class Image:
    """A part of a picture, ready to be sent: its place in the pane, and what sends it."""

    protocol: Protocol
    number: int
    top: int
    left: int
    rows: int
    columns: int
    data: str


@dataclass(frozen=True)
class Placed:
    """An image and the cell of the terminal where its corner is, from 0."""

    image: Image
    y: int
    x: int

    def spans(self) -> Iterable[Span]:
        """The cells that it covers."""
        for row in range(self.y, self.y + self.image.rows):
            yield row, self.x, self.x + self.image.columns

    def meets(self, span: Span) -> bool:
        y, begin, end = span
        inside = self.y <= y < self.y + self.image.rows
        return inside and begin < self.x + self.image.columns and end > self.x


def ready(patches: Iterable[Patch], means: Means) -> tuple[Image, ...]:
    """Images for the pixels of a canvas."""
    images = []
    for patch in patches:
        if means.protocol == "kitty":
            number, data = kitty.encode(patch)
        else:
            data = sixel.encode(_sized(patch, means.cell))
            number = crc32(data.encode())
        images.append(
            Image(means.protocol, number, patch.top, patch.left, patch.rows, patch.columns, data)
        )
    return tuple(images)


def _sized(patch: Patch, cell: tuple[int, int]) -> Packed:
    """As many pixels as its cells have, less what would reach into the row beneath."""
    wide, high = patch.columns * cell[0], patch.rows * cell[1] // sixel.SIX * sixel.SIX
    pixels = patch.pixels
    return pixels[nearest(pixels.shape[0], high)][:, nearest(pixels.shape[1], wide)]


class Easel:
    """The images on the terminal. ``wanted`` says which should stand there."""

    def __init__(self, wanted: Callable[[], Sequence[Placed]]) -> None:
        self._wanted = wanted
        self._standing: tuple[Placed, ...] = ()
        self._next: tuple[Placed, ...] = ()
        self._sent: list[int] = []
        self._lost: list[int] = []

    def before(self) -> tuple[str, list[Span]]:
        """What is to be written before the cells of an update; and cells that then show anything:
        where a sixel stood."""
        self._next = tuple(self._wanted())
        out = [kitty.take_away(number, for_good=True) for number in self._lost]
        open_: list[Span] = []
        self._lost = []
        for one in self._standing:
            if one not in self._next:
                if one.image.protocol == "kitty":
                    out.append(kitty.take_away(one.image.number))
                else:
                    open_ += one.spans()
        return "".join(out), open_

    def after(self, wrote: Sequence[Span]) -> str:
        """What is to be written after the cells, of which ``wrote`` were."""
        out: list[str] = []
        for one in self._next:
            image, new = one.image, one not in self._standing
            if image.protocol == "kitty":
                if new:
                    out += (_at(one), self._send(image))
                    out.append(kitty.place(image.number, image.columns, image.rows))
            elif new or any(one.meets(span) for span in wrote):
                out += (_at(one), image.data)
        self._standing = self._next
        return "".join(out)

    def _send(self, image: Image) -> str:
        if image.number in self._sent:
            return ""
        out = image.data
        self._sent.append(image.number)
        shown = {one.image.number for one in self._next}
        for number in [n for n in self._sent[:-_KEPT] if n not in shown]:
            out += kitty.take_away(number, for_good=True)
            self._sent.remove(number)
        return out

    def forget(self) -> None:
        """The terminal may show anything now, images too."""
        self._lost += self._sent
        self._standing, self._sent = (), []

    def clear(self) -> str:
        """What takes all images away for good."""
        self.forget()
        lost, self._lost = self._lost, []
        return "".join(kitty.take_away(number, for_good=True) for number in lost)


def _at(one: Placed) -> str:
    return f"\x1b[{one.y + 1};{one.x + 1}H"
