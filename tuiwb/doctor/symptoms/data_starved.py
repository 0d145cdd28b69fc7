"""Training waits for data."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.outcome import level
from tuiwb.doctor.window import Window

LEAST = 50
"""Steps before anything is said: the first batches are always late."""
SHARE = 0.3
"""Share of a step that is spent waiting (TraceML)."""
WORTH = 1e-3
"""Seconds of waiting in a step that are worth a word."""


def rule(window: Window) -> Finding | None:
    """Speaks where the median step waits for its batch for more than a third of its time, in the
    first and in the second half of the last hundred steps."""
    if len(window) < LEAST:
        return None
    recent = slice(max(len(window) - 2 * LEAST, 1), None)
    wait = window.column("wait_s")[recent]
    seconds = np.diff(window.column("time"))[-len(wait) :]
    # evaluations and checkpoints stand between steps: a median does not see them
    halves = [(level(w), level(s)) for w, s in zip(*(_halves(wait), _halves(seconds)), strict=True)]
    if not all(s > 0 and w > WORTH and w > SHARE * s for w, s in halves):
        return None
    waited, step = level(wait), level(seconds)
    used = level(window.system.get("gpu_util", np.empty(0)))
    return Finding(
        symptom="data-starved",
        severity="warning",
        step=int(window.step[recent][0]),
        until=int(window.step[-1]),
        evidence={
            "share": min(waited / step, 1.0),
            "threshold": SHARE,
            "wait_seconds": waited,
            "step_seconds": step,
            "gpu_util": used if np.isfinite(used) else None,
            "series": ["wait_s", "samples_per_s"],
        },
        causes=(
            "samples that are read, decoded or augmented while training waits",
            "a slow disk or network under the data",
            "too few workers for loading",
        ),
        remedy=Remedy(
            "restart",
            {},
            "load and augment ahead in more workers, in pinned memory; keep data that fits in "
            "memory; decode once and store the result",
        ),
        source="TraceML: time that a step waits for its data",
        words=f"{min(waited / step, 1.0):.0%} of a step is spent waiting for data",
    )


def _halves(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return values[: len(values) // 2], values[len(values) // 2 :]


def EXAMPLES() -> dict[str, Window]:
    """Sick: 6 of 10 ms. Near miss: one slow minute of disk that is over. Healthy: 0.1 ms."""
    over = np.where(np.arange(400) < 340, 6e-3, 1e-4)
    return {
        "sick": healthy(columns={"wait_s": 6e-3}),
        "near-miss": healthy(columns={"wait_s": over}),
        "healthy": healthy(),
    }
