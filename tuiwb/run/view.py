"""A run at one moment, frozen: what screens, commands and the doctor work from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuiwb.run.decimate import Envelope
from tuiwb.run.facts import LayerInfo
from tuiwb.run.status import Status
from tuiwb.run.tableview import TableView
from tuiwb.spec import Resolved

__all__ = ["Envelope", "LayerInfo", "RunView", "Status", "TableView"]


GONE = "the folder is gone"
"""The problem of a run whose folder was deleted while it was read."""


@dataclass(frozen=True, eq=False)
class RunView:
    """Everything known about a run at one poll. A poll that finds nothing new gives the same
    object again, so ``is`` tells whether to repaint."""

    id: str
    path: Path
    preset: str
    spec: Resolved | None
    """None where spec.toml is missing or cannot be read (`problems` says which)."""
    meta: Mapping[str, Any]
    status: Status
    tables: Mapping[str, TableView] = field(default_factory=dict)
    events: tuple[dict[str, Any], ...] = ()
    """The journal, oldest first (of a very long one the newest part)."""
    layers: tuple[LayerInfo, ...] = ()
    parameters: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    device: Mapping[str, Any] = field(default_factory=dict)
    baselines: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Of the last evaluation; NaN where it was not finite."""
    findings: tuple[dict[str, Any], ...] = ()
    problems: tuple[str, ...] = ()
    """What of the folder could not be read, in words."""
    behind: bool = False
    """There is more on the disk than this poll had time for: poll again soon."""

    @property
    def own(self) -> bool:
        """Whether the loop is the user's own, which hears of no command but a stop."""
        return self.meta.get("watched") is True

    @property
    def gone(self) -> bool:
        """Whether its folder was deleted meanwhile: there is nothing left to go on with."""
        return GONE in self.problems

    def table(self, name: str) -> TableView:
        """A table, or an empty one where the run has none of that name."""
        return self.tables.get(name) or TableView(name, ())
