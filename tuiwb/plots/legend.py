"""The title row: what is shown, what was left out, and each series' name and value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tuiwb.plots.canvas import BOLD, Canvas
from tuiwb.plots.palette import ALARM, LOST, QUIET

VALUE = 6  # columns of a value, always: a legend that changes width moves everything in it


@dataclass(frozen=True)
class Entry:
    """A series in the legend: its sign, its name, its value as text (at most `VALUE` wide)."""

    sign: str
    name: str
    value: str
    colour: int
    extra: str = ""


def tags(names: Sequence[str], room: int) -> list[str]:
    """A label for each name in at most ``room`` columns, no two alike (numbers if need be)."""
    if room < 1:
        return ["" for _ in names]
    for shorten in (_head, _tail):
        short = [shorten(name, room) for name in names]
        if len(set(short)) == len(short) and all(short):
            return short
    return [str(i + 1)[-room:] for i in range(len(names))]


def _head(name: str, room: int) -> str:
    return name if len(name) <= room else name[: max(1, room - 1)] + "…" * (room > 1)


def _tail(name: str, room: int) -> str:
    return name if len(name) <= room else "…" * (room > 1) + name[len(name) - max(1, room - 1) :]


def rows_needed(title: str, notes: str, entries: Sequence[Entry], width: int, height: int) -> int:
    """1, or 2 where the legend needs a row of its own and the pane can spare it."""
    if len(entries) < 2 or height < 9:
        return 1
    left = len(title) + (2 + len(notes) if notes else 0)
    return 1 if left + 2 + _width(entries, full=True) <= width else 2


def draw_header(
    canvas: Canvas,
    title: str,
    notes: Sequence[tuple[str, bool]],
    entries: Sequence[Entry],
    rows: int = 1,
    reserve: int = 0,
) -> None:
    """Title (bold), ``notes`` (text, must it be seen) and legend, right-aligned, in ``rows`` rows.

    What does not fit is shortened in this order: extras, names, then whole entries, which are
    counted ("+2"). ``reserve`` columns at the right end of row 0 are left free if they can be.
    """
    width = canvas.width
    if entries and rows == 1:
        reserve = min(VALUE + 1, max(0, width - 4))
    # What must be seen may shorten the title, everything else gives way to it.
    urgent = sum(2 + len(text) for text, must in notes if must)
    room = width - reserve
    shown_title = _clip(title, max(min(width, 5), room - urgent))
    canvas.put(0, 0, shown_title, attr=BOLD)
    at = len(shown_title)
    for text, _ in notes:
        if at + 2 + len(text) <= room:
            canvas.put(0, at + 2, text, ALARM if text.startswith(LOST) else QUIET)
            at += 2 + len(text)
    row, left = (0, at + 2) if rows == 1 else (1, 0)
    shown, more = _shrink(entries, width - left, title)
    if more and rows == 1 and _draw_compact(canvas, entries, at + 1):
        return
    at = width - _width(shown, full=any(e.name or e.extra for e in shown)) - len(more)
    for entry in shown:
        if entry.sign and entry.name and entry.sign != entry.name:
            canvas.put(row, at, entry.sign + " ", entry.colour, attr=BOLD)
            at += len(entry.sign) + 1
        if entry.name:
            canvas.put(row, at, entry.name + " ", QUIET)
            at += len(entry.name) + 1
        canvas.put(row, at, entry.value.rjust(VALUE), entry.colour, attr=BOLD)
        at += VALUE
        canvas.put(row, at, entry.extra, QUIET)
        at += len(entry.extra) + 2
    if more:
        canvas.put(row, width - len(more), more, QUIET)


def _draw_compact(canvas: Canvas, entries: Sequence[Entry], left: int) -> bool:
    """The legend as "t0.231 v0.312" at the right end, if it fits between ``left`` and there."""
    signs = [entry.sign if entry.sign.isalnum() else "" for entry in entries]
    total = sum(len(sign) + VALUE + 1 for sign in signs) - 1
    at = canvas.width - total
    if at < left:
        return False
    for sign, entry in zip(signs, entries, strict=True):
        text = sign + entry.value.rjust(VALUE)
        canvas.put(0, at, text, entry.colour, attr=BOLD)
        at += len(text) + 1
    return True


def _width(entries: Sequence[Entry], full: bool) -> int:
    each = [
        VALUE + len(e.extra) + (_sign_width(e) + len(e.name) + 1 if full and e.name else 0)
        for e in entries
    ]
    return sum(each) + 2 * max(0, len(each) - 1)


def _sign_width(entry: Entry) -> int:
    return len(entry.sign) + 1 if entry.sign and entry.sign != entry.name else 0


def _shrink(entries: Sequence[Entry], room: int, title: str) -> tuple[list[Entry], str]:
    """The entries as they fit into ``room``, and what to say of those that do not."""
    kept = list(entries)
    if len(kept) == 1 and kept[0].name == title:
        kept = [Entry("", "", kept[0].value, kept[0].colour, kept[0].extra)]
    if _width(kept, full=True) <= room:
        return kept, ""
    kept = [Entry(e.sign, e.name, e.value, e.colour) for e in kept]
    if _width(kept, full=True) <= room:
        return kept, ""
    for longest, signed in ((8, True), (5, True), (3, True), (3, False), (2, False)):
        if longest < 8 and len(kept) > 1 and all(e.sign.isalnum() for e in kept):
            break  # the end labels say more than what is left of the names
        cut = tags([e.name for e in kept], longest)
        short = [
            Entry(e.sign if signed or e.sign.isalnum() else "", n, e.value, e.colour)
            for e, n in zip(kept, cut, strict=True)
        ]
        if _width(short, full=True) <= room:
            return short, ""
    # Last: the end label stands for the name, the colour where there is none.
    bare = [Entry("", e.sign if e.sign.isalnum() else "", e.value, e.colour) for e in kept]
    while bare and _width(bare, full=True) + (4 if len(bare) < len(kept) else 0) > room:
        bare.pop()
    missing = len(kept) - len(bare)
    return bare, f"  +{missing}" if missing and bare else ""


def _clip(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(0, room - 1)] + "…" * (room > 0)
