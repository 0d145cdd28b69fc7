"""Clipping by the total norm, from norms that have been taken anyway."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def clip(gradients: Sequence[torch.Tensor], norms: torch.Tensor, largest: float) -> None:
    """Scale all gradients so that their total norm is at most ``largest`` (Pascanu et al. 2013).

    ``norms`` are those of the gradients, shape (len(gradients),).

    As `torch.nn.utils.clip_grad_norm_`: the factor is largest / (total + 1e-6), at most 1, and is
    computed on the device, so that nothing waits for the host.
    """
    factor = torch.clamp(largest / (torch.linalg.vector_norm(norms) + 1e-6), max=1.0)
    torch._foreach_mul_(list(gradients), factor)
