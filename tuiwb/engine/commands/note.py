"""Write a line of your own at this step, in the log and on the charts."""

from __future__ import annotations

from tuiwb.base.errors import UserError
from tuiwb.engine.desk import Desk
from tuiwb.engine.interfaces import Command

TAKES = "TEXT"
LONGEST = 500
"""Characters of one note."""


def obey(desk: Desk, command: Command) -> None:
    desk.report("note", text=text_of(command), by=command.by, who=command.who)
    command.accept(desk.session.step)


def text_of(command: Command) -> str:
    """What is to be noted: one line, not empty."""
    text = command.args.get("text")
    text = " ".join(text.split()) if isinstance(text, str) else ""
    if not 0 < len(text) <= LONGEST:
        raise UserError(f"a note is a text of 1 to {LONGEST} characters")
    return text
