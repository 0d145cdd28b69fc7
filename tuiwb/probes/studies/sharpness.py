"""How sharply the loss bends, beside 2 / lr: the Hessian's greatest eigenvalue.

On a parabola of curvature above 2 / lr gradient descent grows instead of settling; training by
full batches rises to that edge and stays there (Cohen, Kaur, Li, Kolter & Talwalkar 2021, "Gradient
Descent on Neural Networks Typically Occurs at the Edge of Stability"). Momentum and Adam have edges
of their own. Power iteration with products of Hessian and vector (Pearlmutter 1994).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from tuiwb.probes.subject import Subject

ITERATIONS = 100
CLOSE = 1e-4
"""Relative change of the eigenvalue at which it counts as found, several times in a row."""
CALM = 3
Product = Callable[[list[Tensor]], list[Tensor]]


def study(subject: Subject) -> dict[str, float]:
    """``sharpness``, ``sharpness_limit`` = 2 / lr, and ``sharpness_ratio``, the one over the
    other: above 1 plain gradient descent does not settle."""
    model = subject.copy(torch.float32)
    weights = [p for p in model.parameters() if p.requires_grad]
    # fused attention and cuDNN's recurrent layers know no second derivative
    with sdpa_kernel(SDPBackend.MATH), torch.backends.cudnn.flags(enabled=False):
        loss = subject.loss(model)
        found = torch.autograd.grad(loss, weights, create_graph=True, allow_unused=True)
        pairs = [(w, g) for w, g in zip(weights, found, strict=True) if g is not None]
        moved = [w for w, _ in pairs]
        # a gradient that is the same everywhere has no graph, and no curvature
        bent = [(i, g) for i, (_, g) in enumerate(pairs) if g.requires_grad]

        def product(vector: list[Tensor]) -> list[Tensor]:
            along = [vector[i] for i, _ in bent]
            curved = torch.autograd.grad(
                [g for _, g in bent], moved, along, retain_graph=True, allow_unused=True
            )
            return [
                torch.zeros_like(v) if c is None else c for v, c in zip(vector, curved, strict=True)
            ]

        top = greatest(product, moved) if bent else 0.0
    limit = 2 / subject.lr if subject.lr else math.inf
    return {"sharpness": top, "sharpness_limit": limit, "sharpness_ratio": top / limit}


def greatest(product: Product, like: Sequence[Tensor]) -> float:
    """The greatest eigenvalue (not the greatest by size) of a symmetric matrix that is known by its
    products with vectors shaped as ``like``. NaN where a product is."""
    largest = _dominant(product, like)
    if not largest < 0:
        return largest
    # the most negative one is larger in size: from there upwards the spectrum is positive

    def shifted(vector: list[Tensor]) -> list[Tensor]:
        return [p - largest * v for p, v in zip(product(vector), vector, strict=True)]

    return _dominant(shifted, like, -largest) + largest


def _dominant(product: Product, like: Sequence[Tensor], offset: float = 0.0) -> float:
    """Power iteration: the eigenvalue that is greatest by size; ``offset`` of it was added."""
    generator = torch.Generator().manual_seed(0)
    vector = _unit([torch.randn(t.shape, generator=generator).to(t) for t in like])
    value, calm = math.nan, 0
    for _ in range(ITERATIONS):
        turned = product(vector)
        before, value = value, float(sum(float((v * t).sum()) for v, t in _both(vector, turned)))
        size = _size(turned)
        if size == 0 or not math.isfinite(size):
            return 0.0 if size == 0 else math.nan
        calm = calm + 1 if abs(value - before) <= CLOSE * abs(value - offset) else 0
        if calm >= CALM:
            break
        vector = _unit(turned)
    return value


def _unit(vector: list[Tensor]) -> list[Tensor]:
    size = _size(vector) or 1.0
    return [v.detach() / size for v in vector]


def _size(vector: list[Tensor]) -> float:
    return math.sqrt(sum(float(v.double().square().sum()) for v in vector))


def _both(a: list[Tensor], b: list[Tensor]) -> zip[tuple[Tensor, Tensor]]:
    return zip(a, b, strict=True)
