"""Evaluate at this step; early stopping does not count it, so that looking changes nothing."""

from __future__ import annotations

import math

from tuiwb.base.clock import STEADY
from tuiwb.engine.desk import Desk
from tuiwb.engine.evaluation import evaluate
from tuiwb.engine.interfaces import Command


def obey(desk: Desk, command: Command) -> None:
    loop, step = desk.loop, desk.session.step
    if loop.evaluated != step:
        loop.settle()
        metrics = evaluate(desk.session, between=desk.between)
        loop.sink.evaluation(step, STEADY.now(), metrics, False, math.nan)
        loop.metrics, loop.evaluated = metrics, step
    command.accept(step, metrics=dict(loop.metrics))
