"""Autograd against finite differences in float64: code with a backward pass of its own can err.

A ReLU that turns between the two points makes a slope look wrong which is not. Such a place is
measured again with a smaller step, which a wrong gradient does not mend.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tuiwb.base.format import number
from tuiwb.engine.preflight.result import Result, inapplicable
from tuiwb.engine.preflight.trial import Trial
from tuiwb.probes.studies import gradient_check
from tuiwb.probes.subject import Subject
from tuiwb.tasks.task import Batch

TITLE = "autograd agrees with finite differences"
PLACE = 4
ERROR = 1e-4
"""Greatest difference, as a share of the greatest gradient in its tensor."""
SECONDS = 3.0
SAMPLES = 4


def check(trial: Trial) -> Result:
    """All turns, each by the parameters that it moves; a few weights of every tensor."""
    if trial.spec.task.name == "energy":
        return inapplicable("its gradient is an estimate by sampling, not the slope of its loss")
    batch = trial.batch(0, SAMPLES)
    worst = 0.0
    for turn in range(len(trial.turns)):
        subject = _subject(trial, turn, batch)
        began = time.monotonic()
        copy = subject.copy()
        try:
            value = subject.loss(copy)
        except (RuntimeError, TypeError) as error:
            return inapplicable(f"it does not compute in float64: {str(error).splitlines()[0]}")
        if value == 0 or not value.requires_grad:
            return inapplicable("the first loss is zero: there is no slope to measure")
        seconds = (time.monotonic() - began) / 2
        weights = int(SECONDS / len(trial.turns) / max(2 * seconds, 1e-6))
        weights = min(weights, gradient_check.WEIGHTS)
        found = gradient_check.error(subject, torch.float64, weights, ERROR / 10)
        worst = found if not found <= worst else worst
    numbers = {"error": worst}
    limits = {"error": f"<= {ERROR:g}"}
    if worst <= ERROR:
        return Result("passed", f"apart by {number(worst)} at most", numbers, limits)
    return Result(
        "failed", f"apart by {number(worst)} of the greatest gradient", numbers, limits,
        (
            "an autograd function of one's own with a wrong backward pass",
            "a detach, or a straight-through trick, on the way",
            "a loss that is not a function of the weights alone",
        ),
        "torch.autograd.gradcheck on each function of one's own finds which",
    )  # fmt: skip


def _subject(trial: Trial, turn: int, batch: Batch) -> Subject:
    """The copy whose parameters of other turns ask for no gradient."""
    mine = {id(p) for p in trial.turns[turn].parameters}
    names = {name for name, p in trial.session.model.named_parameters() if id(p) in mine}
    model = trial.model()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(parameter.requires_grad and name in names)

    def loss(copy: nn.Module) -> Tensor:
        like = next(copy.parameters())
        inputs, targets = (
            part.to(like.device, like.dtype if part.is_floating_point() else part.dtype)
            for part in batch
        )
        with _drawn_in(like.dtype):
            return trial.loss(copy, (inputs, targets), turn)

    return Subject(model, loss, trial.spec.optim.lr)


@contextmanager
def _drawn_in(dtype: torch.dtype) -> Iterator[None]:
    """Within it a task draws its noise in ``dtype``."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
