"""Every parameter that asks for a gradient gets one, within the first steps.

Not in the very first alone: a layer that begins at zero hides what lies behind it until it has
moved once, which is how residual branches are often begun.
"""

from __future__ import annotations

import torch

from tuiwb.engine.preflight.fitting import own_optimizer
from tuiwb.engine.preflight.result import Result
from tuiwb.engine.preflight.trial import LATE, Trial

TITLE = "the gradient reaches every parameter"
PLACE = 3
STEPS = 3


def check(trial: Trial) -> Result:
    """The union over a few steps, all turns and all stages of the task."""
    model = trial.model()
    own = dict(model.named_parameters())
    wanted = {name for name, parameter in own.items() if parameter.requires_grad}
    numbers_of = {id(p): name for name, p in trial.session.model.named_parameters()}
    optimizer = own_optimizer(trial, model)
    stages = sorted({*getattr(trial.session.task, "milestones", ()), LATE})
    reached: set[str] = set()
    broken: set[str] = set()
    for step in range(STEPS):
        batch = trial.batch(step)
        for turn in trial.turns:
            mine = {numbers_of[id(p)] for p in turn.parameters}
            for stage in stages:
                optimizer.zero_grad(set_to_none=True)
                with trial.drawing(step):
                    loss = turn.loss(model, batch, stage)[0]
                if loss.requires_grad:
                    loss.backward()
                for name in mine:
                    gradient = own[name].grad
                    if gradient is not None and bool(gradient.any()):
                        reached.add(name)
                        if not bool(torch.isfinite(gradient).all()):
                            broken.add(name)
                    if gradient is not None and name not in mine:
                        own[name].grad = None

                def closure(loss: torch.Tensor = loss) -> float:
                    return float(loss.detach())

                optimizer.step(closure)
        if wanted <= reached:
            break
    lost = sorted(wanted - reached, key=list(own).index)
    numbers = {"parameters": len(wanted), "without": len(lost)}
    limits = {"without": "0"}
    if broken:
        names = sorted(broken, key=list(own).index)
        return Result(
            "failed", f"gradients that are not finite: {_some(names)}",
            numbers, limits, ("inputs or a loss that are not finite",), "look at the data", names,
        )  # fmt: skip
    if not lost:
        return Result("passed", f"all {len(wanted)} tensors get one", numbers, limits)
    return Result(
        "failed", f"{len(lost)} of {len(wanted)} tensors get none: {_some(lost)}", numbers, limits,
        (
            "a detach, a .data, a NumPy array or a no_grad on the way",
            "a layer that the forward pass never asks",
            "dead units, or weights that are all zero",
        ),
        "use these layers or leave them out; init.name = he or xavier where weights are zero",
        lost,
    )  # fmt: skip


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
