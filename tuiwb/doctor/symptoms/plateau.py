"""The loss has come down and then stays where it is, well above nothing."""

from __future__ import annotations

from math import e, log

import numpy as np

from tuiwb.doctor.course import losses, staged
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.flat import GAIN, SPANS, flat
from tuiwb.doctor.remedies import remedy, tidy
from tuiwb.doctor.schedule import peak
from tuiwb.doctor.symptoms.underfit import LEARNED
from tuiwb.doctor.window import Window

ROWS = 100
"""Steps none of whose losses lies below what a doubled softmax allows."""
NEAR = 1.15
"""Times that least loss."""
ACCURATE = 0.8
"""Share of right answers."""


def rule(window: Window) -> Finding | None:
    """Speaks where a run that had learned something has gained less than 1 % in ten spans of steps
    and as many evaluations, at full learning rate."""
    if (twice := _softmax_twice(window)) is not None:
        return twice
    found = flat(window)
    if found is None or found.loss > (1 - LEARNED) * found.began:
        return None
    return Finding(
        symptom="plateau",
        severity="warning",
        step=found.since,
        until=int(window.step[-1]),
        evidence={
            "loss": found.loss,
            "best_before": found.best,
            "gain": 1 - found.loss / found.best,
            "gain_threshold": GAIN,
            "spans": SPANS,
            "series": ["loss", "lr", "val_loss"],
        },
        causes=(
            "labels or inputs that hold no more than this",
            "a learning rate that is too high for the last stretch",
            "a network too small for the rest",
        ),
        remedy=remedy(
            window,
            "hot",
            {"optim.lr": tidy(0.1 * peak(window))},
            "a tenth of the learning rate; where that gains nothing either, stop",
        ),
        source="He et al. 2015, section 4: divide the rate by 10 when the error plateaus",
        words=f"no gain since step {found.since}: the loss stays at {found.loss:.3g}",
    )


def _softmax_twice(window: Window) -> Finding | None:
    """A softmax in front of a cross-entropy, which has its own: logits between 0 and 1 cannot cost
    less than ln(e + C - 1) - 1, and right answers come close to that and no closer."""
    step, loss = losses(window)
    classes = window.facts.classes
    spec = window.facts.spec
    if spec.get("loss.name") != "cross-entropy" or classes < 2 or len(loss) < ROWS:
        return None
    floor = log(e + classes - 1) - 1
    now = float(np.median(loss[-ROWS:]))
    accuracy = window.evaluated("val_accuracy")[-3:]
    if staged(window) or not len(accuracy) or not np.median(accuracy) >= ACCURATE:
        return None
    # of a sound loss, single batches fall below any line that their median comes near to
    if not loss[-ROWS:].min() >= floor * (1 - 1e-4) or now > NEAR * floor:
        return None
    return Finding(
        symptom="plateau",
        severity="warning",
        step=int(step[-ROWS]),
        until=int(step[-1]),
        evidence={
            "loss": now,
            "threshold": NEAR * floor,
            "least_possible": floor,
            "accuracy": float(np.median(accuracy)),
            "accuracy_threshold": ACCURATE,
            "series": ["loss", "val_accuracy"],
        },
        causes=("a softmax at the end of the network, and another one in the loss",),
        remedy=remedy(window, "restart", {}, "let the network put out logits: drop its softmax"),
        source="NeuraLint (Nikanjam et al. 2021): the last activation does not fit the loss",
        words=f"answers are right, and the loss stays above {floor:.3g}: the least that it can be "
        "where a softmax is taken twice",
    )


def EXAMPLES() -> dict[str, Window]:
    """Sick: flat at a third of the first loss for 800 steps. Near miss: the same under a schedule
    that has lowered the rate. Healthy: it falls."""
    step = np.arange(1, 1001)
    noise = 0.05 * np.random.default_rng(2).standard_normal(1000)
    loss = 0.8 + 1.5 * np.exp(-step / 30) + noise
    every = np.arange(50, 1001, 50)
    evals = {"val_loss": 0.82 + 1.5 * np.exp(-every / 30), "val_accuracy": 0.7}
    lowered = np.where(step > 200, 1e-4, 1e-3)
    return {
        "sick": healthy(1000, columns={"loss": loss}, evals=evals, best_loss=0.79),
        "near-miss": healthy(
            1000, columns={"loss": loss, "lr": lowered}, evals=evals, best_loss=0.79
        ),
        "healthy": healthy(1000),
    }
