"""RMSProp (Hinton 2012, lecture 6e; the paper that was never written).

v = alpha v + (1 - alpha) g^2;  w -= lr * g / (sqrt(v) + eps), here with optional momentum on the
scaled gradient, as torch has it. v begins at zero and is not corrected for that: the first steps
are larger by up to 1 / sqrt(1 - alpha), which is what warm-up is for.
"""

from typing import Annotated, Any, ClassVar

import torch
from torch.optim.optimizer import ParamsT

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import OptimKnobs


class Knobs(OptimKnobs):
    """RMSProp: steps scaled by the root of the running mean square of the gradient."""

    state_per_parameter: ClassVar[int] = 2  # the mean square, and the momentum where there is any

    alpha: Annotated[
        float,
        knob("share of the squared gradient's running mean kept each step", ge=0, lt=1, tier="hot"),
    ] = 0.99
    momentum: Annotated[
        float, knob("share of the velocity kept each step; 0 is none", ge=0, lt=1, tier="branch")
    ] = 0.0
    eps: Annotated[
        float,
        knob("added to the root of the mean square, against division by nothing", gt=0, le=1,
             scale="log", tier="hot"),
    ] = 1e-8  # fmt: skip


def options(knobs: Knobs) -> dict[str, Any]:
    """The parameter group's settings that these knobs stand for."""
    return {
        "lr": knobs.lr,
        "alpha": knobs.alpha,
        "momentum": knobs.momentum,
        "eps": knobs.eps,
    }


def build(params: ParamsT, knobs: Knobs, fused: bool = False) -> torch.optim.RMSprop:
    """The optimiser over ``params``. Torch has no fused kernel for it: ``fused`` asks for its
    grouped one (a few kernels for all tensors together), the next best."""
    return torch.optim.RMSprop(params, **options(knobs), foreach=fused or None)
