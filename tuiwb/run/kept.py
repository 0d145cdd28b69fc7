"""What a listing knows of a run, and what it keeps of one that is over."""

from __future__ import annotations

from pathlib import Path

import msgspec

LIVE = ("queued", "starting", "training", "paused")
"""States of a run whose worker lives."""


class RunSummary(msgspec.Struct, array_like=True, gc=False):
    """A run in one line; nobody changes it. ``state`` is a status' state, or ``unreadable``;
    ``words`` say it in full; ``loss`` is the last step's, None where there is none.

    ``uid`` is the same after a rename; ``parent``, ``parent_uid`` and ``parent_step`` say which
    run it forked from, and where; ``tags`` and ``note`` are what a person said of it last.
    """

    id: str
    state: str
    preset: str = ""
    step: int = 0
    steps: int | None = None
    started: float | None = None
    ended: float | None = None
    loss: float | None = None
    words: str = ""
    uid: str = ""
    parent: str = ""
    parent_uid: str = ""
    parent_step: int | None = None
    tags: tuple[str, ...] = ()
    note: str = ""
    sweep: str = ""
    """The sweep that it is a trial of."""
    raw: str = ""
    """The folder's name where it is not fit to be shown."""
    # what changes when the run changes: see `index`
    inode: int = 0
    lock: int = 0
    size: int = -1
    changed: int = 0
    touched: int = 0
    place: str = ""

    @property
    def name(self) -> str:
        """The folder's name, as it is."""
        return self.raw or self.id

    @property
    def path(self) -> Path:
        """The run's folder."""
        return Path(self.place, self.raw or self.id)

    @property
    def live(self) -> bool:
        """Whether a worker trains it, or is about to."""
        return self.state in LIVE
