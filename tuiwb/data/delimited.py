"""Rows of a CSV file as a stream: delimiter and header found out, nothing kept but a block."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tuiwb.base.errors import UserError
from tuiwb.base.format import size
from tuiwb.base.progress import tell

BLOCK = 4096
"""Rows handed on at once."""
_SAMPLE = 1 << 16  # bytes that the layout is guessed from
_LONGEST = 1 << 24  # bytes of a line: more is not a table
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True)
class Layout:
    """How a file is to be read."""

    path: Path
    delimiter: str
    names: tuple[str, ...]
    header: bool
    """Whether the names stand in the file's first row."""


@dataclass
class Block:
    """Some rows, each as long as there are names, with the line that each ends in."""

    rows: list[list[str]]
    lines: list[int]


def layout(path: Path, delimiter: str = "auto", header: str = "auto") -> Layout:
    """Delimiter and names of the columns.

    The delimiter is the one of ``, ; tab |`` that cuts the first rows into most columns of one
    number. The first row holds names unless one of its cells is a number; without names columns
    are c1, c2, ... A file without rows and names that stand twice are a `UserError`.
    """
    with path.open("rb") as file:
        start = file.read(_SAMPLE)
        if len(start) == _SAMPLE:
            start = start[: start.rfind(b"\n") + 1] or start
    for mark, name in _BOMS.items():
        if start.startswith(mark):
            raise _not_utf8(path, 0, 1, f"{name} text")
    text = list(_decoded(start.splitlines(keepends=True), path))
    chosen = {"auto": "", "tab": "\t"}.get(delimiter, delimiter) or _sniffed(text)
    try:
        first = next(
            (row for row in csv.reader(text, delimiter=chosen, skipinitialspace=True) if row), None
        )
    except csv.Error as error:
        raise UserError(f"this is not a CSV file: {error}", where=f"{path}, line 1") from None
    if first is None:
        raise UserError("the file holds no rows", where=str(path), allowed="a CSV file with rows")
    cells = [cell.strip() for cell in first]
    named = header == "yes" or (header == "auto" and not any(map(_is_number, cells)))
    names = tuple(
        (cell if named and cell else f"c{number}") for number, cell in enumerate(cells, start=1)
    )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UserError(
            f"two columns have the name {twice[0]!r}",
            where=f"{path}, line 1",
            found=", ".join(names),
            allowed="names that differ, or data.header = no",
        )
    return Layout(path, chosen, names, named)


def blocks(how: Layout, ragged: str, skipped: list[int]) -> Iterator[Block]:
    """All rows below the header, a block at a time; empty lines are passed by.

    A row that is shorter or longer than the others is a `UserError`, or with ``ragged`` = skip its
    line is added to ``skipped``.
    """
    width = len(how.names)
    total = max(how.path.stat().st_size, 1)
    with how.path.open("rb") as file:
        reader = csv.reader(
            _decoded(_lines(file, how.path), how.path),
            delimiter=how.delimiter,
            skipinitialspace=True,
        )
        block = Block([], [])
        waiting = how.header
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise UserError(
                    f"this row cannot be read: {error}",
                    where=f"{how.path}, line {reader.line_num}",
                    allowed="a quotation mark that opens a cell also closes it",
                ) from None
            if row is None:
                break
            if not row:
                continue
            if waiting:
                waiting = False
                continue
            if len(row) != width:
                if ragged == "refuse":
                    raise _ragged(how, row, reader.line_num)
                skipped.append(reader.line_num)
                continue
            block.rows.append(row)
            block.lines.append(reader.line_num)
            if len(block.rows) == BLOCK:
                yield block
                block = Block([], [])
                tell(f"reading {how.path.name}: {file.tell() / total:.0%} of {size(total)}")
        if block.rows:
            yield block


def _ragged(how: Layout, row: list[str], line: int) -> UserError:
    return UserError(
        "a row has another number of cells than the first one",
        where=f"{how.path}, line {line}",
        found=f"{len(row)} cells, cut at {how.delimiter!r}: {how.delimiter.join(row)[:80]}",
        allowed=f"{len(how.names)} cells",
        next="data.ragged = skip leaves such rows out and counts them; data.delimiter sets what "
        "stands between cells",
    )


def _lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    for raw in iter(lambda: file.readline(_LONGEST), b""):
        if len(raw) == _LONGEST:
            raise UserError(
                "a line is too long for a table",
                where=str(path),
                found=f"more than {size(_LONGEST)} without an end of line",
                allowed="a CSV file with one row a line",
            )
        yield raw


def _decoded(lines: Iterator[bytes] | list[bytes], path: Path) -> Iterator[str]:
    offset = 0
    for number, raw in enumerate(lines, start=1):
        try:
            yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise _not_utf8(
                path, offset + error.start, number, f"0x{raw[error.start]:02x}"
            ) from None
        offset += len(raw)


def _not_utf8(path: Path, byte: int, line: int, found: str) -> UserError:
    return UserError(
        f"{path.name} is not UTF-8 text",
        where=f"{path}, byte {byte}, line {line}",
        found=found,
        allowed="a file in UTF-8",
        next="iconv -f latin1 -t utf-8 turns the most common other encoding into it",
    )


def _sniffed(lines: list[str]) -> str:
    def score(delimiter: str) -> tuple[float, int]:
        try:
            widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        except csv.Error:
            return 0.0, 0
        if not widths:
            return 0.0, 0
        width, count = widths.most_common(1)[0]
        return (count / widths.total(), width) if width > 1 else (0.0, 0)

    return max((",", ";", "\t", "|"), key=score)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.lower() not in ("nan", "inf", "infinity")
