"""The learning-rate range test: the rate grows from step to step, and the loss is written down.

Smith 2017, "Cyclical Learning Rates for Training Neural Networks" (arXiv:1506.01186), section 3.3;
with the rate growing by a constant factor, as in Smith & Topin 2018 (arXiv:1708.07120). The climb
is followed by short runs at a few rates around the foot of the curve, which tell how far a run
should stay below the rates at which the loss is lost. What both suggest is read elsewhere, without
torch. Afterwards everything is as it was before: weights, optimisers, random state.
"""

from __future__ import annotations

import copy
import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuiwb.base.rates import RUNS, shares
from tuiwb.base.short_runs import ShortRun
from tuiwb.engine.build import Session
from tuiwb.engine.interfaces import Command, Sink
from tuiwb.engine.loop import Loop
from tuiwb.engine.preflight.trial import LATE
from tuiwb.engine.rolling import Checkpoints
from tuiwb.engine.short_runs import around, first
from tuiwb.engine.state import restore, state_of
from tuiwb.optim.schedule import learning_rate

HOPELESS = 4.0
"""The test ends where the smoothed loss is so many times its least: what follows says nothing."""
SMOOTH = 0.9
"""Share of the past in the smoothed loss that ends the test."""
EARLIEST = 10
"""Steps before which it does not end for that: the smoothed loss is the first losses' still."""


@dataclass
class Curve:
    """Loss at each learning rate, for one turn of a step (one network of a GAN)."""

    turn: str
    """Empty where a step has one turn."""
    factor: float
    """Of ``optim.lr``: the turn trains at ``factor * optim.lr``, and ``lrs`` are that."""
    lrs: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    ended: str = ""
    """Why it ended before the highest rate, in words; empty where it did not."""
    runs: list[ShortRun] = field(default_factory=list)
    """In the order in which they were made."""


Tell = Callable[[str, float, float, int], None]
"""Hears of each step: turn, rate, loss, and the number of the short run: 0 in the climb."""


class _Nobody:
    """Controls that ask for nothing."""

    def take(self, step: int) -> Sequence[Command]:
        return ()


class _Nowhere:
    """A sink that keeps nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *given, **named: None


def silent(session: Session, place: Path) -> Loop:
    """A loop that is asked for nothing and tells nobody; ``place`` is for checkpoints that it is
    not asked for either."""
    nowhere: Any = _Nowhere()
    sink: Sink = nowhere
    return Loop(session, sink, _Nobody(), Checkpoints(place))


def range_test(
    session: Session,
    low: float,
    high: float,
    steps: int,
    tell: Tell = lambda turn, lr, loss, run: None,
) -> list[Curve]:
    """One curve a turn, each from the session's own state: ``steps`` steps with rates from ``low``
    to ``high``, on the loss of the task's last stage. The other turns of a step keep the spec's
    rate.

    Where a step has one turn, and ``steps`` suffice for it, some of them are short runs instead.
    The losses of a game's networks tell who leads, not how well they do: a game has none.
    """
    alone = len(session.turns) == 1
    climb, length = shares(steps) if alone else (steps, 0)
    with tempfile.TemporaryDirectory() as place:
        loop = silent(session, Path(place))
        before, training = state_of(loop), session.model.training
        rates = [group["lr"] for group in _groups(session)]
        curves = []

        def begin() -> None:
            restore(loop, copy.deepcopy(before))  # what is restored may be trained on
            session.model.train()

        try:
            for index, turn in enumerate(session.turns):
                if index:
                    begin()
                curves.append(Curve(turn.name, turn.lr))
                session.model.train()
                _climb(loop, index, low, high, climb, curves[-1], tell)
            if length and (begun := first(curves[0].lrs, curves[0].losses)) is not None:
                _short_runs(loop, *begun, length, curves[0], begin, tell)
        finally:
            restore(loop, before)
            session.model.train(training)
            session.model.zero_grad(set_to_none=True)
            for group, rate in zip(_groups(session), rates, strict=True):
                group["lr"] = rate
            loop.close()
    return curves


def _groups(session: Session) -> list[dict[str, Any]]:
    return [group for optimizer in session.optimizers for group in optimizer.param_groups]


def _climb(
    loop: Loop,
    index: int,
    low: float,
    high: float,
    steps: int,
    curve: Curve,
    tell: Tell,
) -> None:
    """Train with a rate that grows from ``low`` to ``high``, as far as it leads anywhere."""
    smooth, weight, least = 0.0, 0.0, math.inf
    number, loop.session.step = loop.session.step * loop.updates, LATE
    for step in range(steps):
        lr = low * (high / low) ** (step / max(1, steps - 1))
        value, number = _step(loop, index, lr, number)
        curve.lrs.append(lr)
        curve.losses.append(value)
        tell(curve.turn, lr, value, 0)
        if not math.isfinite(value):
            curve.ended = f"the loss was not finite at a learning rate of {lr:.2g}"
            return
        smooth, weight = SMOOTH * smooth + (1 - SMOOTH) * value, SMOOTH * weight + 1 - SMOOTH
        mean = smooth / weight
        least = min(least, mean)
        if step >= EARLIEST and mean > (HOPELESS * least if least > 0 else least + abs(least) + 1):
            curve.ended = f"the loss had grown {HOPELESS:g} times at a learning rate of {lr:.2g}"
            return


def _short_runs(
    loop: Loop,
    start: float,
    stride: float,
    length: int,
    curve: Curve,
    begin: Callable[[], None],
    tell: Tell,
) -> None:
    """Train ``length`` steps at each of a few rates, all from where ``begin`` leads back to: as
    the spec does, its schedule squeezed into them."""
    session = loop.session
    total, schedule = session.spec.train.steps, session.spec.schedule

    def run_at(lr: float) -> ShortRun:
        begin()
        losses: list[float] = []
        number, session.step = session.step * loop.updates, LATE
        for step in range(length):
            rate = learning_rate(step * total // length, total, schedule, lr)
            value, number = _step(loop, 0, rate, number)
            losses.append(value)
            tell(curve.turn, lr, value, len(curve.runs) + 1)
            if not math.isfinite(value):
                break
        curve.runs.append(ShortRun(lr, losses))
        return curve.runs[-1]

    around(start, stride, RUNS, run_at)


def _step(loop: Loop, index: int, lr: float, number: int) -> tuple[float, int]:
    """One step with the turn at ``index`` trained at ``lr``; the loss that the task follows, and
    the number of the next batch."""
    session, value = loop.session, math.nan
    usual, followed = session.spec.optim.lr, session.spec.task.progress
    for at, (turn, optimizer) in enumerate(loop.turns):
        for _ in range(turn.times):
            batch = session.batches.at(number)
            number += 1
            rate = lr / turn.lr if at == index else usual
            loss, _, parts = loop.update(turn, optimizer, batch, rate, watched=False)
            if at == index:
                value = float(parts.get(followed, loss).detach())
    return value, number
