"""The loss climbs away from the best that it had reached."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.window import Window

FACTOR = 2.0
"""Smoothed loss over the best smoothed loss (TheDeepChecker, Ben Braiek & Khomh 2023)."""
SPAN = 50
"""Steps in one smoothed value: the median of a span is deaf to single spikes."""


def rule(window: Window) -> Finding | None:
    """Speaks when the medians of the last two spans are both at twice the best span's or more."""
    spans = len(window) // SPAN
    if spans < 3:
        return None
    loss = window.loss[-spans * SPAN :].reshape(spans, SPAN)
    if not np.isfinite(loss).all():
        return None  # that is another symptom
    medians = np.median(loss, axis=1)
    best = min(float(medians[:-2].min()), window.best_loss)
    # an all but solved task doubles its loss by chance: the climb must also exceed its own noise
    noise = float(np.median(loss.std(axis=1)))
    sick = (medians[-2:] >= FACTOR * best) & (medians[-2:] - best > 3 * noise)
    if best <= 0 or not sick.all() or medians[-1] < medians[-2] * 0.98:
        return None
    steps = window.step[-spans * SPAN :].reshape(spans, SPAN)
    lr = float(window.lr[-1])
    return Finding(
        symptom="divergence",
        severity="alarm",
        step=int(steps[-2, 0]),
        until=int(steps[-1, -1]),
        evidence={
            "loss": float(medians[-1]),
            "best": best,
            "ratio": float(medians[-1] / best),
            "threshold": FACTOR,
            "series": ["loss"],
        },
        causes=(
            "a stretch of bad samples",
            "a learning rate that is too high",
            "an optimiser without warm-up",
        ),
        remedy=Remedy("hot", {"optim.lr": 0.3 * lr}, "a third of the learning rate"),
        source="TheDeepChecker (Ben Braiek & Khomh 2023): diverging loss",
        words=f"the loss is {medians[-1] / best:.1f} times its best and climbing",
    )


def EXAMPLES() -> dict[str, Window]:
    """Sick: a steady climb. Near miss: one short spike that heals. Healthy: a noisy descent."""
    step = np.arange(1, 401)
    loss = healthy().loss
    spike = loss.copy()
    spike[300:312] *= 20
    climb = np.where(step > 200, loss * 1.01 ** (step - 200), loss)
    return {
        "sick": healthy(columns={"loss": climb}, best_loss=float(loss[:200].min())),
        "near-miss": healthy(columns={"loss": spike}),
        "healthy": healthy(),
    }
