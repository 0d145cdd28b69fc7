"""Whose steps a run is made of: its own, and before its fork those of its parent, and so on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tuiwb.run.layout import RunPaths
from tuiwb.run.listing import Listing
from tuiwb.run.meta import read_meta
from tuiwb.run.view import RunView

_DEEPEST = 1000
_PATIENCE = 0.2
"""Seconds of reading summaries that looking for children may take."""


class Stretch(NamedTuple):
    """Steps up to ``until`` are those of the run that ``who`` is and ``name`` calls."""

    who: str
    name: str
    until: float


def lineage(view: RunView) -> tuple[Stretch, ...]:
    """The runs that ``view``'s steps are from, oldest first; the last is itself, without an end.

    A parent that is not there any more is known by what its child says of it.
    """
    chain = [Stretch(_who(view.meta, view.path.name), view.path.name, math.inf)]
    meta: Mapping[str, Any] = view.meta
    while len(chain) < _DEEPEST and (parent := forked(meta)) is not None:
        name, step = parent
        known = meta["parent"].get("uid")
        who = known if isinstance(known, str) else name
        chain.append(Stretch(who, name, min(step, chain[-1].until)))
        # a name from meta.json is a name beside this run, never a way out of the folder
        place = view.path.parent / name
        if place.parent != view.path.parent or name in ("", ".", ".."):
            break
        meta = read_meta(RunPaths(place))[0]
        if meta.get("uid") != known:
            break  # another run that took its name
    return tuple(chain[::-1])


class Child(NamedTuple):
    """A run that was forked from another after ``step`` updates."""

    name: str
    step: int


def children(view: RunView) -> tuple[Child, ...]:
    """The forks of a run among its neighbours, oldest first; of very many, those that are known
    already. Not for an event loop: it reads the folder of runs."""
    uid = view.meta.get("uid")
    with Listing(view.path.parent) as listing:
        listing.look(_PATIENCE, check=0)
        runs = listing.runs
    return tuple(
        Child(run.id, run.parent_step)
        for run in reversed(runs)
        if run.parent_step is not None
        and (run.parent_uid == uid if run.parent_uid else run.parent == view.path.name)
    )


def forked(meta: Mapping[str, Any]) -> tuple[str, int] | None:
    """The parent's name and the step of the fork, from a run's meta.json."""
    parent = meta.get("parent")
    if not isinstance(parent, Mapping):
        return None
    name, step = parent.get("run"), parent.get("step")
    whole = isinstance(step, int) and not isinstance(step, bool) and step >= 0
    return (name, step) if isinstance(name, str) and isinstance(step, int) and whole else None


def shared(one: Sequence[Stretch], other: Sequence[Stretch]) -> float:
    """The last step that two runs have in common; 0 where they have none."""
    step = 0.0
    for mine, its in zip(one, other, strict=False):
        if mine.who != its.who:
            break
        step = min(mine.until, its.until)
        if mine.until != its.until:
            break
    return step


def splits(views: Mapping[str, RunView]) -> dict[str, float]:
    """From which step on each run's curve is its own, given that those before it are drawn."""
    chains = {label: lineage(view) for label, view in views.items()}
    return dict(_splits(chains))


def _splits(chains: Mapping[str, Sequence[Stretch]]) -> Iterator[tuple[str, float]]:
    drawn: list[Sequence[Stretch]] = []
    for label, chain in chains.items():
        yield label, max((shared(chain, before) for before in drawn), default=0.0)
        drawn.append(chain)


def _who(meta: Mapping[str, Any], name: str) -> str:
    uid = meta.get("uid")
    return uid if isinstance(uid, str) else name
