"""Autograd against finite differences: is the gradient that moves the weights the right one?

For some weights w of each tensor the slope is measured by (L(w + h) - L(w - h)) / 2h. Its error has
two parts: h^2 times the third derivative, which a small step lessens, and the rounding of the loss
over h, which it raises. The best step is about the cube root of the precision: 6e-6 in float64 and
5e-3 in float32, where even the best one leaves three digits at most. Where a ReLU turns between the
two points the slope is measured across a kink, and no step is right.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tuiwb.probes.subject import Subject

WEIGHTS = 200
"""About as many weights are moved, an equal share of each tensor: two losses a weight."""
FAINT = 1e-3
"""Differences are told as a share of the greatest gradient in their tensor, or of this share of the
greatest of all: gradients near nothing (a bias before a batch norm) are all rounding."""


def study(subject: Subject) -> dict[str, float]:
    """``gradient_error``, the greatest difference between the two slopes over the greatest gradient
    of its tensor, in float64, and ``gradient_error_float32``, the same in float32."""
    return {
        "gradient_error": error(subject, torch.float64),
        "gradient_error_float32": error(subject, torch.float32),
    }


def error(
    subject: Subject, dtype: torch.dtype, count: int = WEIGHTS, again_above: float = torch.inf
) -> float:
    """The greatest difference over about ``count`` weights; NaN where a loss is.

    A difference ``again_above`` this is measured again with a hundredth of the step: across a kink
    it was no slope, and the smaller step hardly meets one, but a wrong gradient stays wrong.
    """
    model = subject.copy(dtype)
    weights = [p for p in model.parameters() if p.requires_grad]
    found = torch.autograd.grad(subject.loss(model), weights, allow_unused=True)
    gradients = [
        torch.zeros_like(w) if g is None else g for w, g in zip(weights, found, strict=True)
    ]
    sizes = [float(g.abs().max()) for g in gradients]
    # floats on the host are float64: no rounding but the loss's own
    worst = 0.0
    # fewer weights than tensors: those looked at are spread over the depth
    every = max(1, -(-2 * len(weights) // max(2, count)))
    looked_at = list(zip(weights, gradients, sizes, strict=True))[::every]
    for weight, gradient, size in looked_at:
        scale = max(size, FAINT * max(sizes)) or 1.0
        for place in _chosen(gradient, max(2, count // len(looked_at))):
            slope = float(gradient[place])
            apart = abs(_slope(subject, model, weight.data, place) - slope) / scale
            if apart > again_above:
                closer = _slope(subject, model, weight.data, place, 0.01)
                apart = min(apart, abs(closer - slope) / scale)
            worst = _greater(worst, apart)
    return worst


def _slope(
    subject: Subject, model: nn.Module, weight: Tensor, place: Sequence[int], share: float = 1.0
) -> float:
    """The central difference of the loss in one weight, which is put back; ``share`` of the step
    that is best for the precision."""
    at = tuple(place)
    before = weight[at].clone()
    step = share * torch.finfo(weight.dtype).eps ** (1 / 3) * max(1.0, abs(float(before)))
    losses, places = [], []
    for sign in (1, -1):
        weight[at] = before + sign * step
        places.append(float(weight[at]))
        with torch.no_grad():
            losses.append(float(subject.loss(model)))
    weight[at] = before
    # the step that was really made: its end points are rounded too
    return (losses[0] - losses[1]) / (places[0] - places[1])


def _chosen(gradient: Tensor, count: int) -> list[tuple[int, ...]]:
    """Places of about ``count`` weights: half have the greatest gradients, half are drawn."""
    flat = gradient.flatten().abs()
    half = min(len(flat), (count + 1) // 2)
    drawn = torch.randint(len(flat), (half,), generator=torch.Generator().manual_seed(0))
    rows = torch.cat((flat.topk(half).indices.cpu(), drawn)).unique()
    axes = torch.unravel_index(rows, gradient.shape)
    return list(zip(*(axis.tolist() for axis in axes), strict=True))


def _greater(a: float, b: float) -> float:
    """The greater of two; NaN where one is."""
    return b if not b <= a else a
