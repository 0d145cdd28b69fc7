"""Names of layers in the room there is: what they have in common goes first, what tells them apart
stays."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

CUT = "…"
"""Stands for the middle of a name that is too long."""


def short_names(names: Sequence[str], room: int) -> tuple[str, ...]:
    """Each of ``names`` in at most ``room`` characters, no two alike where they were not alike.

    Where one is too long, the folders that all share are left out of all.
    """
    room = max(1, room)
    if max(map(len, names), default=0) > room and len(names) > 1:
        shared = _shared([name.split(".")[:-1] for name in names])
        names = [".".join(name.split(".")[shared:]) for name in names]
    short = [short_name(name, room) for name in names]
    seen = Counter(short)
    for place, text in enumerate(short):
        if seen[text] > 1 and text != names[place]:
            number = str(place + 1)
            short[place] = f"{text[: max(0, room - len(number) - 1)]}~{number}"[-room:]
    return tuple(short)


def short_name(name: str, room: int) -> str:
    """A dotted path in ``room`` characters: whole, or its folders as ``b1``, or its end alone with
    the numbers that tell it apart, cut in the middle if it must be."""
    if len(name) <= room:
        return name
    *folders, last = name.split(".")
    short = [re.sub(r"[^\W\d_][^\W\d]*", lambda m: m.group()[0], folder) for folder in folders]
    numbers = [part for part in short if any(c.isdigit() for c in part)]
    for kept in (short, numbers):
        text = ".".join([*kept, last])
        if len(text) <= room:
            return text
    return middle(text, room)


def middle(text: str, room: int) -> str:
    """``text`` with its middle left out, so that both ends are seen."""
    if len(text) <= room:
        return text
    if room < 4:
        return text[: max(1, room - 1)] + CUT * (room > 1)
    tail = (room - 1) // 2
    return f"{text[: room - 1 - tail]}{CUT}{text[len(text) - tail :]}"


def _shared(folders: Sequence[Sequence[str]]) -> int:
    """How many leading folders all have in common."""
    count = 0
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        count += 1
    return count
