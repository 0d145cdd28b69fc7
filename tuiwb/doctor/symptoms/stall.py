"""No step for far longer than steps take."""

from __future__ import annotations

import numpy as np

from tuiwb.base.format import duration
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.outcome import level
from tuiwb.doctor.window import Window

QUIET = 30.0
"""Seconds without a step that are never a stall."""
STEPS = 20
"""Median steps that are never a stall."""
GAPS = 3
"""Times the longest gap so far: evaluations and checkpoints stand between steps too."""
BEGINNING = 300.0
"""Seconds before the first steps are late: compilation and first batches take their time."""
KNOWN = 20
"""Steps after which it is known how long they take."""


def rule(window: Window) -> Finding | None:
    """Speaks where ``now`` is later than any step, evaluation and pause so far would explain."""
    times = window.column("time")
    times = times[np.isfinite(times)]
    rows = window.system.get("time", np.empty(0))
    if not len(times) and not len(rows):
        return None
    since = float(times[-1]) if len(times) else float(rows[0])
    gaps = np.diff(times)
    median = level(gaps)
    patience = max(QUIET, STEPS * median, GAPS * float(gaps.max())) if len(gaps) else BEGINNING
    if len(gaps) < KNOWN:
        patience = max(patience, BEGINNING)
    quiet = window.now - since
    if not quiet > patience:
        return None
    step = int(window.step[-1]) if len(window) else 0
    return Finding(
        symptom="stall",
        severity="alarm",
        step=step,
        until=step,
        evidence={
            "seconds": quiet,
            "threshold": patience,
            "step_seconds": median if np.isfinite(median) else None,
            "series": ["samples_per_s", "wait_s"],
        },
        causes=(
            "a data source that does not answer: a network disk, a download, a dead worker",
            "a lock that two threads wait for",
            "another process that has the device or all memory",
        ),
        remedy=Remedy(
            "restart",
            {},
            "the stack shows where it hangs; stop the run, and start again from its last "
            "checkpoint when the cause is gone",
        ),
        source="30 s without a step, and 20 times the median step",
        words=f"no step for {duration(quiet)}",
    )


def EXAMPLES() -> dict[str, Window]:
    """Sick: ten minutes of silence. Near miss: an evaluation that takes what the last one took.
    Healthy: the next step is due."""
    steps = healthy().steps
    late = steps["time"] + np.where(steps["step"] > 200, 40.0, 0.0)  # an evaluation of 40 s
    return {
        "sick": healthy(now=float(steps["time"][-1]) + 600),
        "near-miss": healthy(columns={"time": late}, now=float(late[-1]) + 50),
        "healthy": healthy(),
    }
