"""Look into the whole model; its figures, and no bit of the training changes."""

from __future__ import annotations

from tuiwb.base.errors import UserError
from tuiwb.engine.desk import Desk
from tuiwb.engine.interfaces import Command
from tuiwb.engine.studies import study_now

TAKES = "STUDY"


def obey(desk: Desk, command: Command) -> None:
    name = str(command.args.get("study", ""))
    desk.loop.settle()
    try:
        figures = study_now(desk.session, name)
    except (RuntimeError, MemoryError) as error:
        # a layer without a second derivative, a device without room for a copy: training goes on
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{name} is not possible here: {why}") from None
    desk.report("study", name=name, figures=figures)
    command.accept(desk.session.step)
