"""AdamW: Adam for runs with decoupled weight decay (Loshchilov & Hutter 2019).

The decay itself is ``regularize.weight_decay`` and works alike with every optimiser here:
w -= lr * weight_decay * w, past the running means, so that weights with large gradients decay as
fast as others. With it the step is torch's AdamW; without it, Adam's.
"""

from typing import Annotated, Any, ClassVar

import torch
from torch.optim.optimizer import ParamsT

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import OptimKnobs


class Knobs(OptimKnobs):
    """AdamW: Adam, with weight decay kept out of its running means."""

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


def build(params: ParamsT, knobs: Knobs, fused: bool = False) -> torch.optim.AdamW:
    """The optimiser over ``params``; ``fused`` runs one kernel for all tensors."""
    # torch's own decay would reach biases and norms too: `tuiwb.optim.regularizers` decays
    return torch.optim.AdamW(params, **options(knobs), weight_decay=0.0, fused=fused)
