"""Copies of what is being trained, taken while training waits: as short as a copy can be.

Memory that is asked for anew is paid for page by page, which takes longer than the copy itself, and
a GPU copies fast only into memory that is pinned. So the memory of one state is kept for the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

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

    def take(self, state: Any) -> Staged:
        """A copy of ``state``: dicts and lists of plain values and of tensors on any device."""
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
        where = source.device
        start = source.untyped_storage().data_ptr() or id(source)
        place = (where.type, where.index, start, source.storage_offset(), *_kind(source))
        if place not in made:
            free = self._free.get(_kind(source))
            pin = where.type == "cuda"
            target = free.pop() if free else torch.empty_like(source, device="cpu", pin_memory=pin)
            made[place] = target.copy_(source, non_blocking=pin)
        return made[place]


def _kind(tensor: Tensor) -> _Kind:
    return tensor.dtype, tensor.shape, tensor.stride()
