"""How large a batch may be before it brings nothing more: the gradient noise scale.

McCandlish, Kaplan, Amodei et al. 2018, "An Empirical Model of Large-Batch Training", appendix A.1.
The squared norm of a batch's gradient is |G|^2 + S / B: the true one, and the noise of B samples.
From two batch sizes, one batch and several as one, both follow without bias; their ratio S / |G|^2
is the batch size (in samples, or tokens of text) at which noise and gradient are equals. Far below
it, twice the batch saves half the steps; far above it, it saves nothing.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tuiwb.probes.subject import Subject

BATCHES = 8
"""Batches that make the large one; the small one's norm is a mean over them."""


def study(subject: Subject) -> dict[str, float]:
    """``noise_scale`` (samples; infinite where no gradient can be told from the noise) and
    ``noise_scale_over_batch``, the same in batches of training. NaN without several batches."""
    if subject.on_batch is None or not subject.samples:
        return {"noise_scale": math.nan, "noise_scale_over_batch": math.nan}
    model = subject.copy(torch.float32)
    weights = [p for p in model.parameters() if p.requires_grad]
    total: list[Tensor] = [torch.zeros_like(weight) for weight in weights]
    small = 0.0
    for number in range(BATCHES):
        loss = subject.on_batch(model, number)
        found = torch.autograd.grad(loss, weights, allow_unused=True)
        known = [(t, g) for t, g in zip(total, found, strict=True) if g is not None]
        small += _squares([g for _, g in known]) / BATCHES
        for sum_, gradient in known:
            sum_.add_(gradient)
    large = _squares(total) / BATCHES**2
    scale = noise_scale(small, large, subject.samples, BATCHES * subject.samples)
    return {"noise_scale": scale, "noise_scale_over_batch": scale / subject.samples}


def noise_scale(small: float, large: float, few: int, many: int) -> float:
    """S / |G|^2 from the squared norms of gradients over ``few`` and over ``many`` samples."""
    signal = (many * large - few * small) / (many - few)
    noise = max(0.0, (small - large) / (1 / few - 1 / many))
    if signal > 0:
        return noise / signal
    return math.nan if signal != signal or noise == 0 else math.inf


def _squares(tensors: list[Tensor]) -> float:
    return float(sum(float(t.double().square().sum()) for t in tensors))
