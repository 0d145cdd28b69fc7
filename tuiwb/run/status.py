"""How a run is, in words: what its journal says, checked against whether its worker lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuiwb.base.format import duration
from tuiwb.base.text import one_line
from tuiwb.run.crash import why
from tuiwb.run.facts import FINAL, QUEUED, Facts
from tuiwb.run.files import read_tail
from tuiwb.run.lock import Holder

STALE = 15.0
"""Seconds without a heartbeat after which a worker whose lock cannot be trusted counts as dead."""
PATIENCE = 20.0
"""Seconds that a new run may wait for its worker to take the lock."""
AHEAD = 60.0
"""Seconds by which a sign of life may be in the future before its clock is not believed."""
LAST_WORDS = 12
"""Lines of worker.log that are shown of a run that ended badly."""


@dataclass(frozen=True)
class Status:
    """The state of a run, as one of the journal's states or ``crashed``, and in words.

    ``step`` counts optimiser updates done, ``steps`` those planned (None: unknown); ``started``
    and ``ended`` are Unix seconds; ``last_words`` are the last lines of the worker's log where it
    crashed or failed; ``error`` has the fields of a `UserError` where the worker ended with one.
    """

    state: str
    words: str
    step: int
    steps: int | None
    started: float | None
    ended: float | None
    last_words: tuple[str, ...] = ()
    error: Mapping[str, Any] | None = None
    idle: float = 0.0
    """Seconds between the lives of a resumed run, in which nobody trained it."""
    begun: float = 0.0
    """When the newest worker began (Unix seconds); 0 where none has."""

    @property
    def took(self) -> float | None:
        """Seconds from the start to the end without what lay between lives; None until it ends."""
        if self.started is None or self.ended is None:
            return None
        return max(0.0, self.ended - self.started - self.idle)

    @property
    def ended_now(self) -> bool:
        """Whether nothing more will come unless the run is resumed."""
        return self.state == "crashed" or self.state in FINAL


def derive(
    facts: Facts,
    holder: Holder | None,
    *,
    step: int,
    steps: int | None,
    created: float | None,
    heartbeat: float,
    now: float,
    log: Path,
    settled: bool = True,
    quiet: float | None = None,
) -> Status:
    """The status from what was read. ``holder`` must have been asked before the journal was read:
    a worker that ends in between has then journaled its end. ``heartbeat`` is the latest sign of
    life (Unix seconds); with ``settled`` False (journal not read to its end) nothing is declared
    dead. ``quiet`` are the seconds for which whoever looks has seen no new sign: they count where
    the worker's clock is ahead of this one."""
    age = now - max(heartbeat, created or 0.0)
    if quiet is not None and age < -AHEAD:
        age = quiet
    state = _state(facts, holder, age, settled)
    over = state == "crashed" or state in FINAL
    return Status(
        state=state,
        words=_words(state, facts, step, holder, now, log),
        step=step,
        steps=steps,
        started=facts.started if created is None else created,
        ended=heartbeat or None if state == "crashed" else facts.ended,
        last_words=last_words(log) if state in ("crashed", "failed") else (),
        error=facts.error if over else None,
        idle=facts.idle,
        begun=facts.begun,
    )


def _state(
    facts: Facts,
    holder: Holder | None,
    age: float,
    settled: bool,
) -> str:
    alive = holder.alive if holder else None
    if alive and holder and holder.started > facts.state_time:
        return "starting"  # resumed: this worker has not spoken yet
    if facts.state in FINAL:
        return facts.state
    if facts.state == QUEUED:
        return QUEUED  # for hours or days; no lock and no sign of life is due
    if alive or not settled:
        return facts.state or "starting"
    if alive is None:
        # nobody to ask: a sign of life decides, and a new run gets time for its first one
        never = holder is None and facts.state is None
        if age <= (PATIENCE if never else STALE):
            return facts.state or "starting"
    return "crashed"


def _words(
    state: str, facts: Facts, step: int, holder: Holder | None, now: float, log: Path
) -> str:
    reason = one_line(facts.reason, 300)
    if state == "starting":
        waiting = "waiting for the worker" if holder is None or not holder.alive else ""
        doing = one_line(facts.doing, 200) if facts.state == "starting" else waiting
        return f"starting: {doing or waiting}" if doing or waiting else "starting"
    if state == QUEUED:
        doing = one_line(facts.doing, 200)
        return f"queued ({doing})" if doing else QUEUED
    if state == "training" and (hang := facts.hang(step)) is not None:
        return f"training: no step for {duration(hang.lasted + max(0.0, now - hang.seen))}"
    if state == "training":
        doing = one_line(facts.doing, 200)
        return f"training: {doing}" if doing else "training"
    if state == "crashed" and facts.state is None:
        return "crashed at step 0, before it began"
    if state == "failed" and not reason and facts.error:
        reason = one_line(str(facts.error.get("what", "")), 300)
    if state == "crashed":
        reason = why(holder, log)
    return f"{state} at step {step}: {reason}" if reason else f"{state} at step {step}"


def last_words(log: Path, lines: int = LAST_WORDS) -> tuple[str, ...]:
    """The last non-empty lines of a log, made safe for a terminal; none where it is not there."""
    try:
        text = read_tail(log, 1 << 15).decode("utf-8", "replace")
    except OSError:
        return ()
    kept = [line.rstrip() for line in text.splitlines() if line.strip()]
    return tuple(one_line(line, 400) for line in kept[-lines:])
