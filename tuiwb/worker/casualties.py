"""Which rank ended first, and how: by torch's list of those that have failed."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.worker.rank import LOST


class Failure(Protocol):
    """What is used of torch's `ProcessFailure`; ``exitcode`` below 0 is a signal."""

    exitcode: int
    error_file_data: Any


@dataclass(frozen=True)
class Casualty:
    """The rank to which the others' ends are due."""

    rank: int
    words: str
    killed: bool
    """Whether something outside of the run ended it: it may be started again."""
    status: int
    error: UserError | None = None


def casualty(failures: Mapping[int, Failure]) -> Casualty:
    """The one of several that was there first: what a rank tells of itself, then a signal that is
    not the launcher's own; the others have lost one another."""
    rank = min(failures, key=lambda rank: (_order(failures[rank]), rank))
    failure = failures[rank]
    if (error := _told(failure, rank)) is not None:
        return Casualty(rank, error.what, False, error.exit_code, error)
    code = failure.exitcode
    if code == LOST or code == -signal.SIGTERM:
        return Casualty(rank, f"rank {rank} has lost another one", True, WorkerFailed.exit_code)
    if code < 0:
        return Casualty(rank, f"rank {rank} was killed ({_name(-code)})", True, 128 - code)
    error = WorkerFailed(f"rank {rank} ended with exit code {code}", next="its log may tell why")
    return Casualty(rank, error.what, False, code, error)


def _order(failure: Failure) -> int:
    if _told(failure, 0) is not None:
        return 0
    if failure.exitcode in (LOST, -signal.SIGTERM):
        return 3
    return 1 if failure.exitcode < 0 else 2


def _told(failure: Failure, rank: int) -> UserError | None:
    data = failure.error_file_data
    told = data.get("error") if isinstance(data, Mapping) else None
    if not isinstance(told, Mapping):
        return None
    error = UserError.from_dict(dict(told))
    error.what = f"rank {rank}: {error.what}" if rank else error.what
    return error


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
