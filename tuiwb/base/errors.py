"""Errors that a person can act on: what, where, found, allowed, nearest, next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Self

_MOST = 4000  # characters of a field: what was found may be a whole file
_BELOW = "\n" + 12 * " "  # a value in several lines stays below itself
FIELDS = ("what", "where", "found", "allowed", "nearest", "next")


class UserError(Exception):
    """Something to put right on the user's side: a spec, a command, a device, a disk.

    ``what`` is one sentence; the rest may be empty. ``exit_code`` is 2 (wrong usage or spec).
    """

    exit_code = 2

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        found: str = "",
        allowed: str = "",
        nearest: str | None = "",
        next: str = "",
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.found = found
        self.allowed = allowed
        self.nearest = nearest or ""
        self.next = next

    def __str__(self) -> str:
        lines = [self.what[:_MOST].replace("\n", _BELOW)]
        for field in FIELDS[1:]:
            text = getattr(self, field)[:_MOST]
            if text:
                lines.append(f"  {field + ':':9} {text}".replace("\n", _BELOW))
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The fields as JSON-ready data, so that an error crosses a process boundary whole."""
        return {field: getattr(self, field) for field in FIELDS} | {"exit_code": self.exit_code}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `as_dict`; missing and unknown fields are tolerated."""
        error = cls(
            str(data.get("what", "unknown error")),
            **{field: str(data.get(field) or "") for field in FIELDS[1:]},
        )
        code = data.get("exit_code")
        error.exit_code = code if isinstance(code, int) else cls.exit_code
        return error


class WorkerFailed(UserError):
    """The worker ended by an exception that nobody foresaw: exit code 4."""

    exit_code = 4


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The known name that ``name`` was probably meant to be, or None."""
    names = list(names)
    folded = {known.casefold().replace("_", "-"): known for known in names}
    match = difflib.get_close_matches(name.casefold().replace("_", "-"), folded, n=1, cutoff=0.5)
    return folded[match[0]] if match else None
