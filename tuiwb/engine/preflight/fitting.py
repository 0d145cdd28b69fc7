"""A few hundred steps on fixed samples, as the checks take them: no schedule, no penalties."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from tuiwb.engine.preflight.trial import Trial
from tuiwb.spec.declarations import SHELVES
from tuiwb.tasks.task import Batch

STEPS = 400
"""At most, in one fit."""
BatchNorm = nn.modules.batchnorm._BatchNorm


@dataclass(frozen=True)
class Fit:
    """What became of the loss on some batches, taken in turn."""

    model: nn.Module
    first: float
    last: float
    """Mean over the batches' newest losses."""
    steps: int
    seconds: float
    reached: bool
    """Whether ``last`` came down to the goal."""
    halfway: float = math.nan
    """The loss when half of the steps were taken."""


def own_optimizer(trial: Trial, model: nn.Module) -> torch.optim.Optimizer:
    """The spec's, at its peak learning rate."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    fused = trial.device.type in ("cpu", "cuda")
    made: torch.optim.Optimizer = (
        SHELVES["optim"]
        .load(trial.spec.optim.name)
        .build([{"params": parameters}], trial.spec.optim, fused=fused)
    )
    return made


def adam(trial: Trial, model: nn.Module) -> torch.optim.Optimizer:
    """What learns nearly everything a little."""
    return torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=3e-3)


def fit(
    trial: Trial,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Sequence[Batch],
    seconds: float,
    goal: float = -math.inf,
    steps: int | None = None,
    fixed: bool = True,
    least: int = 0,
) -> Fit:
    """Train ``model`` until the goal (after ``least`` steps), the last step (`STEPS`), a loss that
    is not finite, or the time's end.

    ``fixed``: what the loss draws is the same in every step, so that it can be learned by heart.
    """
    newest = [math.inf] * len(batches)
    began, first, done = time.monotonic(), math.nan, 0
    reached, course = False, list[float]()
    while done < (STEPS if steps is None else steps):
        place = done % len(batches)
        batch, seed = batches[place], 0 if fixed else done
        values: list[float] = []

        def closure(batch: Batch = batch, seed: int = seed, values: list[float] = values) -> float:
            optimizer.zero_grad(set_to_none=True)
            loss = trial.loss(model, batch, seed=seed)
            loss.backward()
            values.append(float(loss.detach()))
            return values[-1]

        optimizer.step(closure)
        newest[place], done = values[0], done + 1
        course.append(values[0])
        first = values[0] if done == 1 else first
        seen = newest[: min(done, len(batches))]
        reached = done >= len(batches) and sum(seen) / len(seen) <= goal
        spent = time.monotonic() - began
        if (reached and done >= least) or not math.isfinite(values[0]) or spent > seconds:
            break
    seen = newest[: min(done, len(batches))]
    spent = time.monotonic() - began
    return Fit(model, first, sum(seen) / len(seen), done, spent, reached, course[done // 2])


def rest(trial: Trial, model: nn.Module, batches: Sequence[Batch]) -> None:
    """Set running statistics to what they come to where the weights stand still, as late in a run:
    the mean over these batches."""
    norms = [module for module in model.modules() if isinstance(module, BatchNorm)]
    if not norms:
        return
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
    for number, batch in enumerate(batches, 1):
        for norm in norms:  # a plain mean, also of a norm that has not heard of a momentum of None
            norm.momentum = 1 / number
        trial.value(model.train(), batch)
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum
