"""All numbers that a run's tables hold, and which of them a person asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import translate

from tuiwb.base.errors import UserError
from tuiwb.run.view import RunView

AXES = ("step", "time", "epoch")
"""Columns that are no metric but where one stands."""
FIRST = ("steps", "evals", "metrics")
"""Tables that come first."""


@dataclass(frozen=True)
class Metric:
    """A column of numbers: ``key`` is ``TABLE.COLUMN``, ``label`` the column where it is the only
    one of its name."""

    table: str
    column: str
    label: str

    @property
    def key(self) -> str:
        return f"{self.table}.{self.column}"


def catalogue(view: RunView) -> tuple[Metric, ...]:
    """The metrics of a run: of the steps, the evaluations, the user's own, and the machine's."""
    order = {name: place for place, name in enumerate(FIRST)}
    names = sorted(view.tables, key=lambda name: (order.get(name.partition("-")[0], 9), name))
    found = [
        (name, column)
        for name in names
        for column in view.tables[name].scalars()
        if column not in AXES
    ]
    seen: dict[str, int] = {}
    for _, column in found:
        seen[column] = seen.get(column, 0) + 1
    return tuple(
        Metric(table, column, column if seen[column] == 1 else f"{table}.{column}")
        for table, column in found
    )


def split(key: str) -> tuple[str, str]:
    """The table and the column of a metric's key; both empty where it is none."""
    table, dot, column = key.partition(".")
    return (table, column) if dot else ("", "")


def pattern(text: str) -> Callable[[Metric], bool]:
    """`asking` for a metric by its column or its key."""
    fits = asking(text)
    return lambda metric: fits((metric.column, metric.key))


def asking(text: str) -> Callable[[Sequence[str]], bool]:
    """What a filter asks of the names of something: words and globs (``val_*``),
    ``/regular expressions/``, and with ``!`` before it what is not to be shown. One of those
    without ``!`` must fit, none of those with it. A word without ``*?[`` may stand anywhere. Raises
    `UserError` for a broken expression."""
    wanted: list[re.Pattern[str]] = []
    unwanted: list[re.Pattern[str]] = []
    for term in _terms(text):
        negative = term.startswith("!")
        body = term[1:] if negative else term
        if body and body != "/":
            (unwanted if negative else wanted).append(_compiled(body))

    def fits(names: Sequence[str]) -> bool:
        def hit(ways: Sequence[re.Pattern[str]]) -> bool:
            return any(way.search(name) for way in ways for name in names)

        return (not wanted or hit(wanted)) and not hit(unwanted)

    return fits


def matching(metrics: Iterable[Metric], text: str) -> list[Metric]:
    """Those that a filter asks for, in their order."""
    fits = pattern(text)
    return [metric for metric in metrics if fits(metric)]


def _terms(text: str) -> list[str]:
    """The parts of a filter; blanks within ``/.../`` belong to it."""
    return [found.group() for found in re.finditer(r"!?/.*?/(?=\s|$)|\S+", text)]


def _compiled(term: str) -> re.Pattern[str]:
    if not term.startswith("/"):
        glob = term if any(char in term for char in "*?[") else f"*{term}*"
        return re.compile(translate(glob), re.IGNORECASE)
    body = term[1:-1] if term.endswith("/") else term[1:]
    try:
        return re.compile(body, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        raise UserError(
            f"no regular expression: {error}",
            where="filter",
            found=term,
            allowed="val_*, /val_(loss|acc)/, and with ! what is not to be shown",
        ) from None
