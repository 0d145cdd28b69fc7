"""Steps that are too short: the loss falls steadily, and would take for ever."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor import pace
from tuiwb.doctor.course import beginning, falls, losses, staged
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.remedies import remedy, tidy
from tuiwb.doctor.schedule import peak
from tuiwb.doctor.window import Array, Window

STEPS = 150
"""Steps that a run must have had after the warm-up."""
EVALUATIONS = 4
"""In a row that are better each time also show a fall."""
SAMPLES = 2
"""Of the update ratio."""
LEARNED = 0.25
"""Share of the first loss; a run that has lost more of it is on its way."""
STEADY = 0.6
"""Gradient norm of the last quarter over that of the first: who has not moved still sees the same
slope."""


def rule(window: Window) -> Finding | None:
    """Speaks where after 150 steps next to nothing is learned, although the slope is
    what it was, and no layer's update would come to 3 in 10 000 of its weights at full
    learning rate: where a schedule has lowered it, that is no symptom."""
    step, loss = losses(window)
    if len(loss) < STEPS or not np.isfinite(loss).all() or staged(window):
        return None
    moved = _at_full_rate(window)
    # where half of the layers do not move at all, their rate is not to blame
    if not pace.typical(window)[-SAMPLES:].all():
        return None
    if len(moved) < SAMPLES or not 0 < moved.max() < pace.LEAST or not _young(window):
        return None
    if float(step[-1]) < STEPS + window.facts.number("schedule.warmup"):
        return None
    first, last = float(np.median(loss[: STEPS // 4])), float(np.median(loss[-STEPS // 4 :]))
    norms = window.column("grad_norm")
    taken = norms[np.isfinite(norms)]
    quarter = len(taken) // 4
    if last < (1 - LEARNED) * window.first_loss or not window.first_loss > 0 or quarter < 5:
        return None
    slope = float(np.median(taken[-quarter:]) / max(float(np.median(taken[:quarter])), 1e-30))
    # a loss that lies still, or a gradient that is gone, is another disease
    if slope < STEADY or not (falls(loss) or _falls_held_out(window)):
        return None
    lr = peak(window)
    return Finding(
        symptom="lr-too-low",
        severity="warning",
        step=int(step[0]),
        until=int(step[-1]),
        evidence={
            "update_ratio": float(np.median(moved)),
            "update_ratio_threshold": pace.LEAST,
            "learned": 1 - last / window.first_loss,
            "learned_threshold": LEARNED,
            "fall": first - last,
            "lr": lr,
            "series": ["loss", "lr", "layers.update_ratio"],
        },
        causes=(
            "weights that begin very large",
            "a learning rate that is too low",
            "a warm-up or a schedule that keeps it low",
        ),
        remedy=remedy(
            window,
            "hot",
            {"optim.lr": tidy(lr * _factor(float(np.median(moved))))},
            "raise the learning rate until updates are about 1 in 1000 of the weights",
        ),
        source="update ratios about 1e-3 (Karpathy); TheDeepChecker (Ben Braiek & Khomh 2023)",
        words=f"updates move weights by {np.median(moved):.1e} of their size; of the first loss "
        f"{100 * max(1 - last / window.first_loss, 0):.0f} % are gone",
    )


def _at_full_rate(window: Window) -> Array:
    """The highest update ratio of each recent sample, as it would be at the schedule's peak."""
    moved, at = pace.highest(window)
    rates = np.interp(at, window.step, window.lr)
    with np.errstate(divide="ignore", invalid="ignore"):
        full: Array = moved * np.maximum(peak(window) / rates, 1.0)
    # where next to nothing is left of the rate, nothing can be told from the updates
    known: Array = full[np.isfinite(full) & (rates > 1e-3 * peak(window))]
    return known[-8:]


def _falls_held_out(window: Window) -> bool:
    """Whether each of the last evaluations is better than the one before: they have no noise of
    batches."""
    taken = window.evaluated("val_loss")[-EVALUATIONS:]
    return len(taken) == EVALUATIONS and bool((np.diff(taken) < 0).all())


def _young(window: Window) -> bool:
    """Whether the run is far above what it can be at: a run that was ever near is no slow one."""
    begun = beginning(window)
    return not np.isfinite(begun) or window.best_loss > (1 - LEARNED) * begun


def _factor(ratio: float) -> float:
    """By how much to raise the rate: towards 1e-3, in one leap of at most a thousand."""
    return min(max(1e-3 / ratio, 3.0), 1000.0)


def EXAMPLES() -> dict[str, Window]:
    """Sick: a slow steady fall with updates of 4e-6. Near miss: the same in a warm-up that has come
    to a hundredth of the peak. Healthy: a descent."""
    step = np.arange(1, 401)
    noise = 0.01 * np.random.default_rng(1).standard_normal(400)
    slow = 2.3 - 2e-4 * step + noise
    creeping = {"update_ratio": np.where(np.isnan(healthy().layer("update_ratio")), np.nan, 4e-6)}
    low = {"loss": slow, "lr": 1e-3 * step / 40_000}
    return {
        "sick": healthy(columns={"loss": slow}, layers=creeping, best_loss=2.2),
        "near-miss": healthy(columns=low, layers=creeping, best_loss=2.2),
        "healthy": healthy(),
    }
