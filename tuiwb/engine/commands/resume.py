"""Go on after a pause."""

from __future__ import annotations

from tuiwb.engine.desk import Desk
from tuiwb.engine.interfaces import Command


def obey(desk: Desk, command: Command) -> None:
    if not desk.paused:
        command.refuse(desk.session.step, "it is not paused")
        return
    command.accept(desk.session.step)
    desk.paused, desk.left = False, 0
    desk.tell("training")
