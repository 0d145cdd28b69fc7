"""NaN or infinity in the loss or in a gradient."""

from __future__ import annotations

import dataclasses

import numpy as np

from tuiwb.doctor.finding import Finding, Remedy, Window


def rule(window: Window) -> Finding | None:
    """Speaks at the first step whose loss or gradient is not finite."""
    sick = (window.nonfinite > 0) | ~np.isfinite(window.loss)
    if not sick.any():
        return None
    first, last = int(np.argmax(sick)), len(sick) - 1 - int(np.argmax(sick[::-1]))
    step = int(window.step[first])
    lr = float(window.lr[first])
    before = window.grad_norm[:first]
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
    step = np.arange(1, 101)
    healthy = Window(
        step=step,
        loss=np.exp(-step / 50),
        lr=np.full(100, 0.1),
        grad_norm=np.ones(100),
        nonfinite=np.zeros(100, int),
    )
    sick, huge = healthy.loss.copy(), healthy.loss.copy()
    sick[60], huge[60] = np.nan, 1e30
    return {
        "sick": dataclasses.replace(healthy, loss=sick),
        "near-miss": dataclasses.replace(healthy, loss=huge),
        "healthy": healthy,
    }
