"""What a listing knows of a run, and what it keeps of one that is over.

There may be a hundred thousand of them: those that are over are kept packed, in a quarter of the
memory, and unpacked one by one as they are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias, overload

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

    @property
    def forked(self) -> bool:
        """Whether it names a parent."""
        return bool(self.parent or self.parent_uid)

    def full(self) -> RunSummary:
        """Itself."""
        return self


class Packed(msgspec.Struct, gc=False):
    """A run that is over, as the index has it; what a look at very many runs asks is at hand."""

    name: str
    place: str
    data: bytes
    forked: bool

    @property
    def live(self) -> bool:
        """Runs that are over do not live."""
        return False

    def full(self) -> RunSummary:
        """The run in one line."""
        run = _decoder.decode(self.data)
        run.place = self.place
        return run


Kept: TypeAlias = RunSummary | Packed
_decoder = msgspec.msgpack.Decoder(RunSummary)
_encode = msgspec.msgpack.Encoder().encode


def pack(run: RunSummary) -> Packed:
    """A run that is over, packed."""
    return Packed(run.name, run.place, _encode(msgspec.structs.astuple(run)[:-1]), run.forked)


class Runs(Sequence[RunSummary]):
    """Runs in an order, unpacked when they are asked for; ``kept`` is what they are made of."""

    def __init__(self, kept: Sequence[Kept]) -> None:
        self.kept = kept

    def __len__(self) -> int:
        return len(self.kept)

    @overload
    def __getitem__(self, place: int) -> RunSummary: ...

    @overload
    def __getitem__(self, place: slice) -> list[RunSummary]: ...

    def __getitem__(self, place: int | slice) -> RunSummary | list[RunSummary]:
        if isinstance(place, slice):
            return [one.full() for one in self.kept[place]]
        return self.kept[place].full()

    def __iter__(self) -> Iterator[RunSummary]:
        return (one.full() for one in self.kept)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


def kept(runs: Sequence[Kept]) -> Sequence[Kept]:
    """What ``runs`` are made of: for looks at all of them that need no more than a name."""
    return runs.kept if isinstance(runs, Runs) else runs
