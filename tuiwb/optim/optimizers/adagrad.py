"""Adagrad (Duchi, Hazan & Singer 2011).

s += g^2;  w -= lr * g / (sqrt(s) + eps). The sum only grows, so each weight's step only shrinks:
that suits rare features, and it does not free anyone from choosing a learning rate.
"""

from typing import Annotated, Any, ClassVar

import torch
from torch.optim.optimizer import ParamsT

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import OptimKnobs


class Knobs(OptimKnobs):
    """Adagrad: steps scaled by the root of the sum of all squared gradients so far."""

    state_per_parameter: ClassVar[int] = 1

    lr: Annotated[
        float,
        knob("learning rate, the peak of the schedule", gt=0, le=100, scale="log", tier="hot"),
    ] = 0.01
    initial: Annotated[
        float, knob("what the sum of squares begins with; more damps the first steps", ge=0,
                    le=1e6, tier="branch")
    ] = 0.0  # fmt: skip
    eps: Annotated[
        float,
        knob("added to the root of the sum of squares, against division by nothing", gt=0, le=1,
             scale="log", tier="hot"),
    ] = 1e-10  # fmt: skip


def options(knobs: Knobs) -> dict[str, Any]:
    """The parameter group's settings that these knobs stand for."""
    return {"lr": knobs.lr, "initial_accumulator_value": knobs.initial, "eps": knobs.eps}


def build(params: ParamsT, knobs: Knobs, fused: bool = False) -> torch.optim.Adagrad:
    """The optimiser over ``params``; ``fused`` runs one kernel for all tensors."""
    return torch.optim.Adagrad(params, **options(knobs), fused=fused)
