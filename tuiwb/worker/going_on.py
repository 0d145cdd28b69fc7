"""Going on with a run that was trained before: from its newest whole checkpoint, or from step 0.

Nothing is taken away: rows past the checkpoint stay in their files, and readers pass them by
because the journal says from which step the run was resumed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from tuiwb.run import changed, inbox, schedule
from tuiwb.run.in_force import in_force, to_set_again
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.reader import RunReader
from tuiwb.run.resuming import refuse_finished, refuse_watched, trained, was_alive
from tuiwb.run.schema import SYSTEM
from tuiwb.run.segments import segments
from tuiwb.run.view import RunView
from tuiwb.spec.sections import Spec
from tuiwb.worker.controls import Inbox

MOOT = ("pause", "resume", "step", "stop")
"""Commands to a worker that nobody gives to the next one."""


@dataclass
class Beginning:
    """Where a worker begins: after ``step`` updates, with the ``state`` of a checkpoint (None: from
    the seed), under ``spec``, with ``commands`` to obey at steps of their own."""

    spec: Spec
    step: int = 0
    state: Mapping[str, Any] | None = None
    commands: tuple[Mapping[str, Any], ...] = ()

    def take_state(self) -> Mapping[str, Any] | None:
        """The state, which is then not kept here: a large model is not held twice."""
        state, self.state = self.state, None
        return state


def look_back(paths: RunPaths) -> RunView | None:
    """The run as the worker before left it; None where there has been none.

    A run that nobody can go on with: `UserError`.
    """
    with RunReader(paths.root) as reader:
        view = reader.poll(None)
    refuse_watched(view)
    refuse_finished(view)
    return view if trained(view) else None


def begin(paths: RunPaths, journal: Journal, spec: Spec, before: RunView | None) -> Beginning:
    """Find the checkpoint and journal what the run goes on from."""
    coming = schedule.read(paths)
    if before is None:
        return Beginning(spec, commands=tuple(coming))
    from tuiwb.engine.checkpoint import newest_whole

    skipped: list[str] = []
    step, state = newest_whole(paths.checkpoints, warn=skipped.append) or (0, None)
    events = before.events
    again = [
        {**asdict(setting), "command": "set", "again": True}
        for setting in to_set_again(events, step)
    ]
    found = changed.here()
    journal.write(
        "resumed",
        step,
        from_step=step,
        rows_again=max(0, before.status.step - step),
        checkpoint=f"checkpoints/{paths.checkpoint(step).name}" if state is not None else None,
        skipped=skipped,
        segments={
            table: max(numbers) + 1
            for table, numbers in segments(paths.tables).items()
            if table != SYSTEM
        },
        idle_s=_idle(before),
        **_fork(before),
        **found,
    )
    for text in [*skipped, *_warnings(before, state is not None), *changed.since(before, found)]:
        journal.write("warning", step, text=text)
    return Beginning(
        in_force(spec, events, step - 1),
        step,
        state,
        (*again, *schedule.left(coming, events)),
    )


def _warnings(before: RunView, whole: bool) -> list[str]:
    told = []
    if not whole and before.status.step:
        told.append("there is no whole checkpoint: it begins again from step 0")
    states = [e for e in before.events if e["kind"] == "state" and not e.get("inherited")]
    if states and states[-1].get("state") == "diverged":
        told.append(
            "it diverged before: from the same checkpoint it goes the same way, unless a knob is "
            "set on the way"
        )
    return told


def _fork(before: RunView) -> dict[str, str]:
    """Whose step it goes on from, where that is its parent's."""
    parent = before.meta.get("parent")
    name = parent.get("run") if isinstance(parent, Mapping) else None
    return {"fork_of": name} if isinstance(name, str) and was_alive(before) is None else {}


def _idle(before: RunView) -> float:
    """Seconds since anybody trained it."""
    alive = was_alive(before)
    return max(0.0, time.time() - alive) if alive is not None else 0.0


def answer_the_moot(paths: RunPaths, controls: Inbox, before: RunView | None) -> None:
    """Refuse what was asked of the worker before and means nothing to this one."""
    alive = was_alive(before) if before is not None else None
    if before is None or alive is None:
        return
    answered = {event.get("id") for event in before.events if event["kind"] == "command"}
    for asked in inbox.take(paths):
        if asked.id in answered:
            inbox.done(asked)  # it was killed between the answer and this
        elif asked.command in MOOT and asked.time <= alive:
            request = controls.request(
                asked.command, asked.args, asked.by, asked.id, partial(inbox.done, asked), asked.who
            )
            request.refuse(before.status.step, "the worker that it was asked of has ended")
