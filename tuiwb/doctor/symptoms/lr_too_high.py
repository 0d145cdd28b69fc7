"""Steps that are too long: they leap over what they look for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tuiwb.doctor import pace
from tuiwb.doctor.course import SPAN, beginning, losses, smooth_spans, smoothed_best, solved, staged
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Severity
from tuiwb.doctor.remedies import remedy, tidy
from tuiwb.doctor.schedule import at_height, peak
from tuiwb.doctor.window import Window

EARLY = 200
"""Steps in which a leap above the first loss counts, and after which it is forgiven where the run
learns."""
LEAP = 1.6
"""Times the first loss, as a median of `PATIENCE` steps."""
PATIENCE = 5
NOTHING = 0.9
"""Share of the loss at the beginning: what is above it has learned next to nothing."""
BACK, SPANS = 1.5, 4
"""Times the best smoothed loss, in so many spans in a row, at a height that no longer falls."""
RISE = 0.03
"""Of what the loss began with."""
MARCH, MARCHES = 0.02, 3
"""Update ratio, in the median over layers, of so many samples in a row: twenty times the usual.
Sound runs have come below 0.015 after fifty steps."""
OF_SAMPLES = frozenset({"LayerNorm", "RMSNorm"})
"""Weights in front of other norms have no scale of their own: long strides do them no harm."""
HALF = 2
"""Spans that are compared with as many before them."""
UNLEARNED, GAINS = 0.5, 0.95
"""Share of the loss at the beginning that is left, and of the spans before."""
RESTLESS = 0.2
"""Spread within a span over its median."""


def rule(window: Window) -> Finding | None:
    """Speaks where the first steps, which moved weights by a tenth and more, threw the loss far
    above where it began; where weights go on moving like that and nothing is learned; and where a
    loss that had come down is well above its best again, restless, at full learning rate."""
    return _leap(window) or _bouncing(window) or _marching(window)


def _leap(window: Window) -> Finding | None:
    rows = losses(window)
    if len(rows) < 2 * PATIENCE or not window.first_loss > 0 or staged(window):
        return None
    begun = beginning(window)
    loss = np.where(np.isfinite(rows.loss), rows.loss, np.inf)
    early = loss[rows.step <= EARLY]
    early = early[: len(early) // PATIENCE * PATIENCE].reshape(-1, PATIENCE)
    height = float(np.median(early, axis=1).max()) if len(early) else 0.0
    # what broke down at once was not led astray by steps: then nothing finite lies above the first
    height = min(height, float(loss[np.isfinite(loss)].max(initial=0.0)))
    moved = pace.typical(window)
    longest = float(moved.max()) if len(moved) else np.nan
    # a climb in small steps is another disease: the loss may be the wrong way round
    leapt = height > LEAP * window.first_loss and not longest < pace.MOST
    strides = len(moved) >= 2 and bool(moved[-2:].min() > pace.MOST)
    if not leapt and not (strides and len(loss) >= 2 * SPAN):
        return None
    recent = float(np.median(loss[-SPAN:]))
    useless = recent >= NOTHING * begun
    # nobody measured how long the steps are: then the outcome alone must say it
    sure = leapt and longest > pace.MOST and rows.step[-1] <= EARLY
    if not sure and not ((useless and len(loss) >= SPAN) or not np.isfinite(recent)):
        return None
    return _finding(
        window,
        step=int(rows.step[0]),
        evidence={
            "highest_loss": height,
            "highest_loss_threshold": LEAP * window.first_loss,
            "loss": recent if np.isfinite(recent) else None,
            "loss_threshold": NOTHING * begun,
        },
        severity="alarm" if useless and len(loss) >= SPAN else "warning",
        words="the first steps threw the loss far above where it began"
        if leapt
        else "each step moves the weights by a tenth and more, and nothing is learned",
    )


def _bouncing(window: Window) -> Finding | None:
    smooth = smooth_spans(window)
    if staged(window) or len(smooth) < SPANS + 2 or not np.isfinite(smooth.median[-SPANS:]).all():
        return None
    last = smooth.median[-SPANS:]
    best = smoothed_best(window, smooth.median[:-SPANS])
    begun = beginning(window)
    if not 0 < best < NOTHING * begun or not at_height(window, float(smooth.first[-SPANS])):
        return None
    least = max(BACK * best, best + RISE * begun)
    restless = float(np.median(smooth.spread[-SPANS:] / last))
    if not (last >= least).all() or last[-1] < 0.9 * last[0] or restless < RESTLESS:
        return None
    return _finding(
        window,
        step=int(smooth.first[-SPANS]),
        evidence={
            "loss": float(last.min()),
            "loss_threshold": least,
            "best": best,
            "spread": restless,
            "spread_threshold": RESTLESS,
        },
        severity="warning",
        words=f"the loss came down to {best:.3g}, and at this learning rate is back at "
        f"{last[-1]:.3g} and restless",
    )


def _marching(window: Window) -> Finding | None:
    if any("Norm" in layer.kind and layer.kind not in OF_SAMPLES for layer in window.facts.layers):
        return None
    smooth = smooth_spans(window)
    moved = pace.typical(window)
    if staged(window) or len(smooth) < 2 * HALF or len(moved) < MARCHES:
        return None
    begins = window.facts.number("schedule.warmup") + SPAN
    taken = window.layer("step")
    if taken[-MARCHES:].min() < begins or not moved[-MARCHES:].min() > MARCH:
        return None
    earlier, now = (float(half.mean()) for half in np.split(smooth.median[-2 * HALF :], 2))
    begun = beginning(window)
    if not now > UNLEARNED * begun or now < GAINS * earlier or solved(window, now):
        return None
    return _finding(
        window,
        step=int(taken[-MARCHES]),
        evidence={
            "loss": now,
            "loss_threshold": UNLEARNED * begun,
            "typical_ratio": float(moved[-MARCHES:].min()),
            "typical_ratio_threshold": MARCH,
        },
        severity="warning",
        words=f"each step moves the weights by {moved[-MARCHES:].min():.1%} of their size, and "
        "little is learned",
    )


def _finding(
    window: Window, step: int, evidence: Mapping[str, Any], severity: Severity, words: str
) -> Finding:
    moved = pace.typical(window)
    lr = peak(window)
    return Finding(
        symptom="lr-too-high",
        severity=severity,
        step=step,
        until=int(window.step[-1]),
        evidence={
            **evidence,
            "update_ratio": float(moved.max()) if len(moved) else None,
            "update_ratio_threshold": pace.MOST,
            "lr": lr,
            "series": ["loss", "lr", "layers.update_ratio"],
        },
        causes=(
            "inputs on very different scales",
            "weights that begin too large",
            "a learning rate that is too high",
            "no warm-up",
        ),
        remedy=remedy(
            window,
            "branch" if severity == "alarm" else "hot",
            {"optim.lr": tidy(lr / 10 if severity == "alarm" else lr / 2)},
            "a tenth of the learning rate, from a checkpoint before the leap"
            if severity == "alarm"
            else "half the learning rate, or a schedule that lowers it",
        ),
        source="Goodfellow, Bengio & Courville 2016, section 8.3.1; TheDeepChecker (Ben Braiek & "
        "Khomh 2023): updates above a tenth of the weights",
        words=words,
    )


def EXAMPLES() -> dict[str, Window]:
    """Sick: a leap to four times the first loss that comes back to a guess's. Near miss: the same
    leap, and then it learns. Healthy: a descent."""
    step = np.arange(1, 401)
    loss = healthy().loss
    leap = np.where((step > 2) & (step < 20), 9.0, 1.0)
    return {
        "sick": healthy(
            columns={"loss": np.where(leap > 1, leap, 2.35 + 0.02 * np.sin(step))},
            layers={"update_ratio": np.where(step[::25, None] < 26, 0.3, 0.01)},
            best_loss=2.3,
        ),
        "near-miss": healthy(columns={"loss": np.maximum(loss, leap * (leap > 1))}),
        "healthy": healthy(),
    }
