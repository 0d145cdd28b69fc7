"""The sweeps of a runs folder as lines of the runs list: each one line, its trials behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tuiwb.base.errors import UserError
from tuiwb.base.format import number
from tuiwb.run.kept import Kept, RunSummary, kept
from tuiwb.run.layout import SWEEPS

if TYPE_CHECKING:
    from tuiwb.search.ledger import SweepReader, SweepView

STATES = {
    "running": "training",
    "finished": "finished",
    "halted": "stopped",
    "failed": "failed",
    "killed": "crashed",
}
"""State of a sweep -> the state of a run that looks like it."""


@dataclass(frozen=True)
class SweepKey:
    """A sweep's row in the runs list."""

    name: str


@dataclass
class Sweeps:
    """Follows the sweeps of a runs folder. `look` reads what is new."""

    runs: Path
    lines: Sequence[RunSummary] = ()
    """A sweep each, in the shape of a run; the same object as long as nothing has changed."""
    _readers: dict[Path, SweepReader] = field(default_factory=dict)
    _views: tuple[SweepView, ...] = ()

    def look(self) -> None:
        """Bring `lines` up to date; a sweep that cannot be read is left out."""
        if not self._views and not (self.runs / SWEEPS).exists():
            return  # what reads sweeps is not loaded for a folder that has none
        from tuiwb.search.ledger import SweepReader
        from tuiwb.search.places import sweeps

        views = []
        for paths in sweeps(self.runs):
            try:
                if paths.root not in self._readers:
                    self._readers[paths.root] = SweepReader(paths)
                views.append(self._readers[paths.root].poll())
            except UserError:
                continue
        if len(views) != len(self._views) or any(
            new is not old for new, old in zip(views, self._views, strict=True)
        ):
            self._views = tuple(views)
            self.lines = [summary(view) for view in views]


def summary(view: SweepView) -> RunSummary:
    """A sweep in the shape of a run: trials are its steps, the best is its note."""
    best, sweep, paths = view.best, view.sweep, view.paths
    words = f"{view.over} of {view.size} trials of {sweep.preset}, {sweep.sampler}: {view.state}"
    note = f"sweep, best {sweep.metric} {number(best.value, 3)}" if best else "sweep"
    began = min((record.asked for record in view.trials), default=None)
    return RunSummary(
        id=paths.name,
        state=STATES.get(view.state, "crashed"),
        preset=Path(sweep.preset).stem,
        step=view.over,
        steps=view.size,
        started=began,
        words=words,
        note=note,
        sweep=paths.name,
        place=str(paths.root.parent),
    )


def gathered(runs: Sequence[Kept], lines: Sequence[RunSummary]) -> list[Kept]:
    """Runs with each sweep's line in the place of its trials, the newest first. Trials of a sweep
    that is not there any more are runs like others."""
    there = {line.id for line in lines}
    others = [one for one in kept(runs) if one.full().sweep not in there]
    return sorted([*others, *lines], key=lambda one: -(one.full().started or 0.0))
