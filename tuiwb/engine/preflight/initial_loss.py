"""The first loss against that of an answer that knows nothing (Karpathy 2019).

Of classes that is a uniform guess, ln C. Of numbers, and of losses of a task's own, the answer
zero, or what the task calls its guess.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tuiwb.base.format import number
from tuiwb.engine.preflight.result import Result, inapplicable
from tuiwb.engine.preflight.trial import Trial

TITLE = "the first loss is that of a guess"
PLACE = 1
MOST = 4.0
"""Times the guess. Sound inits begin at 1.0 to 2.2 times ln C."""
LEAST = 0.75
"""Of a uniform guess among classes: who has seen nothing cannot know better."""
SCALE = 1000.0
"""Times the loss of the targets' mean, which numbers that are not scaled exceed."""
BATCHES = 4


@dataclass(frozen=True)
class Guess:
    words: str
    loss: float
    least: float = 0.0
    """Below this share of it the first loss is too good."""


def check(trial: Trial) -> Result:
    """Means over a few batches, in training mode."""
    guess = guess_of(trial)
    if isinstance(guess, str):
        return inapplicable(guess)
    model = trial.model()
    batches = [trial.batch(number) for number in range(BATCHES)]
    first = sum(trial.value(model, batch) for batch in batches) / BATCHES
    low, high = guess.least * guess.loss, MOST * guess.loss
    mean = trial.session.task.baselines.get("training mean", math.inf)
    numbers = {"first_loss": first, "guess": guess.loss}
    limits = {"first_loss": f"{number(low)} to {number(min(high, SCALE * mean))}"}
    told = f"{number(first)}, {guess.words} costs {number(guess.loss)}"
    if not math.isfinite(first):
        return Result(
            "failed", f"the first loss is {first}", numbers, limits,
            ("inputs or targets that are not finite", "weights that begin far too large"),
            "look at the data; init.name = he or xavier",
        )  # fmt: skip
    if first < low:
        return Result(
            "failed", f"{told}: too good to be true", numbers, limits,
            ("the answer is among the inputs", "a loss that is scaled, or of the wrong sign"),
            "look for the target in what the network reads, and at the reduction of the loss",
        )  # fmt: skip
    if first > high:
        return Result(
            "failed", told, numbers, limits,
            (
                "inputs that are not scaled",
                "weights that begin too large: the network is sure before it has seen anything",
                "a loss that is summed over the batch",
            ),
            "data.scaling = standard; init.name = he or xavier; a last layer near zero",
        )  # fmt: skip
    if first > SCALE * mean:
        return Result(
            "failed", f"{told}, the mean target {number(mean)}", numbers, limits,
            ("targets far from zero that are not scaled",), "standardise the targets",
        )  # fmt: skip
    return Result("passed", told, numbers, limits)


def guess_of(trial: Trial) -> Guess | str:
    """An answer that knows nothing, or why there is none."""
    spec, baselines = trial.spec, trial.session.task.baselines
    if not trial.one_loss and "uniform guess" not in baselines:
        return _REASONS.get(spec.task.name, "this task follows no loss that a guess would have")
    if "uniform guess" in baselines:
        choices = len(trial.session.dataset.classes) or trial.session.dataset.signature.outputs
        exact = math.isclose(baselines["uniform guess"], math.log(max(choices, 2)), rel_tol=1e-4)
        words = f"a uniform guess among {choices}"
        # of other losses a confident answer may cost little, and init is not always modest
        return Guess(words, baselines["uniform guess"], LEAST if exact else 0.0)
    signature = trial.session.dataset.signature
    if spec.loss.name == "cross-entropy" and signature.outputs > 1:
        words = f"a uniform guess among {signature.outputs}"
        return Guess(words, math.log(signature.outputs), LEAST)
    if "no idea" in baselines:
        return Guess("an answer that knows nothing", baselines["no idea"])
    zero = trial.answers_zero(trial.batch())
    if zero is not None and zero > 0:
        return Guess("an answer of zeros", zero)
    if "mean sample" in baselines:
        return Guess("the mean sample", baselines["mean sample"])
    return "the task names no guess to compare with"


_REASONS = {
    "adversarial": "two networks play against each other: their losses have no level of a guess",
    "energy": "the loss is a difference of energies, and zero is no better than one",
    "perceptron": "the loss of a perceptron is zero where nothing is wrong, and has no unit",
}
