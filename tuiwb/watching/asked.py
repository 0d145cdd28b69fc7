"""What a loop of the user's own can be asked: to stop, and to take a note."""

from __future__ import annotations

from tuiwb.base.errors import UserError
from tuiwb.engine.commands.note import text_of
from tuiwb.engine.interfaces import Command, Sink


def obey(command: Command, step: int, sink: Sink) -> str | None:
    """Answer ``command``; why the loop is to stop, where that is asked."""
    if command.command == "stop":
        if command.args.get("when") == "epoch":
            command.refuse(step, "the loop is the user's own: its epochs are not known")
            return None
        command.accept(step)
        return f"{command.who or command.by} asked it to stop"
    if command.command == "note":
        try:
            text = text_of(command)
        except UserError as error:
            command.refuse(step, error.what)
            return None
        sink.event("note", step, text=text, by=command.by, who=command.who)
        command.accept(step)
        return None
    command.refuse(step, "the loop is the user's own: it can be asked to stop and to note a line")
    return None
