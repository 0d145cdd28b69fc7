"""Ranks for tests: forked from the test's own process, which has loaded torch already."""

from __future__ import annotations

import os
import pickle
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from tuiwb.engine.shared import Many

T = TypeVar("T")
PATIENCE = 60
"""Seconds after which a rank that hangs is killed by its own alarm."""


def ranked(folder: Path, world: int, work: Callable[[Many], T], planned: int = 0) -> list[T]:
    """What ``work`` gives on each of ``world`` ranks, in order; what one of them raises fails."""
    folder.mkdir(exist_ok=True)
    children = [_fork(folder, rank, world, planned or world, work) for rank in range(world)]
    ended = [os.waitpid(child, 0)[1] for child in children]
    told: list[Any] = []
    for rank, status in enumerate(ended):
        place = folder / str(rank)
        assert place.is_file(), f"rank {rank} ended with {status}"
        result, error = pickle.loads(place.read_bytes())
        assert not error, f"rank {rank}: {error}"
        told.append(result)
    return told


def _fork(folder: Path, rank: int, world: int, planned: int, work: Callable[[Many], object]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        signal.alarm(PATIENCE)
        torch.set_num_threads(1)
        store = dist.FileStore(str(folder / "store"), world)
        dist.init_process_group("gloo", store=store, rank=rank, world_size=world)
        try:
            told: tuple[object, str] = work(Many(planned, rank, world)), ""
        except BaseException:
            told = None, traceback.format_exc()
        (folder / str(rank)).write_bytes(pickle.dumps(told))
    finally:
        os._exit(0)
