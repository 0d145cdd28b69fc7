"""Memory that only ever grows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.window import Array, Window

BLOCKS = 6
"""Equal parts of the window whose medians must each exceed the one before."""
LEAST = 120
"""Rows, one a second, before anything is said: caches fill at first."""
GROWTH = 0.05
"""Share by which memory grows over the window."""
WORTH = 64e6
"""Bytes of growth that are worth a word."""
STEADY = 0.35
"""Share of the growth that falls into the second half: a cache that fills up slows down."""
NAMES = {"rss": "the process's memory", "gpu_memory": "the GPU's memory"}


def rule(window: Window) -> Finding | None:
    """Speaks where the memory of the process, or of its GPU, has grown in every part of the window
    and does not slow down."""
    for column, what in NAMES.items():
        values = window.system.get(column, np.empty(0))
        grown = _growth(values)
        if grown is None:
            continue
        begin, end = grown
        steps = window.system.get("step", np.zeros(len(values)))
        seconds = float(window.system["time"][-1] - window.system["time"][0])
        return Finding(
            symptom="memory-creep",
            severity="warning",
            step=int(max(steps[0], 1)),
            until=int(steps[-1]),
            evidence={
                "memory": column,
                "bytes_at_first": begin,
                "bytes_now": end,
                "growth": end / begin - 1,
                "threshold": GROWTH,
                "bytes_per_hour": (end - begin) / seconds * 3600 * BLOCKS / (BLOCKS - 1),
                "series": [f"system.{column}"],
            },
            causes=(
                "samples that are kept after they were used",
                "losses or outputs kept with their graph: add up loss.item(), not loss",
                "hooks or caches that are added to at every step",
            ),
            remedy=Remedy(
                "restart",
                {},
                "keep numbers instead of tensors, and drop what a step has made; a checkpoint now "
                "saves what has been trained",
            ),
            source="TraceML: memory over a window",
            words=f"{what} has grown by {(end - begin) / 1e6:.0f} MB in {seconds:.0f} s, steadily",
        )
    return None


def _growth(values: Array) -> tuple[float, float] | None:
    """Medians of the first and the last block where all between grow, else None."""
    if len(values) < LEAST or not np.isfinite(values).all():
        return None
    size = len(values) // BLOCKS
    blocks = np.median(values[-size * BLOCKS :].reshape(BLOCKS, size), axis=1)
    begin, middle, end = blocks[0], (blocks[2] + blocks[3]) / 2, blocks[-1]
    grown = end - begin
    if not (np.diff(blocks) > 0).all() or grown < max(GROWTH * begin, WORTH):
        return None
    return (float(begin), float(end)) if end - middle > STEADY * grown else None


def EXAMPLES() -> dict[str, Window]:
    """Sick: 2 MB a second. Near miss: a cache that fills up. Healthy: flat."""
    second = np.arange(300.0)
    rows = {"time": 1000 + second, "step": 1 + second, "cpu": 99.0, "gpu_util": np.nan,
            "gpu_memory": np.nan}  # fmt: skip

    def of(rss: Array) -> Window:
        return _with_system(rows | {"rss": rss})

    return {
        "sick": of(3e8 + 2e6 * second),
        "near-miss": of(3e8 + 4e8 * (1 - np.exp(-second / 60))),
        "healthy": of(3e8 + 1e5 * np.sin(second)),
    }


def _with_system(rows: dict[str, object]) -> Window:
    length = len(np.asarray(rows["time"]))
    system = {
        name: np.broadcast_to(np.asarray(column, dtype=float), (length,)).copy()
        for name, column in rows.items()
    }
    return replace(healthy(), system=system)
