"""What commands print: data to stdout, talk to stderr, safe on any terminal and into any pipe."""

from __future__ import annotations

import json
import locale
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import PurePath
from typing import Any, TextIO

from tuiwb.base.text import clean


class PipeClosed(Exception):
    """Whoever read our output has read enough."""


def prepare() -> None:
    """Make both streams write what the locale can show, with a `?` for what it cannot.

    Python writes UTF-8 even where the locale is C; a terminal in that locale shows it as rubbish.
    """
    told = os.environ.get("PYTHONIOENCODING") or os.environ.get("PYTHONUTF8")
    encoding = None if told else locale.getencoding()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, LookupError, OSError):
            stream.reconfigure(  # type: ignore[union-attr]  # a test's stand-in may lack it
                encoding=encoding, errors="replace"
            )


def write(text: str) -> None:
    """``text`` and a newline to stdout, as it is: colours pass."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise PipeClosed from None


def paint(text: str) -> None:
    """``text`` with escape sequences to stdout, in the colours that the terminal there has."""
    if not shows_colour():
        write(text)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    try:
        console.print(Text.from_ansi(text), soft_wrap=True)
    except BrokenPipeError:
        raise PipeClosed from None


def emit(text: str) -> None:
    """A piece of data to stdout, with what could drive a terminal made harmless."""
    write(clean(text))


def emit_json(value: Any) -> None:
    """``value`` as one JSON document on stdout; NaN and infinities become null."""
    write(json.dumps(plain(value), indent=2))


def say(text: str) -> None:
    """A line of talk to stderr."""
    with suppress(BrokenPipeError):
        sys.stderr.write(clean(text) + "\n")
        sys.stderr.flush()


def plain(value: Any) -> Any:
    """``value`` with only what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, bool | int | str) or value is None:
        return value
    if hasattr(value, "item"):  # a NumPy scalar
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)


def grid(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[str] = ()) -> str:
    """Rows in aligned columns; the columns named in ``right`` are aligned on the right."""
    table = [list(head), *([clean(cell).replace("\n", " ") for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    flush_right = [name in set(right) for name in head]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if at_right else cell.ljust(width)
            for cell, width, at_right in zip(row, widths, flush_right, strict=True)
        ).rstrip()
        for row in table
    )


def shows_unicode(stream: TextIO | None = None) -> bool:
    """Whether braille and box characters arrive as such: by the locale and TERM."""
    encoding = getattr(stream or sys.stdout, "encoding", None) or "ascii"
    return "utf" in encoding.lower() and os.environ.get("TERM") != "dumb"


def shows_colour() -> bool:
    """Whether stdout is a terminal that takes colours, and nobody asked for none."""
    dumb = (os.environ.get("TERM") or "dumb") == "dumb"
    return sys.stdout.isatty() and not dumb and not os.environ.get("NO_COLOR")


def is_terminal() -> bool:
    """Whether a person sits there: keys can be read and a screen can be drawn."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
