"""TOML in and out: reading is tomllib's, writing covers what a spec holds."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tuiwb.base.errors import UserError

if TYPE_CHECKING:
    from tuiwb.spec.resolve import Resolved

MAX_BYTES = 1 << 17
"""A spec is a page of text: a larger file is refused before it is parsed."""
_MAX_DOTS = 128
"""Of a line: the parser takes the square of a dotted key's length, in time."""


def read(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; anything unreadable is a `UserError` with line and column."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise _too_large(str(path))
        text = data.decode("utf-8")
    except OSError as error:
        raise UserError(f"cannot read {path.name}: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path.name} is not UTF-8 text",
            where=f"{path}, byte {error.start}",
            allowed="a TOML file in UTF-8",
        ) from None
    return parse(text, str(path))


def parse(text: str, where: str) -> dict[str, Any]:
    """The tables of a TOML text; ``where`` names it in messages. A text that would keep the parser
    busy is refused before it sees it."""
    if len(text) > MAX_BYTES:
        raise _too_large(where)
    if text.count(".") > _MAX_DOTS and max(map(_dots, text.split("\n"))) > _MAX_DOTS:
        raise UserError("no spec has keys of so many parts", where=where)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise UserError(
            "no spec is nested so deeply", where=where, allowed="tables in tables in tables"
        ) from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        reason = re.sub(r" \(at .*\)$", "", str(error))
        lines = text.splitlines() or [""]
        row, column = (int(g) for g in found.groups()) if found else (len(lines), 1)
        line = lines[min(row, len(lines)) - 1]
        raise UserError(
            f"TOML syntax error: {reason}",
            where=f"{where}, line {row}, column {column}",
            found=line.strip() or "the end of the file",
            allowed='key = value, with text in quotes: name = "adam"',
            next="mend that line; tuiwb schema > schema.json lets an editor check the file",
        ) from None
    except ValueError:  # an integer of thousands of digits, which Python does not take
        raise UserError("a number in it is too long", where=where) from None


def _dots(line: str) -> int:
    return line.count(".")


def _too_large(where: str) -> UserError:
    return UserError(
        f"{Path(where).name} is too large for a spec",
        where=where,
        found=f"more than {MAX_BYTES} bytes",
        allowed="a page of text",
    )


def value_from(text: str) -> Any:
    """The value a person typed behind ``key=``: TOML where it parses, else plain text."""
    try:
        return tomllib.loads(f"v = {text}")["v"]
    except (ValueError, RecursionError):
        parts = [part.strip() for part in text.split(",")]
        if len(parts) > 1 and all(not part or _is_whole(part) for part in parts):
            return [int(part) for part in parts if part]
        return text


def _is_whole(text: str) -> bool:
    return text.isdecimal() and len(text) < 20


def to_toml(resolved: Resolved) -> str:
    """A resolved spec as TOML, with nothing left out: parsing it again gives an equal spec."""
    tables = msgspec.to_builtins(resolved.spec)
    lines = [f"preset = {literal(resolved.preset)}", ""]
    for section, table in tables.items():
        lines += _table(section, table)
    lines += _table("origins", {key: o for key, o in resolved.origins.items() if o != "default"})
    return "\n".join(lines)


def _table(name: str, table: Mapping[str, Any]) -> list[str]:
    plain = {key: v for key, v in table.items() if not isinstance(v, Mapping) and v is not None}
    lines = [f"[{name}]", *(f"{_key(key)} = {literal(v)}" for key, v in plain.items()), ""]
    for key, nested in table.items():
        if isinstance(nested, Mapping):
            lines += _table(f"{name}.{_key(key)}", nested)
    return lines


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else literal(key)


def literal(value: Any) -> str:
    """One value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # a JSON string is a TOML basic string, but for DEL, which TOML wants escaped
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return str(value)
