"""A sink and controls in memory, for tests of the loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuiwb.engine.build import Session, build
from tuiwb.engine.interfaces import StepRow
from tuiwb.engine.loop import Loop, Outcome, train
from tuiwb.spec import resolve
from tuiwb.tasks.picture import Picture


class MemorySink:
    """Keeps everything it is told."""

    def __init__(self) -> None:
        self.rows: list[StepRow] = []
        self.layer_rows: list[tuple[int, np.ndarray]] = []
        self.histogram_rows: list[tuple[int, np.ndarray]] = []
        self.eval_mode_losses: list[tuple[int, float]] = []
        self.evaluations: list[tuple[int, dict[str, float], bool]] = []
        self.events: list[dict[str, Any]] = []
        self.pictures: list[tuple[int, Picture]] = []
        self.begun: tuple[list[str], list[str], int] | None = None

    def begin(self, parts: Sequence[str], columns: Sequence[str], layers: int) -> None:
        self.begun = (list(parts), list(columns), layers)

    def steps(self, rows: Sequence[StepRow]) -> None:
        self.rows.extend(rows)

    def layers(self, step: int, time: float, values: np.ndarray, watch: float) -> None:
        self.layer_rows.append((step, values))

    def histograms(self, step: int, time: float, counts: np.ndarray) -> None:
        self.histogram_rows.append((step, counts))

    def evaluation(
        self,
        step: int,
        time: float,
        metrics: Mapping[str, float],
        best: bool,
        eval_mode_loss: float,
    ) -> None:
        self.eval_mode_losses.append((step, eval_mode_loss))
        self.evaluations.append((step, dict(metrics), best))

    def picture(self, step: int, picture: Picture) -> None:
        self.pictures.append((step, picture))

    def event(self, kind: str, step: int | None = None, **fields: Any) -> None:
        self.events.append({"kind": kind, "step": step, **fields})

    @property
    def losses(self) -> list[float]:
        return [row.loss for row in self.rows]


class Ask:
    """One command, and what became of it."""

    def __init__(self, command: str, args: Mapping[str, Any] | None = None) -> None:
        self.command = command
        self.args = args or {}
        self.by, self.who = "test", "ada@here"
        self.accepted: int | None = None
        self.refused: str | None = None
        self.told: dict[str, Any] = {}

    def accept(self, step: int, **told: Any) -> None:
        self.accepted, self.told = step, told

    def refuse(self, step: int, reason: str) -> None:
        self.refused = reason


class Script:
    """Controls that hand out commands at given looks."""

    def __init__(self, script: Mapping[int, Ask] | None = None) -> None:
        self.script = dict(script or {})
        self.looks = -1

    def take(self, step: int) -> Sequence[Ask]:
        self.looks += 1
        return [self.script[self.looks]] if self.looks in self.script else []


class AtSteps:
    """Controls that hand out commands at given steps, one each."""

    def __init__(self, asked: Mapping[int, Ask]) -> None:
        self.left = dict(asked)

    def take(self, step: int) -> Sequence[Ask]:
        return [self.left.pop(step)] if step in self.left else []


@contextmanager
def every_checkpoint() -> Iterator[None]:
    """Loops wait until each checkpoint is written: nets this small outrun the disk."""
    save = Loop.checkpoint

    def patiently(self: Loop, reason: str, *, best: bool = False) -> bool:
        saved = save(self, reason, best=best)
        self.checkpoints.wait()
        return saved

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loop, "checkpoint", patiently)
        yield


def trained(
    folder: Path,
    preset: str,
    *overrides: str,
    script: Mapping[int, Ask] | None = None,
    at: Mapping[int, Ask] | None = None,
    before: Callable[[Session], None] = lambda session: None,
) -> tuple[Outcome, MemorySink, Session]:
    """A preset trained in this process, with what its loop said; asked by ``script`` at looks, or
    ``at`` steps."""
    session = build(resolve(preset, overrides).spec)
    before(session)
    sink = MemorySink()
    controls = Script(script) if at is None else AtSteps(at)
    folder.mkdir(exist_ok=True)
    outcome = train(session, sink, controls, folder / "checkpoints")
    return outcome, sink, session
