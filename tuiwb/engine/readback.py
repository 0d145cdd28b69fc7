"""Getting figures off the device without stopping it.

On the CPU a figure is read at once: there is nothing to wait for. On a GPU each step's figures are
copied into a slot of a pinned ring on a side stream, and read some steps later, when an event says
that the copy is done; the training stream never waits for the host.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch

T = TypeVar("T")


class ReadBack(Protocol[T]):
    """Takes device tensors with a note, gives back host arrays with the same note, in order."""

    def push(self, note: T, figures: torch.Tensor) -> None: ...

    def ready(self) -> Iterator[tuple[T, np.ndarray]]:
        """What has arrived since the last call."""
        ...

    def flush(self) -> Iterator[tuple[T, np.ndarray]]:
        """Wait for all that is under way, and give it."""
        ...


class Immediate(Generic[T]):
    """Read-back on the CPU."""

    def __init__(self) -> None:
        self._arrived: list[tuple[T, float | torch.Tensor]] = []

    def push(self, note: T, figures: torch.Tensor) -> None:
        # a lone loss is read here and now: keeping its tensor would cost more than its number
        self._arrived.append((note, figures.detach() if figures.ndim else figures.item()))

    def ready(self) -> Iterator[tuple[T, np.ndarray]]:
        arrived, self._arrived = self._arrived, []
        return ((note, _array(figures)) for note, figures in arrived)

    flush = ready


def _array(figures: float | torch.Tensor) -> np.ndarray:
    return figures.float().numpy() if isinstance(figures, torch.Tensor) else np.array(figures)


class Ring(Generic[T]):
    """Read-back from a CUDA device through ``slots`` pinned buffers.

    A full ring waits for its oldest slot, which bounds how late a figure can be.
    """

    def __init__(self, device: torch.device, slots: int = 64) -> None:
        self._stream: Any = torch.cuda.Stream(device)
        self._slots = slots
        self._free: dict[tuple[int, ...], list[torch.Tensor]] = {}
        self._under_way: deque[tuple[T, torch.Tensor, torch.Tensor, Any]] = deque()
        self._arrived: list[tuple[T, np.ndarray]] = []

    def push(self, note: T, figures: torch.Tensor) -> None:
        if len(self._under_way) >= self._slots:
            self._collect(wait=True)
        figures = figures.detach().float()
        pool = self._free.setdefault(tuple(figures.shape), [])
        host = pool.pop() if pool else torch.empty(figures.shape, pin_memory=True)
        self._stream.wait_stream(torch.cuda.current_stream(figures.device))
        with torch.cuda.stream(self._stream):
            host.copy_(figures, non_blocking=True)
            done = torch.cuda.Event()
            done.record()
        # the source is kept until its copy is done, so that its memory is not handed out again
        self._under_way.append((note, host, figures, done))

    def _collect(self, wait: bool = False) -> None:
        """Take the slots that are done; with ``wait``, at least the oldest."""
        while self._under_way and (wait or self._under_way[0][3].query()):
            note, host, _, done = self._under_way.popleft()
            if wait:
                done.synchronize()
                wait = False
            self._arrived.append((note, host.numpy().copy()))
            self._free[tuple(host.shape)].append(host)

    def ready(self) -> Iterator[tuple[T, np.ndarray]]:
        self._collect()
        arrived, self._arrived = self._arrived, []
        return iter(arrived)

    def flush(self) -> Iterator[tuple[T, np.ndarray]]:
        while self._under_way:
            self._collect(wait=True)
        return self.ready()


def read_back(device: torch.device) -> Immediate[Any] | Ring[Any]:
    """The right kind for a device."""
    return Ring(device) if device.type == "cuda" else Immediate()
