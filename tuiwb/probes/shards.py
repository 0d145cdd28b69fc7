"""Tensors of which each process holds a part (torch's DTensor), and figures of their whole.

What adds up over the parts is summed over the processes, all of which have to ask for it at the
same time: nothing of this happens until all of them have said `together`, for whoever watches alone
would wait for ever. Tensors that lie here as a whole pass through, and cost a look.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

_together = False


def together() -> None:
    """From now on, all processes that hold a part take the same figures at the same time."""
    global _together
    _together = True


def mesh_of(tensor: Tensor) -> Any | None:
    """The processes that hold a part each; None where the whole of it lies here."""
    return getattr(tensor, "device_mesh", None) if _together else None


def local(tensor: Tensor) -> Tensor:
    """The part that lies here, in the same memory. Call it without gradients."""
    part: Tensor = tensor.to_local() if mesh_of(tensor) is not None else tensor  # type: ignore[attr-defined]
    return part


def whole(tensor: Tensor) -> Tensor:
    """All parts, on each of the processes."""
    full: Tensor = tensor.full_tensor() if mesh_of(tensor) is not None else tensor  # type: ignore[attr-defined]
    return full


def dealt(tensor: Tensor, like: Tensor) -> Tensor:
    """Of a whole ``tensor``, which every process has, what ``like`` is: itself, or its part."""
    mesh = mesh_of(like)
    if mesh is None:
        return tensor
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(tensor, mesh, like.placements, src_data_rank=None)  # type: ignore[attr-defined]


def summed(values: Tensor, mesh: Any | None) -> Tensor:
    """``values`` added up over the processes of ``mesh``; with None as they are."""
    if mesh is None:
        return values
    values = values.contiguous()  # gloo adds up memory, whatever is a view of it
    dist.all_reduce(values, group=mesh.get_group())
    return values


def norms_of(tensors: list[Tensor], mesh: Any | None) -> Tensor:
    """L2 norm of each, shape (len(tensors),): with a ``mesh``, of that whose part each is."""
    norms = torch.stack(torch._foreach_norm(tensors))
    if mesh is None:
        return norms
    return summed(norms.double().square(), mesh).sqrt().to(norms.dtype)
