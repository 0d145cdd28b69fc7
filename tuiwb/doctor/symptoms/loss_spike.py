"""The loss leaps far above its own level, for more than a step or two."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.course import beginning, losses
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.remedies import clipping, remedy, tidy
from tuiwb.doctor.schedule import peak
from tuiwb.doctor.window import Array, Window

BEFORE = 100
"""Steps that a loss is compared with: those before it."""
FACTOR = 2.0
"""Over their mean."""
LOST = 0.4
"""Of what had been learned: where the loss cannot double, for a guess costs less than that."""
ROBUST_Z = 6.0
"""Over their median, in robust standard deviations."""
STEPS = 5
"""In a row: a hard batch or two are none."""
CLIMBS = 1.3
"""Times the first half of a spike that goes on: the second half of one that will not end."""
HEALS = 10
"""Steps within which a spike may heal by itself and is none."""
RISE = 0.1
"""Of what the loss began with: nearly solved tasks have tiny losses, which double by chance."""


def rule(window: Window) -> Finding | None:
    """Speaks where five steps in a row, each at twice the mean of the hundred before it, or back
    by two fifths of what had been learned, begin what has not healed ten steps later."""
    step, loss = losses(window)
    if len(loss) <= BEFORE + STEPS or not np.isfinite(loss).all() or loss.min() < 0:
        return None
    sums = np.concatenate(([0.0], np.cumsum(loss)))
    mean = (sums[BEFORE:-1] - sums[: -BEFORE - 1]) / BEFORE
    high = np.zeros(len(loss), dtype=bool)
    begun = beginning(window)
    high[BEFORE:] = loss[BEFORE:] >= _far(mean, begun)
    for first in _runs(high, STEPS)[::-1]:
        before = loss[first - BEFORE : first]
        usual = float(np.median(before))
        spread = 1.4826 * float(np.median(np.abs(before - usual)))
        # the mean rises with the spike itself: its end is where the loss is down again
        down = np.flatnonzero(loss[first:] < _far(usual, begun))
        last = first + int(down[0]) - 1 if len(down) else len(loss) - 1
        spike = loss[first : last + 1]
        if len(spike) < HEALS:
            continue
        height = float(np.median(spike))
        least = max(float(_far(usual, begun)), usual + ROBUST_Z * spread, usual + RISE * begun)
        if not height >= least:
            continue
        goes_on = last == len(loss) - 1
        half = len(spike) // 2
        if goes_on and np.median(spike[half:]) > CLIMBS * np.median(spike[:half]):
            return None  # it climbs on: that is divergence
        return Finding(
            symptom="loss-spike",
            severity="alarm" if goes_on else "warning",
            step=int(step[first]),
            until=int(step[last]),
            evidence={
                "loss": height,
                "usual": usual,
                "threshold": least,
                "robust_z": (height - usual) / spread if spread > 0 else None,
                "robust_z_threshold": ROBUST_Z,
                "steps": len(spike),
                "steps_threshold": HEALS,
                "series": ["loss", "grad_norm"],
            },
            causes=(
                "a stretch of bad samples",
                "a learning rate at the edge of what is stable",
                "an optimiser whose second moments forget too slowly for it",
                "gradients that nothing clips",
            ),
            remedy=remedy(
                window,
                "branch",
                {"optim.lr": tidy(peak(window) / 2)} | clipping(window, 1.0),
                "go back to the checkpoint before the spike, skip its batches, and go on with half "
                "the learning rate",
            ),
            source="Chowdhery et al. 2022, PaLM, section 5.1: rewind and skip batches; robust z as "
            "in KillLossSpike",
            words=f"the loss leapt from {usual:.3g} to {height:.3g} for {len(spike)} steps"
            + (" and is still there" if goes_on else ""),
        )
    return None


def _far(usual: Array | float, begun: float) -> Array:
    """A loss that is far above ``usual``, in a run that began with ``begun``."""
    back = np.where(np.asarray(usual) < begun, usual + LOST * (begun - usual), np.inf)
    return np.asarray(np.minimum(FACTOR * np.asarray(usual), back))


def _runs(high: np.ndarray, length: int) -> list[int]:
    """Where runs of at least ``length`` True begin."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], high, [False])).astype(np.int8)))
    return [int(a) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= length]


def EXAMPLES() -> dict[str, Window]:
    """Sick: twelve steps at five times the loss. Near miss: seven. Healthy: a descent."""
    loss = healthy().loss
    sick, near = loss.copy(), loss.copy()
    sick[300:312] *= 5
    near[300:307] *= 5
    return {
        "sick": healthy(columns={"loss": sick}),
        "near-miss": healthy(columns={"loss": near}),
        "healthy": healthy(),
    }
