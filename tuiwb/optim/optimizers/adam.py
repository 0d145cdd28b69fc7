"""Adam (Kingma & Ba 2015, algorithm 1).

m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  w -= lr * m^ / (sqrt(v^) + eps), with
m^ = m / (1 - b1^t) and v^ = v / (1 - b2^t): running means of the gradient and of its square, both
corrected for having begun at zero. An L2 penalty goes through these means; for decay that does
not, use ``regularize.weight_decay``.
"""

from typing import Annotated, Any, ClassVar

import torch
from torch.optim.optimizer import ParamsT

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import OptimKnobs


class Knobs(OptimKnobs):
    """Adam: steps scaled by running means of the gradient and of its square."""

    state_per_parameter: ClassVar[int] = 2

    beta1: Annotated[
        float, knob("share of the gradient's running mean kept each step", ge=0, lt=1, tier="hot")
    ] = 0.9
    beta2: Annotated[
        float,
        knob("share of the squared gradient's running mean kept each step", ge=0, lt=1, tier="hot"),
    ] = 0.999
    eps: Annotated[
        float,
        knob("added to the root of the mean square, against division by nothing", gt=0, le=1,
             scale="log", tier="hot"),
    ] = 1e-8  # fmt: skip


def options(knobs: Knobs) -> dict[str, Any]:
    """The parameter group's settings that these knobs stand for."""
    return {"lr": knobs.lr, "betas": (knobs.beta1, knobs.beta2), "eps": knobs.eps}


def build(params: ParamsT, knobs: Knobs, fused: bool = False) -> torch.optim.Adam:
    """The optimiser over ``params``; ``fused`` runs one kernel for all tensors."""
    return torch.optim.Adam(params, **options(knobs), fused=fused)
