"""What a study of the whole model is handed: the model, and the loss of one fixed batch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Subject:
    """A model in its training mode and what it is trained to lower."""

    model: nn.Module
    """The model itself. It is looked at and never run: `copy` is there for that."""
    loss: Callable[[nn.Module], Tensor]
    """Scalar loss of a copy on one batch, in the copy's own precision and on its own device. A
    function of the weights alone: what is drawn on the way (dropout, noise) is the same each time,
    and training's random state is left as it was. Without penalties on the weights."""
    lr: float
    """The optimiser's learning rate now."""
    on_batch: Callable[[nn.Module, int], Tensor] | None = None
    """The loss on further batches, each by its number, as `loss` is on its own."""
    samples: int = 0
    """Samples (tokens of text) in a batch."""
    step: Callable[[nn.Module], None] | None = None
    """Moves a copy as training would move the model next, by the gradient of `loss`: with the
    optimiser's state, clipping and penalties, which are left as they are."""

    def copy(self, dtype: torch.dtype = torch.float64) -> nn.Module:
        """The model in ``dtype``, with weights of its own and no gradients."""
        twin = copy.deepcopy(self.model)
        for parameter in twin.parameters():
            parameter.grad = None
        if dtype == torch.float64 and any(p.device.type == "mps" for p in twin.parameters()):
            twin = twin.cpu()  # which MPS does not compute in
        return twin.to(dtype)
