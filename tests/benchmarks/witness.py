"""What a run's tables held at some moment, and whether that is still there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tuiwb.run.reader import RunReader
from tuiwb.run.view import RunView

SAME = ("loss", "lr")
"""Columns of a step that are no measurement of the machine: the same bits, however it was run."""


def view(path: Path) -> RunView:
    """A run as a reader that opens it now sees it; raises where it does not open."""
    with RunReader(path) as reader:
        return reader.poll(None)


def rows(path: Path) -> np.ndarray:
    """The visible rows of a run's steps: one array of step, loss and learning rate."""
    table = view(path).table("steps")
    if not table.rows:
        return np.zeros(0, [("step", "<i8"), *((name, "<f4") for name in SAME)])
    return table.tail(table.rows)[["step", *SAME]].copy()


@dataclass(frozen=True)
class Seen:
    """The last step that a reader saw, and how often the run had been resumed by then."""

    step: int
    lives: int


NOTHING = Seen(0, 0)


def now(path: Path) -> Seen:
    """What a reader sees of a run at this moment."""
    with RunReader(path) as reader:
        seen = reader.poll(None)
    return Seen(int(seen.table("steps").last("step") or 0), len(_resumes(seen)))


def still(seen: Seen, path: Path) -> int:
    """The last step that a reader must still see: the one seen, unless the run was resumed since,
    from a checkpoint before it: what followed is trained again."""
    since = _resumes(view(path))[seen.lives :]
    return min([seen.step, *(int(event["from_step"]) for event in since)])


def _resumes(seen: RunView) -> list[dict[str, Any]]:
    return [event for event in seen.events if event["kind"] == "resumed"]


@dataclass(frozen=True)
class Account:
    """What became of the rows of a run, counted in steps."""

    compared: int
    missing: int
    doubled: int
    wrong: int

    @property
    def lost(self) -> int:
        """Rows that are not what they must be."""
        return self.missing + self.doubled + self.wrong


def account(found: np.ndarray, truth: np.ndarray, at_least: int = 0) -> Account:
    """Hold ``found`` to the rows of a run that nothing has happened to.

    Every step from 1 to the last one found, and to ``at_least`` (a step that was seen on the disk
    before), must be there once, with the same bits.
    """
    numbers = found["step"]
    last = max(int(numbers.max(initial=0)), at_least)
    unique = np.unique(numbers)
    both = unique[unique <= len(truth)]
    mine = found[np.searchsorted(numbers, both)] if len(both) else found[:0]
    right = np.ones(len(both), bool)
    for name in SAME:
        expected = truth[both - 1][name]
        right &= (mine[name] == expected) | (np.isnan(mine[name]) & np.isnan(expected))
    return Account(
        compared=len(both),
        missing=last - len(unique),
        doubled=len(numbers) - len(unique),
        wrong=int((~right).sum()) + len(unique) - len(both),
    )
