"""Hold the loop at this step; commands are still obeyed at once."""

from __future__ import annotations

from tuiwb.engine.desk import Desk
from tuiwb.engine.interfaces import Command


def obey(desk: Desk, command: Command) -> None:
    if desk.paused and not desk.left:
        command.refuse(desk.session.step, "it is paused already")
        return
    command.accept(desk.session.step)
    desk.paused, desk.left = True, 0
    desk.tell("paused")
