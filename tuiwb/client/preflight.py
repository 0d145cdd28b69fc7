"""The pre-flight of a spec, asked of a worker that is started for it; its checks are told as they
come."""

from __future__ import annotations

from typing import Any

from tuiwb.client.process import Command
from tuiwb.client.question import Question, Tell
from tuiwb.spec import Resolved, to_toml


class Preflight(Question):
    """One pre-flight: ``{checks, passed, failed, seconds}``; each check is told when it begins
    (``state`` is ``running``) and when it is done."""

    def __init__(self, resolved: Resolved, command: Command | None = None) -> None:
        super().__init__("--preflight", to_toml(resolved), "check", command)


def preflight(
    resolved: Resolved, tell: Tell = lambda row: None, command: Command | None = None
) -> dict[str, Any]:
    """`Preflight.run` of one spec."""
    return Preflight(resolved, command).run(tell)
