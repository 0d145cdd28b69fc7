"""Change hot knobs from the coming step on, all of them or none.

A changed learning rate is the peak of the same schedule: its shape stays.
"""

from __future__ import annotations

from tuiwb.base.errors import UserError
from tuiwb.engine.desk import Desk
from tuiwb.engine.interfaces import Command
from tuiwb.spec.hot import hot_keys, value_of, with_settings

TAKES = "KEY=VALUE ..."


def obey(desk: Desk, command: Command) -> None:
    before = desk.session.spec
    if not command.args:
        raise UserError("nothing to set", allowed=", ".join(hot_keys(before)))
    spec = with_settings(before, command.args)
    desk.loop.settle()
    desk.loop.checkpoint("before a set")
    desk.loop.retune(spec)
    command.accept(desk.session.step, was={key: value_of(before, key) for key in command.args})
