"""Which runs could go: over, old, large, and nobody's; nothing here deletes anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tuiwb.client.select import Wanted
from tuiwb.run.kept import RunSummary
from tuiwb.run.labels import KEEP
from tuiwb.run.weight import Weight, freed, weigh


@dataclass(frozen=True)
class Rules:
    """What a run must be to go. ``older`` is seconds since it ended, ``larger`` bytes; of all runs
    the newest ``keep`` stay; with ``checkpoints`` only these go, and only they are weighed."""

    wanted: Wanted = field(default_factory=Wanted)
    older: float | None = None
    larger: float | None = None
    keep: int | None = None
    checkpoints: bool = False

    def __bool__(self) -> bool:
        limits = (self.older, self.larger, self.keep)
        return bool(self.wanted) or any(limit is not None for limit in limits)


@dataclass
class Plan:
    """What would go, and what is passed by, in how many cases, for which reason."""

    runs: list[tuple[RunSummary, Weight]] = field(default_factory=list)
    passed: dict[str, int] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """What the disk gets back."""
        return freed(weight for _, weight in self.runs)


def plan(
    runs: Sequence[RunSummary],
    rules: Rules,
    now: float,
    weighing: Callable[[Path], Weight] = weigh,
) -> Plan:
    """Choose among ``runs``, which are all of a folder, newest first.

    A live run, one that cannot be read and one that is tagged ``keep`` never go. A parent may: each
    of its children has the whole of what it needs in its own folder.
    """
    made = Plan()
    for place, run in enumerate(runs):
        if not rules.wanted.fits(run):
            continue
        if reason := _stays(run, place, rules, now):
            made.passed[reason] = made.passed.get(reason, 0) + 1
            continue
        if rules.older is not None and now - (run.ended or run.started or now) < rules.older:
            continue
        weight = weighing(run.path / "checkpoints" if rules.checkpoints else run.path)
        if rules.larger is not None and weight.bytes <= rules.larger:
            continue
        if rules.checkpoints and not weight.bytes:
            continue
        made.runs.append((run, weight))
    return made


def _stays(run: RunSummary, place: int, rules: Rules, now: float) -> str:
    if run.live:
        return "live"
    if run.state == "unreadable":
        return "unreadable"
    if KEEP in run.tags:
        return f"tagged {KEEP}"
    return f"among the newest {rules.keep}" if place < (rules.keep or 0) else ""
