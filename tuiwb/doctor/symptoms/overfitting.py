"""The net learns the training samples by heart: new ones get worse while those get better."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.course import NO_DISTANCE, beginning
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.remedies import remedy, tidy
from tuiwb.doctor.window import Array, Window

EVALUATIONS = 3
"""In a row that are worse than the best one."""
GAP = 0.1
"""Of the training loss: how much the held-out loss lies above it."""
RISE = 0.1
"""Of the best held-out loss."""
SLIGHT, MISSED = 0.02, 0.03
"""A rise by so little counts where as many more samples are answered wrongly than at best."""
SCALE = 0.01
"""Of what the loss began with: a nearly solved task rises by a tenth of next to nothing."""


def rule(window: Window) -> Finding | None:
    """Speaks where the last three held-out losses are each a tenth above the best three, and their
    trend is up, while the training loss has fallen on since; a slight rise is enough where the
    share of right answers has fallen with it."""
    step, val, train = (window.evaluated(n) for n in ("step", "val_loss", "train_loss"))
    if len(val) < EVALUATIONS + 2 or len(train) != len(val) or window.facts.task in NO_DISTANCE:
        return None
    known = np.isfinite(val) & np.isfinite(train)
    step, val, train = step[known], val[known], train[known]
    if len(val) < EVALUATIONS + 2 or min(val.min(), train.min()) < 0:
        return None
    best = int(np.argmin(val))
    last = val[-EVALUATIONS:]
    missed = _missed(window.evaluated("val_accuracy"), known)
    # one lucky evaluation is no level that was held, unless more answers were right there, too
    held = np.median(np.lib.stride_tricks.sliding_window_view(val, EVALUATIONS), axis=1)
    lowest = float(val[best] if missed >= MISSED else held.min())
    now = float(train[-1])
    rise = SLIGHT if missed >= MISSED else RISE
    scale = SCALE * np.nan_to_num(beginning(window)) if missed < MISSED else 0.0
    least = max((1 + rise) * lowest, lowest + scale)
    if len(val) - 1 - best < EVALUATIONS or not (last >= least).all():
        return None
    # what costs more than a guess on its own training samples has learned nothing by heart
    if now >= beginning(window):
        return None
    rising = float(np.median(last)) > float(np.median(val[best : best + EVALUATIONS]))
    fell = now < 0.9 * train[best] and now <= 1.02 * float(np.median(train[-2 * EVALUATIONS :]))
    gap = (float(np.median(last)) - now) / max(now, 1e-12)
    if not (rising and fell and gap > GAP):
        return None
    return Finding(
        symptom="overfitting",
        severity="warning",
        step=int(step[best]),
        until=int(step[-1]),
        evidence={
            "val_loss": float(np.median(last)),
            "val_loss_threshold": least,
            "best_val_loss": lowest,
            "best_step": int(step[best]),
            "train_loss": now,
            "missed": missed,
            "missed_threshold": MISSED,
            "gap": gap,
            "gap_threshold": GAP,
            "series": ["val_loss", "train_loss", "val_accuracy"],
        },
        causes=(
            "too few training samples, or wrong labels among them",
            "training that goes on past its best",
            "a network larger than its data, with nothing to hold it back",
        ),
        remedy=_remedy(window, int(step[best])),
        source="Prechelt 1998, Early stopping - but when?; Goodfellow et al. 2016, section 7.8",
        words=f"held-out loss has risen from {lowest:.3g} at step {int(step[best])} to "
        f"{np.median(last):.3g}, while the training loss fell to {now:.3g}",
    )


def _missed(accuracy: Array, known: Array) -> float:
    """Share of right answers at best, minus the best of the last evaluations; 0 without classes."""
    if len(accuracy) != len(known):
        return 0.0
    taken = accuracy[known]
    if not np.isfinite(taken).all():
        return 0.0
    return float(taken.max() - taken[-EVALUATIONS:].max())


def _remedy(window: Window, best: int) -> Remedy:
    facts = window.facts
    decay, dropout = (facts.number(f"regularize.{n}") for n in ("weight_decay", "dropout"))
    change: dict[str, float] = {"regularize.weight_decay": tidy(3 * decay) if decay else 0.1}
    without = "model.name" in facts.spec and "regularize.dropout" not in facts.spec
    if dropout < 0.5 and not without:
        change["regularize.dropout"] = 0.5 if dropout >= 0.2 else 0.3
    if facts.spec.get("train.patience") == 0:
        change["train.patience"] = 6
    return remedy(
        window,
        "branch",
        change,
        f"go back to the best, step {best}, and on with weight decay"
        f"{'' if without else ' and dropout'}; or stop there",
    )


def EXAMPLES() -> dict[str, Window]:
    """Sick: held-out loss has its best early and rises. Near miss: it stays where its best is, far
    above the training loss. Healthy: it follows the training loss."""
    evals = healthy().evals
    step = evals["step"]
    rises = np.where(step > 100, 0.9 + 0.002 * (step - 100), evals["val_loss"])
    rests = np.maximum(evals["val_loss"], 0.8 + 0.02 * np.sin(step))
    return {
        "sick": healthy(evals={"val_loss": rises}),
        "near-miss": healthy(evals={"val_loss": rests}),
        "healthy": healthy(),
    }
