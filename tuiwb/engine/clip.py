"""The total gradient norm, the count of what is not finite, and clipping, from one fused call."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from tuiwb.probes.gradients import parameter_norms


def gradient_figures(
    gradients: Sequence[torch.Tensor],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Total L2 norm and number of parameters whose gradient is not finite, as device scalars."""
    norms = parameter_norms(gradients)
    return torch.linalg.vector_norm(norms), (~norms.isfinite()).sum()


def clip(gradients: Sequence[torch.Tensor], total: torch.Tensor, largest: float) -> None:
    """Scale all gradients so that their total norm is at most ``largest`` (Pascanu et al. 2013).

    As `torch.nn.utils.clip_grad_norm_`: the factor is largest / (total + 1e-6), at most 1, and is
    computed on the device, so that nothing waits for the host.
    """
    factor = torch.clamp(largest / (total + 1e-6), max=1.0)
    torch._foreach_mul_(list(gradients), factor)
