"""NaN or infinity in the loss or in a gradient."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.window import Window


def rule(window: Window) -> Finding | None:
    """Speaks at the first step whose loss or gradient is not finite."""
    sick = (window.column("nonfinite") > 0) | ~np.isfinite(window.loss)
    if not sick.any():
        return None
    first, last = int(np.argmax(sick)), len(sick) - 1 - int(np.argmax(sick[::-1]))
    step = int(window.step[first])
    lr = float(window.lr[first])
    before = window.column("grad_norm")[:first]
    before = before[np.isfinite(before)]
    return Finding(
        symptom="non-finite",
        severity="alarm",
        step=step,
        until=int(window.step[last]),
        evidence={
            "steps": int(sick.sum()),
            "last_finite_grad_norm": float(before[-1]) if len(before) else None,
            "lr": lr,
            "series": ["loss", "grad_norm"],
        },
        causes=(
            "a sample that is not finite",
            "weights that begin too large",
            "a learning rate that is too high",
            "a logarithm or a division without a floor in the loss",
        ),
        remedy=Remedy(
            "branch",
            {"optim.lr": lr / 2, "train.clip_norm": 1.0},
            "go back to the last good checkpoint with half the learning rate and clipping at 1",
        ),
        source="counter of non-finite values",
        words=f"the loss or a gradient is not finite since step {step}",
    )


def EXAMPLES() -> dict[str, Window]:
    """Sick: one NaN. Near miss: a huge but finite loss. Healthy: a falling loss."""
    sick, huge = healthy().loss, healthy().loss
    sick[60], huge[60] = np.nan, 1e30
    return {
        "sick": healthy(columns={"loss": sick}),
        "near-miss": healthy(columns={"loss": huge}),
        "healthy": healthy(),
    }
