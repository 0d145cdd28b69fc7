"""From resolved specs to runs that one worker trains as one batched program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuiwb.base import consent
from tuiwb.base.text import one_line
from tuiwb.client.process import Command, start_worker
from tuiwb.client.standby import Standby
from tuiwb.run.create import create
from tuiwb.run.view import RunView
from tuiwb.spec import Resolved
from tuiwb.spec.population import check_population

ABOUT = "population"
"""What the worker's warning is about that says why."""


def apart(view: RunView) -> str:
    """Why a run that was begun as one of a population was trained by a process of its own; empty
    where it was not."""
    for event in view.events:
        if event["kind"] == "warning" and event.get("about") == ABOUT:
            return one_line(str(event.get("text", "")), 400)
    return ""


def launch_population(
    members: Sequence[Resolved],
    runs: Path,
    *,
    names: Sequence[str | None] | None = None,
    argv: Sequence[str] = (),
    sweeps: Sequence[Mapping[str, Any] | None] | None = None,
    standby: Standby | None = None,
    command: Command | None = None,
) -> list[Path]:
    """Create a run for each of ``members`` and start one worker for all; their folders, in order.
    ``sweeps`` says of which sweep each is a trial (`create`).

    Each is an ordinary run: it can be attached to, steered, resumed and forked alone. Where the
    model turns out not to be batchable, the worker trains them in processes of their own, as many
    at a time as there are cores, and says why in every journal. Raises `UserError` where a folder
    cannot be made, and where the members differ in more than one program can train
    (`tuiwb.spec.population`); nothing is left behind then.
    """
    for resolved in members:
        consent.check(resolved.spec.model.name)
    check_population([resolved.spec for resolved in members])
    if standby is not None:
        standby.prepare()
    called = names or [None] * len(members)
    trials = sweeps or [None] * len(members)
    paths = [
        create(runs, resolved, name=name, argv=argv, sweep=sweep)
        for resolved, name, sweep in zip(members, called, trials, strict=True)
    ]
    if standby is None or not standby.hand_over(*paths):
        start_worker(paths[0], command, paths[1:])
    return paths
