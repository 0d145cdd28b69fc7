"""Who trains: one process, or one of several that make every step together.

A run is trained by ranks 0 to ``world`` - 1. Each holds the whole model, or a part of every weight,
and takes its rows of every batch; gradients are added up over all of them (`tuiwb.engine.shared`).
Rank 0 hears what people ask and tells what happens; the others do the same at the same step, and
say nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

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

    @property
    def sharded(self) -> bool:
        """Whether each of them holds a part of every weight in place of a copy."""
        ...

    def heard(self, controls: Controls) -> Controls:
        """``controls`` as all ranks hear them, at the same step."""
        ...

    def spread(self, session: Session) -> None:
        """Before the optimisers are made: the weights become those that this rank keeps."""
        ...

    def update(self, session: Session, watch: Watcher) -> Update:
        """What makes the updates of ``session``."""
        ...

    def agreed(self, value: T) -> T:
        """Rank 0's ``value``, for every rank. All of them have to ask."""
        ...

    def whole(self) -> AbstractContextManager[object]:
        """Within it the model's weights lie here as a whole, for who only looks. All ranks have to
        enter it; what each does in it is its own."""
        ...

    def wished(self, wish: str) -> str:
        """For what a checkpoint is called for that only rank 0 knows of: ``wish``, or where all
        ranks have to give their part, that of a step ago, which all know by now."""
        ...

    def takes(self, takes: bool) -> bool:
        """Whether a checkpoint is taken now, where this rank ``takes`` one. All have to ask."""
        ...

    def lent(self, state: Callable[[], Any]) -> Callable[[], Any]:
        """``state``; where it is sharded a copy of it, with the parts of all ranks. All have to
        ask."""
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
    sharded = False

    def heard(self, controls: Controls) -> Controls:
        return controls

    def spread(self, session: Session) -> None:
        pass

    def update(self, session: Session, watch: Watcher) -> Update:
        from tuiwb.engine.update import Update

        return Update(session, watch)

    def agreed(self, value: T) -> T:
        return value

    def whole(self) -> AbstractContextManager[object]:
        return nullcontext()

    def wished(self, wish: str) -> str:
        return wish

    def takes(self, takes: bool) -> bool:
        return takes

    def lent(self, state: Callable[[], Any]) -> Callable[[], Any]:
        return state

    def stop(self, stopped: Stopped) -> None:
        raise stopped

    def begin(self, session: Session) -> None:
        pass


ALONE = Alone()
