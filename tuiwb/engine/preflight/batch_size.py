"""A loss is a mean over samples: twice the same samples cost what they cost once.

A sum over the batch makes the learning rate hang on the batch size. And an answer to one sample
may not hang on its neighbours in the batch: a transposed or flattened axis mixes them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tuiwb.base.format import number
from tuiwb.engine.preflight.result import Result, inapplicable
from tuiwb.engine.preflight.trial import Trial

TITLE = "the loss does not hang on the batch size"
PLACE = 2
APART = 1e-3
"""Relative difference that rounding leaves."""
APART_OF_DRAWN = 0.25
"""The same where the loss draws random numbers, which depend on the batch's shape."""
DRAWS = tuple(range(16))


def check(trial: Trial) -> Result:
    """A batch against itself twice over, in evaluation mode; a sample alone and among others."""
    if trial.spec.task.name == "energy":
        return inapplicable("the loss is a difference of energies near zero: it has no size")
    model = trial.model().eval()
    batch = trial.batch(0, 16)
    twice = (torch.cat((batch[0], batch[0])), torch.cat((batch[1], batch[1])))
    drawn = trial.value(model, batch, (0,)) != trial.value(model, batch, (1,))
    seeds = DRAWS if drawn else (0,)
    once, double = trial.value(model, batch, seeds), trial.value(model, twice, seeds)
    if once == 0 and double == 0:
        return inapplicable("the first loss is zero")
    ratio = double / once if once else math.inf
    limit = APART_OF_DRAWN if drawn else APART
    numbers = {"loss": once, "loss_of_twice": double, "ratio": ratio}
    limits = {"ratio": f"1 ± {number(limit)}"}
    told = f"{number(once)}, of the same samples twice {number(double)}"
    if not math.isfinite(ratio):
        return Result(
            "failed", told, numbers, limits, ("a loss that is not finite",), "look at the data"
        )
    if abs(ratio - 1) > limit:
        return Result(
            "failed", told, numbers, limits,
            ("a loss that is summed over the batch, not averaged", "samples that mix in the batch"),
            "reduction = mean; a step then has the same size whatever the batch",
        )  # fmt: skip
    mixed = mixing(trial, model)
    if mixed is not None:
        numbers["mixed"] = mixed
        limits["mixed"] = f"<= {number(1e-2)}"
        if mixed > 1e-2:
            return Result(
                "failed", f"{told}; a sample's answer changes with its neighbours by {mixed:.0%}",
                numbers, limits,
                ("a view or a transpose that mixes samples", "a mean over the wrong axis"),
                "permute where axes are to be exchanged, and keep the first axis for samples",
            )  # fmt: skip
    return Result("passed", told, numbers, limits)


@torch.no_grad()
def mixing(trial: Trial, model: nn.Module) -> float | None:
    """How far the answer to the first half of a batch changes when the rest is left out, as a share
    of the answers' spread; None where the task never asks the model for answers to samples."""
    answers: list[Tensor] = []
    handle = model.register_forward_hook(
        lambda module, inputs, output: (
            answers.append(output) if isinstance(output, Tensor) and output.ndim else None
        )
    )
    try:
        inputs, targets = trial.batch(0, 16)
        half = len(inputs) // 2
        for part in (slice(None), slice(half)):
            trial.value(model, (inputs[part], targets[part]))
    finally:
        handle.remove()
    if len(answers) != 2 or not half or len(answers[1]) != half or len(answers[0]) != len(inputs):
        return None
    both, alone = answers[0][:half].float(), answers[1].float()
    spread = float(answers[0].float().std())
    return float((both - alone).abs().max()) / spread if spread > 0 else 0.0
