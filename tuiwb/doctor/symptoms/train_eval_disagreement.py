"""The same weights do much worse in evaluation mode than in training mode, on the same batch."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.course import NO_DISTANCE, beginning, staged
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.remedies import remedy
from tuiwb.doctor.window import Window

FACTOR = 1.5
"""Loss in evaluation mode over that in training mode."""
EVALUATIONS = 3
"""In a row."""
HEALS = 0.6
"""Of the first of them, in evaluation mode: where the last is below, running statistics catch up
with weights that moved fast."""
SCALE = 0.05
"""Of what the loss began with: below it, both modes have all but solved the task."""


def rule(window: Window) -> Finding | None:
    """Speaks where the loss of the very batch that is trained on next is half as high again in
    evaluation mode, three evaluations in a row, and does not come down there.

    The other way round is no symptom: dropout makes training mode the worse one.
    """
    evals, mode = window.evaluated("step"), window.evaluated("eval_mode_loss")
    if len(mode) != len(evals) or window.facts.task in NO_DISTANCE or staged(window):
        return None
    places = np.searchsorted(window.step, evals + 1)
    there = places < len(window)
    there[there] &= window.step[places[there]] == evals[there] + 1
    train = np.full(len(evals), np.nan)
    train[there] = window.loss[places[there]]
    both = np.isfinite(mode) & np.isfinite(train)
    evals, mode, train = (a[both][-EVALUATIONS:] for a in (evals, mode, train))
    if len(mode) < EVALUATIONS or min(mode.min(), train.min()) < 0:
        return None
    least = np.maximum(FACTOR * train, train + SCALE * np.nan_to_num(beginning(window)))
    if not (mode > least).all() or mode[-1] < HEALS * mode[0]:
        return None
    norms = [n for n in window.facts.layers if "BatchNorm" in n.kind]
    spec = window.facts.spec
    change: dict[str, object] = {"model.norm": "layer"} if spec.get("model.norm") == "batch" else {}
    change["data.batch_size"] = int(4 * window.facts.number("data.batch_size", 16))
    return Finding(
        symptom="train-eval-disagreement",
        severity="warning",
        step=int(evals[0]),
        until=int(evals[-1]),
        evidence={
            "eval_mode_loss": float(np.median(mode)),
            "train_mode_loss": float(np.median(train)),
            "ratio": float(np.median(mode / np.maximum(train, 1e-12))),
            "threshold": FACTOR,
            "batch_size": window.facts.number("data.batch_size") or None,
            "series": ["eval_mode_loss", "loss", "val_loss"],
            "layers": [layer.name for layer in norms[:20]],
        },
        causes=(
            "batches that are too small, or unlike each other, for the statistics of batch norm",
            "weights that move faster than the running statistics follow",
            "a layer that does something else in evaluation mode",
        ),
        remedy=remedy(
            window,
            "restart",
            change,
            "layer norm, or larger batches; where it must be batch norm, another momentum of its "
            "running statistics",
        ),
        source="TheDeepChecker (Ben Braiek & Khomh 2023): loss of one batch differs between modes",
        words=f"on one batch the loss is {np.median(train):.3g} in training mode and "
        f"{np.median(mode):.3g} in evaluation mode",
    )


def EXAMPLES() -> dict[str, Window]:
    """Sick: twice the loss in evaluation mode. Near miss: half of it, as dropout has. Healthy: the
    same in both."""
    evals = healthy().evals
    return {
        "sick": healthy(evals={"eval_mode_loss": 2 * evals["eval_mode_loss"]}),
        "near-miss": healthy(evals={"eval_mode_loss": 0.5 * evals["eval_mode_loss"]}),
        "healthy": healthy(),
    }
