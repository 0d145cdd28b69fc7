"""A handful of samples can be learned by heart; what cannot do that learns nothing (Karpathy 2019).

The spec's own optimiser takes the steps, at its peak learning rate, without penalties, schedule
or dropout. Where it fails Adam tries, so that a learning rate is told from a network.
"""

from __future__ import annotations

import math

from tuiwb.base.format import number
from tuiwb.engine.preflight.fitting import Fit, adam, fit, own_optimizer
from tuiwb.engine.preflight.result import Result, inapplicable
from tuiwb.engine.preflight.trial import Trial, without_dropout

TITLE = "one small batch can be learned by heart"
PLACE = 5
LEFT = 0.2
"""Share of the first loss that may be left."""
LEFT_OF_SOFT = 0.8
"""The same of losses that cannot reach zero, whatever is learned by heart: a divergence from a
prior, a cross-entropy with shades of grey, words that are neighbours and strangers at once."""
SOFT = ("variational", "embed", "reconstruct", "denoise")
HALF, FALLS = 0.5, 0.85
"""Shares of the first loss, and of that after half of the steps: what has come below both is on
its way, however long that is (a linear model under plain gradient descent takes its time)."""
SECONDS = 5.0
LEAST = 30
"""Steps that are taken although the goal is reached: what is compared with it gets as many."""
ENOUGH = 60
"""Steps after which no progress says something."""


def check(trial: Trial) -> Result:
    """The spec's optimiser on `Trial.few`, then Adam."""
    if not trial.one_loss:
        return inapplicable(
            "its steps follow no single loss of a batch that could be brought to nothing"
        )
    own = learned(trial)
    if not math.isfinite(own.first) or own.first <= 0:
        return Result(
            "failed", f"the first loss is {number(own.first)}", {"first_loss": own.first},
            {"first_loss": "> 0"},
            ("a loss of the wrong sign", "inputs that are not finite"),
            "look at the sign and the reduction of the loss",
        )  # fmt: skip
    goal = goal_of(trial, own.first)
    numbers = {"first_loss": own.first, "loss": own.last, "steps": own.steps}
    limits = {"loss": f"<= {number(goal)}"}
    samples = len(trial.few[0])
    told = f"{samples} samples: from {number(own.first)} to {number(own.last)}"
    told += f" in {own.steps} steps"
    if own.reached:
        return Result("passed", told, numbers, limits)
    if own.last < HALF * own.first and own.last < FALLS * own.halfway:
        return Result("passed", f"{told}, and falls on", numbers, limits)
    other = trial_of_adam(trial, goal)
    numbers["loss_with_adam"] = other.last
    if other.reached:
        if own.steps < ENOUGH and math.isfinite(own.last):
            return Result("passed", f"{told}; Adam: to {number(other.last)}", numbers, limits)
        return Result(
            "failed", f"{told}; Adam gets to {number(other.last)}", numbers, limits,
            (_pace(own), "an optimiser that does not suit this network"),
            "another optim.lr (with adam 3e-3 it learns), or optim.name = adam",
        )  # fmt: skip
    if min(own.steps, other.steps) < ENOUGH:
        return inapplicable(
            f"{own.steps} steps are all there is time for here, too few to learn by heart; the "
            f"loss went from {number(own.first)} to {number(min(own.last, other.last))}",
            **numbers,
        )
    return Result(
        "failed", f"{told}, with Adam {number(other.last)}", numbers, limits,
        (
            "an answer that the loss reads wrongly, such as probabilities where it wants logits",
            "a gradient that does not arrive, or is of the wrong sign",
            "units that are dead or saturated from the start",
            "the same inputs with different targets",
        ),
        "look at what the last layer returns and at the loss; init.name = he or xavier",
    )  # fmt: skip


def learned(trial: Trial) -> Fit:
    """What the spec's optimiser makes of the few samples; done once a trial."""
    kept: Fit | None = trial.__dict__.get("_learned")
    if kept is None:
        model = without_dropout(trial.model())
        first = trial.value(model, trial.few)
        goal = goal_of(trial, first) if first > 0 else -math.inf
        kept = fit(
            trial, model, own_optimizer(trial, model), [trial.few], SECONDS, goal, least=LEAST
        )
        trial.__dict__["_learned"] = kept
    return kept


def trial_of_adam(trial: Trial, goal: float) -> Fit:
    """The same with Adam at 3e-3."""
    model = without_dropout(trial.model())
    return fit(trial, model, adam(trial, model), [trial.few], SECONDS, goal)


def goal_of(trial: Trial, first: float) -> float:
    """The loss at which it counts as learned."""
    if trial.spec.task.name in SOFT:
        return LEFT_OF_SOFT * first
    return floor(trial) + LEFT * max(first - floor(trial), 0.0)


def floor(trial: Trial) -> float:
    """The least that the loss can be: with smoothed labels, their entropy."""
    share = float(getattr(trial.spec.loss, "label_smoothing", 0.0))
    classes = trial.session.dataset.signature.outputs
    if not share or classes < 2:
        return 0.0
    other = share / classes
    right = 1 - share + other
    return -right * math.log(right) - (classes - 1) * other * math.log(other)


def _pace(own: Fit) -> str:
    if not math.isfinite(own.last) or own.last > own.first:
        return "a learning rate that is too high: the loss rose"
    return "a learning rate that is too low"
