"""Stochastic gradient descent, with momentum and Nesterov's variant of it.

v = momentum * v + g;  w -= lr * v, or w -= lr * (g + momentum * v) with Nesterov (Sutskever et al.
2013, in torch's form, where lr stands outside of the velocity). With momentum the steps add up to
lr / (1 - momentum) times a steady gradient: raise one, lower the other.
"""

from typing import Annotated, Any, ClassVar

import torch
from torch.optim.optimizer import ParamsT

from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import OptimKnobs


class Knobs(OptimKnobs):
    """Stochastic gradient descent, with momentum or without."""

    state_per_parameter: ClassVar[int] = 1

    lr: Annotated[
        float,
        knob("learning rate, the peak of the schedule", gt=0, le=100, scale="log", tier="hot"),
    ] = 0.01
    momentum: Annotated[
        float, knob("share of the velocity kept each step; 0 is plain descent", ge=0, lt=1,
                    tier="hot")
    ] = 0.0  # fmt: skip
    nesterov: Annotated[
        bool, knob("take the gradient as if the momentum step had been made", tier="branch")
    ] = False

    def __post_init__(self) -> None:
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs momentum above 0")


def options(knobs: Knobs) -> dict[str, Any]:
    """The parameter group's settings that these knobs stand for."""
    return {"lr": knobs.lr, "momentum": knobs.momentum, "nesterov": knobs.nesterov}


def build(params: ParamsT, knobs: Knobs, fused: bool = False) -> torch.optim.SGD:
    """The optimiser over ``params``; ``fused`` runs one kernel for all tensors."""
    optimizer = torch.optim.SGD(params, **options(knobs), fused=fused)
    if fused:
        optimizer.register_step_pre_hook(_late_comers)
    return optimizer


def _late_comers(optimizer: torch.optim.Optimizer, args: object, kwargs: object) -> None:
    """Give velocity 0 to parameters that have their first gradient after others had theirs, as
    where layers are trained one by one: torch's fused kernel takes all velocities or none."""
    for group in optimizer.param_groups:
        if not group["momentum"]:
            continue
        moving = [p for p in group["params"] if p.grad is not None]
        lacking = [p for p in moving if optimizer.state[p].get("momentum_buffer") is None]
        if len(lacking) < len(moving):
            for p in lacking:
                optimizer.state[p]["momentum_buffer"] = torch.zeros_like(p)
