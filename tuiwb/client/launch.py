"""From a resolved spec to a run that trains: the folder, then its worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuiwb.base import consent
from tuiwb.client.process import Command, start_worker
from tuiwb.client.standby import Standby
from tuiwb.run.create import create
from tuiwb.run.world import World
from tuiwb.spec import Resolved


def launch(
    resolved: Resolved,
    runs: Path,
    *,
    name: str | None = None,
    argv: Sequence[str] = (),
    parent: Mapping[str, Any] | None = None,
    world: World | None = None,
    standby: Standby | None = None,
    command: Command | None = None,
) -> Path:
    """Create a run and start its worker; returns the run's folder at once.

    A ``standby`` that is warm becomes the worker (in milliseconds); otherwise a new process is
    started, detached from this one. How the start goes is in the run directory, as all else: a
    worker that dies at once makes the run ``failed``, with the last lines of its log. Raises
    `UserError` where the folder cannot be made, and where the spec names code that the user has not
    allowed (nothing is left behind then). ``world`` is by how many processes it is trained.
    """
    consent.check(resolved.spec.model.name)
    if standby is not None:
        standby.prepare()  # readers take a run for dead whose worker does not come soon
    path = create(runs, resolved, name=name, argv=argv, parent=parent, world=world)
    begin(path, standby, command)
    return path


def begin(path: Path, standby: Standby | None = None, command: Command | None = None) -> None:
    """Start the worker of a run whose folder is there."""
    if standby is None or not standby.hand_over(path):
        start_worker(path, command)
