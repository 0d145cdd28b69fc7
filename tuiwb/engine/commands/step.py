"""Take N steps while paused, 1 unless said, and be paused again.

One step is too short to be told as training.
"""

from __future__ import annotations

from tuiwb.engine.desk import Desk
from tuiwb.engine.interfaces import Command

TAKES = "[N]"
MOST = 10**9
"""Steps that one ``step`` can ask for."""


def obey(desk: Desk, command: Command) -> None:
    steps = command.args.get("steps", 1)
    if not desk.paused:
        command.refuse(desk.session.step, "it is not paused; pause it first")
    elif isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MOST:
        command.refuse(desk.session.step, f"steps must be a whole number from 1 to {MOST}")
    else:
        command.accept(desk.session.step)
        desk.left = steps
        if steps > 1:
            desk.tell("training", doing=f"{steps} steps, then it pauses")
