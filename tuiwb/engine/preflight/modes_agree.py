"""The same samples cost the same in training and in evaluation mode (TheDeepChecker, 2022).

At the start every network guesses, in either mode; so it is trained for a moment first, as the
spec says, and then rests, so that running statistics catch up with the weights. Batch normalisation
over few values, and statistics that never follow within the run, are told by their numbers alone.
"""

from __future__ import annotations

import torch
from torch import nn

from tuiwb.base.format import number
from tuiwb.engine.preflight.fitting import BatchNorm, fit, own_optimizer, rest
from tuiwb.engine.preflight.result import Result, inapplicable
from tuiwb.engine.preflight.trial import Trial

TITLE = "training and evaluation mode agree"
PLACE = 7
APART = 0.5
"""Share of the loss in training mode by which the other may differ (TheDeepChecker)."""
SMALL = 0.1
"""Share of the first loss below which differences are not told: both modes know the answer."""
SAME = 1e-3
"""What is left to rounding in a network that has no modes."""
FOLLOWED = 5.0
"""Momentum times steps of the run from which running statistics follow: they then have forgotten
all but 1 % of where they began."""
SHORT = 100
"""Steps that a run is taken to have at least: a short trial is no fault of a momentum."""
VALUES = 8
"""Values of a channel that a mean and a variance need at least."""
BATCHES = 4
STEPS = 60
SECONDS = 3.0


def check(trial: Trial) -> Result:
    """The mean over a few batches, in both modes, by the same weights."""
    batches = [trial.batch(i) for i in range(BATCHES)]
    model = trial.model()
    moded = [
        name for name, module in model.named_modules()
        if isinstance(module, BatchNorm | nn.modules.dropout._DropoutNd)
        or (isinstance(getattr(module, "dropout", None), float) and module.dropout)
    ]  # fmt: skip
    few = _fewest(trial, model)
    if few and min(few.values()) < VALUES:
        name = min(few, key=few.__getitem__)
        return Result(
            "failed", f"{name} takes mean and variance of {few[name]} values",
            {"values": few[name]}, {"values": f">= {VALUES}"},
            ("batch normalisation over a batch that is too small",),
            "data.batch_size = 16 or more; model.norm = layer or group", [name],
        )  # fmt: skip
    if slow := _slowest(model, max(SHORT, trial.spec.train.steps)):
        name, followed = slow
        return Result(
            "failed", f"the running statistics of {name} do not follow within the run",
            {"momentum_times_steps": followed}, {"momentum_times_steps": f">= {FOLLOWED:g}"},
            ("a momentum that is far too small",), "momentum = 0.1, as is usual", [name],
        )  # fmt: skip
    if not trial.one_loss:
        if moded:
            return inapplicable("its steps follow no single loss that two modes could differ in")
        steps = 0
    else:
        optimizer = own_optimizer(trial, model)
        steps = fit(trial, model, optimizer, batches, SECONDS, steps=STEPS, fixed=False).steps
        rest(trial, model, batches)
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    training = _mean(trial, model.train(), batches)
    model.load_state_dict(kept)  # running statistics moved
    evaluating = _mean(trial, model.eval(), batches)
    first = abs(_mean(trial, trial.model(), batches))
    scale = max(abs(training), SMALL * first, 1e-12)
    apart = abs(evaluating - training) / scale
    limit = APART if moded else SAME
    numbers = {"training": training, "evaluation": evaluating, "apart": apart, "steps": steps}
    limits = {"apart": f"<= {number(limit)}"}
    after = f" after {steps} steps" if steps else ""
    told = f"{number(training)} and {number(evaluating)}{after}"
    if apart <= limit:
        return Result("passed", told if moded else f"{told}: no layer has modes", numbers, limits)
    if training != training and evaluating != evaluating:
        return inapplicable("the loss is not finite in either mode", **numbers)
    if not moded:
        causes: tuple[str, ...] = (
            "a forward pass that asks self.training, or draws random numbers",
        )
    else:
        causes = (
            "strong dropout",
            "batches that are too small for batch normalisation",
            "statistics that evaluation mode takes from elsewhere",
        )
    return Result(
        "failed", told, numbers, limits, causes,
        "a larger data.batch_size, model.norm = layer, or less regularize.dropout", moded[:5],
    )  # fmt: skip


def _mean(trial: Trial, model: nn.Module, batches: list) -> float:
    return sum(trial.value(model, batch) for batch in batches) / len(batches)


def _slowest(model: nn.Module, steps: int) -> tuple[str, float] | None:
    """The first batch normalisation that does not follow, with its momentum times ``steps``."""
    for name, module in model.named_modules():
        if isinstance(module, BatchNorm) and module.track_running_stats:
            momentum = module.momentum
            if momentum is not None and momentum * steps < FOLLOWED:
                return name, momentum * steps
    return None


def _fewest(trial: Trial, model: nn.Module) -> dict[str, int]:
    """Values of a channel that each batch normalisation of a copy sees in a training step."""
    seen: dict[str, int] = {}
    probe, batch = trial.model(), trial.batch()
    # a batch of training may be larger than that of a check
    share = max(1, trial.session.batches.batch_size // len(batch[0]))
    for name, module in probe.named_modules():
        if isinstance(module, BatchNorm):

            def look(module: nn.Module, inputs: tuple, name: str = name) -> None:
                shape = inputs[0].shape
                values = share * shape[0] * torch.Size(shape[2:]).numel()
                seen[name] = min(values, seen.get(name, values))

            module.register_forward_pre_hook(look)
    if seen or any(isinstance(m, BatchNorm) for m in probe.modules()):
        trial.value(probe, batch)
    return seen
