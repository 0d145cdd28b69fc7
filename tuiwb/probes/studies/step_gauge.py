"""Whether a step stops short of the valley or leaps across: Cockpit's alpha.

Schneider, Dangel & Hennig 2021, Cockpit, section 3.2. Along the step that training
takes next, the loss of its batch and the slope in the step's direction are measured before and
after; a parabola through these four (least squares) has its lowest point where alpha is 0. -1 is no
step at all, 1 a leap to the same height on the other side, more than 1 a climb.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tuiwb.probes.subject import Subject


def study(subject: Subject) -> dict[str, float]:
    """``step_alpha``, and ``step_gain``, how much the batch's loss falls. NaN without a step."""
    if subject.step is None:
        return {"step_alpha": math.nan, "step_gain": math.nan}
    model = subject.copy(torch.float64)
    weights = [p for p in model.parameters() if p.requires_grad]
    before = [w.detach().clone() for w in weights]
    loss_before, gradient_before = _look(subject, model, weights)
    subject.step(model)
    direction = [w.detach() - b for w, b in zip(weights, before, strict=True)]
    loss_after, gradient_after = _look(subject, model, weights)
    slope_before = _along(gradient_before, direction)
    slope_after = _along(gradient_after, direction)
    return {
        "step_alpha": alpha(loss_before, loss_after, slope_before, slope_after),
        "step_gain": loss_before - loss_after,
    }


def alpha(loss_before: float, loss_after: float, slope_before: float, slope_after: float) -> float:
    """Of the step from 0 to 1, from losses and slopes at both ends.

    Without a floor ahead: -1 where it goes down all the way, 1 where it begins by climbing.
    """
    rows = torch.tensor(
        [[1, 0, 0], [1, 1, 1], [0, 1, 0], [0, 1, 2]], dtype=torch.float64
    )  # loss_before, loss_after, slope_before, slope_after
    seen = torch.tensor([loss_before, loss_after, slope_before, slope_after], dtype=torch.float64)
    if not bool(torch.isfinite(seen).all()):
        return math.nan
    _, slope, bend = torch.linalg.lstsq(rows, seen[:, None]).solution[:, 0].tolist()
    if slope >= 0:
        return 0.0 if slope == 0 and bend >= 0 else 1.0
    return -1.0 if bend <= 0 else 2 * bend / -slope - 1


def _look(
    subject: Subject, model: nn.Module, weights: list[nn.Parameter]
) -> tuple[float, list[Tensor | None]]:
    loss = subject.loss(model)
    return float(loss.detach()), list(torch.autograd.grad(loss, weights, allow_unused=True))


def _along(gradient: list[Tensor | None], direction: list[Tensor]) -> float:
    pairs = zip(gradient, direction, strict=True)
    return sum(float((g * d).sum()) for g, d in pairs if g is not None)
