"""One process of several is slower than the rest, which wait for it in every step."""

from __future__ import annotations

import numpy as np

from tuiwb.base.format import number
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.window import Array, Window

LEAST = 20
"""Rows, one a second, before anything is said: the first steps compile and fill caches."""
SLOWER = 0.2
"""Share of the others' time by which one rank is slower."""
WORTH = 1e-3
"""Seconds lost in a step that are worth a word."""


def rule(window: Window) -> Finding | None:
    """Speaks where the same rank has taken a fifth longer for its own part of a step than the
    median of the others, in the first and in the second half of the last rows."""
    taken = window.ranks.get("seconds", np.empty((0, 0)))
    if len(taken) < LEAST or taken.ndim != 2 or taken.shape[1] < 2:
        return None
    recent = slice(-min(len(taken), 2 * LEAST), None)
    rows, steps = taken[recent], window.ranks["step"][recent]
    halves = [_slowest(half) for half in np.array_split(rows, 2)]
    (rank, _, _), (again, _, _) = halves
    if rank != again or not all(_is_late(own, rest) for _, own, rest in halves):
        return None
    _, own, rest = _slowest(rows)
    words = f"rank {rank} takes {_ms(own)} ms for its part of a step, the others {_ms(rest)} ms"
    return Finding(
        symptom="straggler",
        severity="warning",
        step=int(max(steps[0], 1)),
        until=int(steps[-1]),
        evidence={
            "slower": own / rest - 1,
            "threshold": SLOWER,
            "rank": rank,
            "seconds": own,
            "seconds_of_the_others": rest,
            "share_lost": 1 - rest / own,
            "series": ["ranks.seconds"],
        },
        causes=(
            "samples that cost this rank more: longer sequences, slower reading on its machine",
            "another process on its processor or GPU",
            "a GPU that is hot, capped in power, or of another kind",
        ),
        remedy=Remedy(
            "restart",
            {},
            f"see what else runs on the machine of rank {rank}, and its GPU's clock and "
            "temperature; leave that machine out and go on with: tuiwb resume",
        ),
        source="Lin et al. 2025, Understanding Stragglers in Large Model Training: a step takes as "
        "long as its slowest rank",
        words=f"{words}: {1 - rest / own:.0%} of every step is spent waiting for it",
    )


def _slowest(rows: Array) -> tuple[int, float, float]:
    """The rank whose median over ``rows`` (rows, ranks) is the highest, that median, and the median
    of the others'; NaN where a rank has told nothing."""
    known = rows[np.isfinite(rows).all(axis=1)]
    if not len(known):
        return -1, np.nan, np.nan
    medians = np.median(known, axis=0)
    rank = int(medians.argmax())
    return rank, float(medians[rank]), float(np.median(np.delete(medians, rank)))


def _ms(seconds: float) -> str:
    return number(1e3 * seconds, 3)


def _is_late(own: float, rest: float) -> bool:
    return rest > 0 and own - rest > WORTH and own > (1 + SLOWER) * rest


def EXAMPLES() -> dict[str, Window]:
    """Sick: rank 2 of four takes 15 instead of 10 ms. Near miss: it did, for twenty seconds that
    are over. Healthy: whoever is slowest is another one each second."""
    noise = np.random.default_rng(0).normal(0.0, 5e-4, (60, 4))
    even = 10e-3 + noise
    late = even + 5e-3 * (np.arange(4) == 2)
    past = np.where(np.arange(60)[:, None] < 40, late, even)
    time = {"step": np.linspace(1, 400, 60), "time": 1000.0 + np.arange(60)}
    return {
        "sick": healthy(ranks={**time, "seconds": late}),
        "near-miss": healthy(ranks={**time, "seconds": past}),
        "healthy": healthy(ranks={**time, "seconds": even}),
    }
