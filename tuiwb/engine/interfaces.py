"""What the engine is handed: where its figures go, and who may ask it for something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from tuiwb.tasks.picture import Picture


class StepRow(NamedTuple):
    """What is known of one optimiser step. ``step`` counts updates done, so the first is 1."""

    step: int
    time: float
    """Unix seconds at the end of the step."""
    loss: float
    lr: float
    grad_norm: float
    """L2 norm over all gradients, before clipping; NaN where the budget left it out."""
    clipped: bool
    nonfinite: int
    """Parameters whose gradient is not finite, plus one where the loss is not."""
    samples_per_s: float
    """Samples (tokens for text) per second of this step."""
    wait_s: float
    """Seconds that the step waited for its batch."""
    parts: tuple[float, ...] = ()
    """The loss's parts, in the order given to `Sink.begin`."""


class Sink(Protocol):
    """Takes what the loop measures. Each call returns at once and never touches the model."""

    def begin(self, parts: Sequence[str], columns: Sequence[str], layers: int) -> None:
        """Before the first row: names of loss parts, of per-layer figures, number of layers."""
        ...

    def steps(self, rows: Sequence[StepRow]) -> None:
        """The steps since the last call, in order."""
        ...

    def layers(self, step: int, time: float, values: np.ndarray, watch: float) -> None:
        """Per-layer figures, shape (columns, layers); ``watch`` is the share they cost."""
        ...

    def histograms(self, step: int, time: float, counts: np.ndarray) -> None:
        """Counts of activations and of gradients, shape (2, layers, bins)."""
        ...

    def evaluation(
        self,
        step: int,
        time: float,
        metrics: Mapping[str, float],
        best: bool,
        eval_mode_loss: float,
    ) -> None:
        """Metrics on held-out data; ``eval_mode_loss`` is the loss of the coming step's batch with
        the model in evaluation mode (NaN where it was not taken)."""
        ...

    def picture(self, step: int, picture: Picture) -> None:
        """Something to look at, as data."""
        ...

    def event(self, kind: str, step: int | None = None, **fields: Any) -> None:
        """A rare event for the journal."""
        ...


class Command(Protocol):
    """Something a client asked for; it is accepted or refused exactly once."""

    command: str
    args: Mapping[str, Any]
    by: str
    """What it came through: cli, bench, python, a finding's remedy, a signal."""
    who: str
    """The person: ``user@host``, or empty."""

    def accept(self, step: int, **told: Any) -> None:
        """It took effect before ``step`` + 1; ``told`` is what there is to say of it."""
        ...

    def refuse(self, step: int, reason: str) -> None: ...


class Controls(Protocol):
    """Hands the loop what was asked since the last step boundary."""

    def take(self, step: int) -> Sequence[Command]:
        """What is to be obeyed now that ``step`` updates are done."""
        ...


class Stopped(Exception):
    """Ends the loop at a step boundary; ``state`` is stopped or diverged."""

    def __init__(self, reason: str, state: str = "stopped") -> None:
        super().__init__(reason)
        self.reason = reason
        self.state = state
