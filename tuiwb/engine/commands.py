"""What a person may ask of a running loop. One function a command, found by its name."""

from __future__ import annotations

from collections.abc import Callable

from tuiwb.base.errors import nearest
from tuiwb.engine.build import Session
from tuiwb.engine.interfaces import Command, Stopped


def stop(session: Session, command: Command) -> None:
    """Leave the loop at this step boundary, with a checkpoint."""
    command.accept(session.step)
    raise Stopped(f"{command.by} asked it to stop")


COMMANDS: dict[str, Callable[[Session, Command], None]] = {"stop": stop}


def obey(session: Session, command: Command) -> None:
    """Do what ``command`` asks, or refuse it with the reason."""
    function = COMMANDS.get(command.command)
    if function is None:
        known = ", ".join(COMMANDS)
        near = nearest(command.command, COMMANDS)
        hint = f"; did you mean {near}?" if near else ""
        command.refuse(session.step, f"unknown command {command.command!r} (known: {known}){hint}")
    else:
        function(session, command)
