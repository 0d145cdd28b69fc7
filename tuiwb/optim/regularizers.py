"""Penalties on weight matrices, alike for every optimiser.

Only tensors of two or more dimensions are touched: biases and the scales of norms carry no
capacity worth shrinking. A tensor that two layers share is penalised once.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Regularizer:
    """L1, L2 and decoupled weight decay on the weight matrices of ``model``.

    The three strengths are plain attributes, read at every step, so that they can be changed while
    training. A strength of 0 costs nothing.
    """

    def __init__(
        self, model: nn.Module, l1: float = 0.0, l2: float = 0.0, weight_decay: float = 0.0
    ) -> None:
        self.weights: list[Tensor] = [
            p for p in model.parameters() if p.requires_grad and p.ndim >= 2
        ]
        self.l1 = l1
        self.l2 = l2
        self.weight_decay = weight_decay

    def add_gradients(self) -> None:
        """Add the gradients of ``l1 * sum |w|`` and of ``l2 / 2 * sum w^2`` to those of the loss.

        Call it after clipping: the penalty is not the loss's, and clipping would weaken it exactly
        where the loss is steep.
        """
        if self.l1 or self.l2:
            self._add_gradients()

    @torch.no_grad()
    def _add_gradients(self) -> None:
        weights = [w for w in self.weights if w.grad is not None]
        grads = [w.grad for w in weights if w.grad is not None]
        if not weights:
            return
        if self.l1:
            torch._foreach_add_(grads, torch._foreach_sign(weights), alpha=self.l1)
        if self.l2:
            torch._foreach_add_(grads, weights, alpha=self.l2)

    def decay(self, lr: float) -> None:
        """Shrink weights by the factor ``1 - lr * weight_decay``, before the optimiser's step.

        Weights without a gradient are not trained in this turn or stage, and stay.

        Decoupled from the gradient (Loshchilov & Hutter 2019, algorithm 2, with the schedule in
        ``lr``): the same as AdamW's own.
        """
        if self.weight_decay:
            self._decay(1 - lr * self.weight_decay)

    @torch.no_grad()
    def _decay(self, factor: float) -> None:
        moving = [w for w in self.weights if w.grad is not None]
        if moving:
            torch._foreach_mul_(moving, factor)

    def penalty(self) -> float:
        """``l1 * sum |w| + l2 / 2 * sum w^2``, in the loss's unit. Waits for the device."""
        total = sum(
            self.l1 * float(w.detach().abs().sum()) + self.l2 / 2 * float(w.detach().square().sum())
            for w in self.weights
        )
        return float(total)
