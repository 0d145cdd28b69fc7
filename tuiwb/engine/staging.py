"""Copies of what is being trained, taken while training waits: as short as a copy can be.

Memory that is asked for anew is paid for page by page, which takes longer than the copy itself, and
a GPU copies fast only into memory that is pinned. So the memory of one state is kept for the next,
and that of the first is asked for ahead, while training goes on.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

AHEAD = 64_000_000
"""Bytes of a state from which on its memory is asked for ahead: less is copied at once anyway."""
_Kind = tuple[torch.dtype, torch.Size, tuple[int, ...]]


@dataclass(frozen=True)
class Staged:
    """A copy of a state, on the CPU."""

    state: Any
    tensors: dict[tuple[object, ...], Tensor] = field(repr=False)
    """The copies, by where their originals lie: tensors that share memory (tied weights) share
    their copy."""


class Staging:
    """Takes copies, and their memory back. `give_back` may be called by another thread."""

    def __init__(self) -> None:
        self._free: dict[_Kind, list[Tensor]] = {}
        self._took = False

    def prepare(self, state: Any) -> threading.Thread | None:
        """Ask for the memory of the first copy ahead, on a thread of its own, where that is worth
        it. ``state`` is of the shapes that `take` will be given."""
        originals: dict[tuple[object, ...], Tensor] = {}
        _find(state, originals)
        if sum(tensor.nbytes for tensor in originals.values()) < AHEAD:
            return None
        wanted = [(_kind(tensor), tensor.device.type == "cuda") for tensor in originals.values()]
        thread = threading.Thread(target=self._ask, args=(wanted,), name="staging", daemon=True)
        thread.start()
        return thread

    def _ask(self, wanted: list[tuple[_Kind, bool]]) -> None:
        free: dict[_Kind, list[Tensor]] = {}
        with suppress(MemoryError, RuntimeError):  # the copy will tell of it, if it comes to that
            for (dtype, shape, stride), pin in wanted:
                if self._took:
                    return
                tensor = torch.empty_strided(shape, stride, dtype=dtype, pin_memory=pin)
                free.setdefault(_kind(tensor), []).append(tensor.zero_())  # every page is touched
            if not self._took:
                self._free = free

    def take(self, state: Any) -> Staged:
        """A copy of ``state``: dicts and lists of plain values and of tensors on any device."""
        self._took = True
        staged = Staged(None, {})
        copied = self._copy(state, staged.tensors)
        if any(place[0] == "cuda" for place in staged.tensors):
            torch.cuda.synchronize()
        return Staged(copied, staged.tensors)

    def give_back(self, staged: Staged) -> None:
        """The copy is needed no more. The memory of one is kept, whatever was given back before."""
        free: dict[_Kind, list[Tensor]] = {}
        for tensor in staged.tensors.values():
            free.setdefault(_kind(tensor), []).append(tensor)
        self._free = free

    def _copy(self, value: Any, made: dict[tuple[object, ...], Tensor]) -> Any:
        if isinstance(value, Tensor):
            return self._tensor(value.detach(), made)
        if isinstance(value, dict):
            return {key: self._copy(item, made) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._copy(item, made) for item in value]
        return value

    def _tensor(self, source: Tensor, made: dict[tuple[object, ...], Tensor]) -> Tensor:
        place = _place(source)
        if place not in made:
            free = self._free.get(_kind(source))
            pin = source.device.type == "cuda"
            target = free.pop() if free else torch.empty_like(source, device="cpu", pin_memory=pin)
            made[place] = target.copy_(source, non_blocking=pin)
        return made[place]


def _find(value: Any, found: dict[tuple[object, ...], Tensor]) -> None:
    """Every tensor of a state that needs a copy of its own, by where it lies."""
    if isinstance(value, Tensor):
        found.setdefault(_place(value), value)
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            _find(item, found)


def _place(tensor: Tensor) -> tuple[object, ...]:
    start = tensor.untyped_storage().data_ptr() or id(tensor)
    where = tensor.device
    return (where.type, where.index, start, tensor.storage_offset(), *_kind(tensor))


def _kind(tensor: Tensor) -> _Kind:
    return tensor.dtype, tensor.shape, tensor.stride()
