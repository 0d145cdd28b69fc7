"""What ``meta.json`` and ``spec.toml`` say of a run: who made it, of what, when. May be a
stranger's."""

from __future__ import annotations

from typing import Any

from tuiwb.base.errors import UserError
from tuiwb.run.files import parse_object, read_small
from tuiwb.run.layout import RunPaths
from tuiwb.spec import Resolved, from_toml

MAX_SMALL = 1_000_000
"""Bytes of spec.toml and of meta.json that a reader takes."""


def read_meta(paths: RunPaths) -> tuple[dict[str, Any], str]:
    """The facts in meta.json, and in words what is wrong with it; never raises."""
    try:
        meta = parse_object(read_small(paths.meta, MAX_SMALL))
    except FileNotFoundError:
        return {}, "meta.json: missing"
    except OSError as error:
        return {}, f"meta.json: {error.strerror}"
    return (meta, "") if meta is not None else ({}, "meta.json: not a JSON object")


def read_spec(paths: RunPaths) -> Resolved:
    """The spec of a run that is to be trained; `UserError` says what is wrong with it."""
    try:
        return from_toml(read_small(paths.spec, MAX_SMALL).decode("utf-8"), str(paths.spec))
    except OSError as error:
        why = error.strerror or str(error)
    except UnicodeDecodeError:
        why = "not UTF-8 text"
    raise UserError(f"cannot read spec.toml: {why}", where=str(paths.spec))


def number(value: object) -> float | None:
    """A plausible time from a stranger's JSON, or None."""
    return float(value) if isinstance(value, int | float) and abs(value) < 1e15 else None
