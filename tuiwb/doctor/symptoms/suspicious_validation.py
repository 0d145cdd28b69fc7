"""New samples are answered better than those that were trained on."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.course import NO_DISTANCE, beginning, staged
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.remedies import remedy
from tuiwb.doctor.window import Window

EPOCHS = 3.0
"""After which training samples must be ahead."""
EVALUATIONS = 5
"""Whose training losses, each of one batch, make a figure."""
FACTOR = 0.5
"""Held-out loss over the training loss, both in evaluation mode."""
SCALE = 0.02
"""Of what the loss began with."""
HARDER = ("data.label_noise", "data.augment_flip", "data.augment_shift", "data.augment_rotate",
          "data.augment_zoom", "data.augment_noise")  # fmt: skip
"""Knobs that make training samples harder than new ones, on purpose."""


def rule(window: Window) -> Finding | None:
    """Speaks where after three epochs the held-out loss is at most half of what training batches
    cost in evaluation mode (without dropout, without noise), by the median of five evaluations."""
    facts = window.facts
    step = window.evaluated("step")
    val, train = window.evaluated("val_loss"), window.evaluated("eval_mode_loss")
    if len(val) != len(step) or len(train) != len(step) or facts.task in NO_DISTANCE:
        return None
    if staged(window) or any(facts.number(key) > 0 for key in HARDER):
        return None
    known = np.isfinite(val) & np.isfinite(train)
    known &= step >= EPOCHS * np.nan_to_num(facts.steps_per_epoch)
    step, val, train = (a[known][-EVALUATIONS:] for a in (step, val, train))
    if len(val) < EVALUATIONS or min(val.min(), train.min()) < 0:
        return None
    held, own = float(np.median(val)), float(np.median(train))
    if held > FACTOR * own or own - held < SCALE * np.nan_to_num(beginning(window)):
        return None
    if not (val < train).all():
        return None
    return Finding(
        symptom="suspicious-validation",
        severity="warning",
        step=int(step[0]),
        until=int(step[-1]),
        evidence={
            "val_loss": held,
            "train_loss": own,
            "ratio": held / own,
            "threshold": FACTOR,
            "epochs": float(step[-1] / facts.steps_per_epoch)
            if facts.steps_per_epoch > 0
            else None,
            "series": ["val_loss", "eval_mode_loss", "train_loss"],
        },
        causes=(
            "samples that stand in both parts, or the answer among the inputs",
            "a held-out part that is easier, or scaled in another way, than the training part",
            "labels of the training part that are wrong",
        ),
        remedy=remedy(
            window,
            "restart",
            {"data.split_seed": int(facts.number("data.split_seed")) + 1},
            "look for duplicates between the two parts, and try another split",
        ),
        source="UMLAUT (Schoop, Huang & Hartmann 2021): validation better than training",
        words=f"held-out loss is {held:.3g}, that of training batches {own:.3g}, both in "
        "evaluation mode",
    )


def EXAMPLES() -> dict[str, Window]:
    """Sick: a held-out loss of a third. Near miss: a third, and labels of training samples are
    noisy on purpose. Healthy: a little above the training loss."""
    base = healthy()
    third = {"val_loss": base.evals["eval_mode_loss"] / 3}
    noisy = type(base.facts)(
        spec={**base.facts.spec, "data.label_noise": 0.25},
        classes=10,
        steps_per_epoch=20.0,
        layers=base.facts.layers,
    )
    return {
        "sick": healthy(evals=third),
        "near-miss": healthy(evals=third, facts=noisy),
        "healthy": healthy(),
    }
