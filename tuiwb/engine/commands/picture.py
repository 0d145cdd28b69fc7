"""Take the pictures of this step, whatever they cost."""

from __future__ import annotations

from tuiwb.base.errors import UserError
from tuiwb.engine.desk import Desk
from tuiwb.engine.interfaces import Command


def obey(desk: Desk, command: Command) -> None:
    desk.loop.settle()
    with desk.session.ranks.whole():
        names = desk.loop.pictures.now(desk.session, desk.loop.sink)
    if not names:
        raise UserError(f"the task {desk.session.spec.task.name!r} has no pictures")
    command.accept(desk.session.step, names=names)
