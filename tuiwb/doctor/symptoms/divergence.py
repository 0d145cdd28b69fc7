"""The loss climbs away from the best that it had reached, or falls below what it can be."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.course import SPAN, beginning, losses, smooth_spans, smoothed_best, staged
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.remedies import remedy, tidy
from tuiwb.doctor.schedule import peak
from tuiwb.doctor.window import Window

FACTOR = 2.0
"""Smoothed loss over the best smoothed loss (TheDeepChecker, Ben Braiek & Khomh 2023)."""
RISE = 0.05
"""Of what the loss began with: an all but solved task doubles its loss by chance."""
NOISE = 3.0
"""Times the loss's own spread."""
POSITIVE = frozenset(
    {"cross-entropy", "weighted-cross-entropy", "focal", "bce", "squared", "mse", "huber"}
)
"""Losses that cannot fall below zero."""
STEPS = 5
"""In a row below zero."""
SOURCE = "TheDeepChecker (Ben Braiek & Khomh 2023): diverging loss"


def rule(window: Window) -> Finding | None:
    """Speaks when the medians of the last two spans are both at twice the best span's or more, or
    at twice the first loss; sooner where it climbs from one ten steps to the next; and when a loss
    that cannot be negative is."""
    return _upside_down(window) or _climbing(window) or _from_the_start(window)


def _climbing(window: Window) -> Finding | None:
    rows = losses(window)
    smooth = smooth_spans(window)
    if len(smooth) < 3 or not np.isfinite(rows.loss[-2 * SPAN :]).all():
        return None  # that is another symptom
    best = smoothed_best(window, smooth.median[:-2])
    if window.first_loss > 0:
        best = min(best, window.first_loss)
    last = smooth.median[-2:]
    noise = float(np.nanmedian(smooth.spread))
    least = max(FACTOR * best, best + NOISE * noise)
    begun = beginning(window)
    if np.isfinite(begun):
        least = max(least, best + RISE * begun)
    if best <= 0 or not (last >= least).all() or last[1] < last[0] * 0.98:
        return None
    return _finding(window, int(smooth.first[-2]), float(last[1]), best)


def _from_the_start(window: Window) -> Finding | None:
    rows = losses(window)
    if len(rows) < SPAN or not np.isfinite(rows.loss[-SPAN:]).all() or not window.first_loss > 0:
        return None
    stretches = np.median(rows.loss[-SPAN:].reshape(5, -1), axis=1)
    if staged(window) or stretches[0] < FACTOR * window.first_loss:
        return None
    if not (np.diff(stretches) > 0).all() or stretches[-1] < 1.5 * stretches[0]:
        return None
    return _finding(window, int(rows.step[-SPAN]), float(stretches[-1]), window.first_loss)


def _finding(window: Window, step: int, loss: float, best: float) -> Finding:
    return Finding(
        symptom="divergence",
        severity="alarm",
        step=step,
        until=int(window.step[-1]),
        evidence={
            "loss": loss,
            "best": best,
            "ratio": loss / best,
            "threshold": FACTOR,
            "series": ["loss", "grad_norm"],
        },
        causes=(
            "a stretch of bad samples",
            "a learning rate that is too high",
            "an optimiser without warm-up",
            "a loss with the wrong sign: it is being maximised",
        ),
        remedy=remedy(
            window, "hot", {"optim.lr": tidy(0.3 * peak(window))}, "a third of the learning rate"
        ),
        source=SOURCE,
        words=f"the loss is {loss / best:.3g} times its best and climbing",
    )


def _upside_down(window: Window) -> Finding | None:
    rows = losses(window)
    name = window.facts.spec.get("loss.name")
    if name not in POSITIVE or staged(window) or len(rows) < STEPS:
        return None
    below = rows.loss < 0
    if not below[-STEPS:].all():
        return None
    return Finding(
        symptom="divergence",
        severity="alarm",
        step=int(rows.step[np.argmax(below)]),
        until=int(rows.step[-1]),
        evidence={"loss": float(rows.loss[-1]), "threshold": 0.0, "series": ["loss"]},
        causes=(
            "targets outside the range that the loss reads",
            "a loss with the wrong sign: it is being maximised",
        ),
        remedy=remedy(
            window, "restart", {}, f"turn the sign of the loss: {name} is never negative"
        ),
        source=SOURCE,
        words=f"{name} cannot be negative, and is: its sign is the wrong way round",
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
