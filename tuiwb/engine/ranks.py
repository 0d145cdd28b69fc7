"""Who trains: one process, or one of several that make every step together.

A run is trained by ranks 0 to ``world`` - 1. Each holds the whole model and takes its rows of every
batch; gradients are added up over all of them (`tuiwb.engine.shared`). Rank 0 hears what people
ask and tells what happens; the others do the same at the same step, and say nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from tuiwb.engine.interfaces import Controls, Stopped

if TYPE_CHECKING:
    from tuiwb.engine.build import Session
    from tuiwb.engine.update import Update
    from tuiwb.probes.watcher import Watcher

T = TypeVar("T")


class Ranks(Protocol):
    """What the loop asks of whoever trains with it."""

    world: int
    """How many there are."""
    leads: bool
    """Whether this is rank 0."""
    local: int | None
    """Which of the processes on this machine it is; None where it is the only one."""
    neighbours: int
    """Processes on this machine, this one too."""

    def heard(self, controls: Controls) -> Controls:
        """``controls`` as all ranks hear them, at the same step."""
        ...

    def update(self, session: Session, watch: Watcher) -> Update:
        """What makes the updates of ``session``."""
        ...

    def agreed(self, value: T) -> T:
        """Rank 0's ``value``, for every rank. All of them have to ask."""
        ...

    def stop(self, stopped: Stopped) -> None:
        """This rank sees that training is over: end it, on all ranks at the same step."""
        ...

    def begin(self, session: Session) -> None:
        """Before the first step, wherever it begins: random numbers of this rank's own."""
        ...


class Alone:
    """The only process: nothing is shared, and nothing is paid for it."""

    world = 1
    leads = True
    local: int | None = None
    neighbours = 1

    def heard(self, controls: Controls) -> Controls:
        return controls

    def update(self, session: Session, watch: Watcher) -> Update:
        from tuiwb.engine.update import Update

        return Update(session, watch)

    def agreed(self, value: T) -> T:
        return value

    def stop(self, stopped: Stopped) -> None:
        raise stopped

    def begin(self, session: Session) -> None:
        pass


ALONE = Alone()
