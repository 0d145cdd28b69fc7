"""What the network reads helps it: with real inputs it learns more than with zeros (Karpathy 2019,
"input-independent baseline").

First on one batch, where only an input that does not arrive can fail. Then on samples that are
held out: targets that belong to other inputs can be learned by heart, and what was learned then
fits the right targets no better than those of other samples. (The loss itself would not tell: of
sure answers that are often right it may still exceed that of a guess.)
"""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor, nn

from tuiwb.base.format import number
from tuiwb.engine.preflight.fitting import Fit, fit, own_optimizer, rest
from tuiwb.engine.preflight.overfit_one_batch import learned
from tuiwb.engine.preflight.result import Result, inapplicable
from tuiwb.engine.preflight.trial import MANY, Trial, without_dropout
from tuiwb.tasks.task import Batch

TITLE = "real inputs beat zeros"
PLACE = 6
BETTER = 0.95
"""Times the loss with zeros that real inputs may leave."""
KNOWS = 0.6
"""Times the loss with the targets of other samples below which samples are known by heart."""
FITS = 0.95
"""The same of held-out samples, below which something was learned."""
BATCHES = 8
SECONDS = 4.0
LONGER = 3.0
"""Seconds for one more look, where real inputs have not been of use."""
HELD_OUT = 512
"""Samples at most; fewer where they cost more than `LOOKING` seconds."""
LOOKING = 1.5
LIKE_INPUTS = ("reconstruct", "variational", "masked", "embed", "energy", "adversarial")


def check(trial: Trial) -> Result:
    """One batch by heart; where that shows a difference, held-out samples too."""
    if trial.spec.task.name in LIKE_INPUTS:
        return inapplicable("the inputs are what it learns to answer: zeroed, they ask nothing")
    if not trial.one_loss:
        return inapplicable("its steps follow no single loss that could be compared")
    real = learned(trial)
    model = without_dropout(trial.model())
    zeroed = fit(
        trial, model, own_optimizer(trial, model), [zeros(trial.few)], 2 * real.seconds + 1,
        steps=real.steps,
    )  # fmt: skip
    if real.reached and math.isfinite(zeroed.last) and not real.last <= BETTER * zeroed.last:
        # the goal may be an answer that is the same for all: which inputs it is for comes later
        zeroed = _longer(trial, zeros(trial.few))
        real = _longer(trial, trial.few, goal=0.5 * zeroed.last)
    numbers = {"loss": real.last, "loss_of_zeros": zeroed.last}
    limits = {"loss": f"<= {number(BETTER * zeroed.last)}"}
    told = f"one batch: {number(real.last)} with inputs, {number(zeroed.last)} with zeros"
    if not math.isfinite(zeroed.last):
        return inapplicable(f"of zeros alone this network makes no finite loss; {told}", **numbers)
    if not real.last <= BETTER * zeroed.last:
        if not learned(trial).reached:
            return inapplicable(f"one batch was not learned by heart; {told}", **numbers)
        return Result(
            "failed", told, numbers, limits,
            (
                "the inputs do not reach the answer: overwritten, multiplied away or cut off",
                "the same inputs in every sample",
                "dead units in the first layer",
            ),
            "follow one sample through the network; data.scaling = standard",
        )  # fmt: skip
    return _on_held_out(trial, told, numbers, limits)


def _longer(trial: Trial, batch: Batch, goal: float = -math.inf) -> Fit:
    """As many steps as there is time for, or until the goal."""
    model = without_dropout(trial.model())
    return fit(trial, model, own_optimizer(trial, model), [batch], LONGER, goal)


def _on_held_out(
    trial: Trial, told: str, numbers: dict[str, float], limits: dict[str, str]
) -> Result:
    if trial.spec.data.name.startswith("random-"):
        return Result("passed", f"{told}; the data is noise: nothing transfers", numbers, limits)
    batches = [trial.batch(i) for i in range(BATCHES)]
    model = trial.model()
    fit(trial, model, own_optimizer(trial, model), batches, SECONDS, fixed=False)
    rest(trial, model, batches)
    began = time.monotonic()
    known, others = _apart(trial, model.eval(), batches[:2])
    per_sample = (time.monotonic() - began) / (4 * len(batches[0][0]))
    held_out = trial.held_out(max(MANY, min(HELD_OUT, int(LOOKING / 2 / per_sample))))
    seen, mismatched = _apart(trial, model, [held_out])
    numbers |= {"held_out": seen, "held_out_mismatched": mismatched}
    told += f"; held out: {number(seen)}, with targets of others {number(mismatched)}"
    # only what was learned by heart and helps with nothing speaks against the data
    if known < KNOWS * others and not seen < FITS * mismatched:
        limits |= {"held_out": f"< {number(FITS * mismatched)}"}
        return Result(
            "failed", f"{told}: learned by heart, and of no use for other samples",
            numbers, limits,
            (
                "targets that belong to other inputs: one of the two was shuffled, flipped or cut "
                "off by one",
                "another preparation of the held-out part than of the training part",
                "too few samples for this network",
            ),
            "look at a few inputs beside their targets, as the network gets them",
        )  # fmt: skip
    return Result("passed", told, numbers, limits)


def _apart(trial: Trial, model: nn.Module, batches: list[Batch]) -> tuple[float, float]:
    """Mean losses with the right targets, and with those of the next sample."""
    right = [trial.value(model, batch) for batch in batches]
    wrong = [trial.value(model, (inputs, targets.roll(1, 0))) for inputs, targets in batches]
    return sum(right) / len(right), sum(wrong) / len(wrong)


def zeros(batch: Batch) -> Batch:
    """The same targets, and inputs that say nothing."""
    inputs: Tensor = torch.zeros_like(batch[0])
    return inputs, batch[1]
