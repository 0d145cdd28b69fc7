"""End with a checkpoint, from which it can be resumed.

``when``: after this step (unless said); at the end of this epoch; or now. Now is as quick as is
safe: an evaluation that is under way is broken off, and made up for when the run is resumed. A step
is never broken off: half an update is no state to go on from.
"""

from __future__ import annotations

import math

from tuiwb.base.errors import UserError
from tuiwb.engine.desk import Desk
from tuiwb.engine.interfaces import Command, Stopped

TAKES = "[--after step|epoch|now]"
WHEN = ("step", "epoch", "now")


def obey(desk: Desk, command: Command) -> None:
    when, step = command.args.get("when", "step"), desk.session.step
    if when not in WHEN:
        raise UserError(f"stop when {str(when)[:40]!r}? known: {', '.join(WHEN)}")
    ends = _epoch_ends(desk) if when == "epoch" else step
    reason = f"{command.who or command.by} asked it to stop"
    if ends <= step:
        command.accept(step)
        raise Stopped(reason)
    command.accept(step, ends=min(ends, desk.session.spec.train.steps))
    desk.end_at(ends, f"{reason} after the epoch")


def _epoch_ends(desk: Desk) -> int:
    """The first step at or after this one that has taken in the whole of its epoch."""
    session, updates = desk.session, desk.loop.updates
    per_epoch = session.batches.steps_per_epoch / updates
    epochs = max(1, math.ceil(session.step / per_epoch - 1e-9))
    return math.ceil(epochs * per_epoch - 1e-9)
