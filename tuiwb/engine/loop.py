"""The training loop. It reads from top to bottom; everything it calls says what it does.

Order in a step: controls, batch, update (`tuiwb.engine.update`), emit; evaluations and checkpoints
stand at step boundaries. Nothing in it prints, draws or waits for the
device: figures come back through `readback`, late on a GPU and at once on a CPU.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tuiwb.base.clock import STEADY
from tuiwb.engine.build import Session
from tuiwb.engine.desk import Desk
from tuiwb.engine.evaluation import EarlyStopping, eval_mode_loss, evaluate
from tuiwb.engine.figures import Note, gathered, row_of
from tuiwb.engine.interfaces import Controls, Sink, StepRow, Stopped
from tuiwb.engine.pictures import Pictures
from tuiwb.engine.readback import read_back
from tuiwb.engine.retune import retune
from tuiwb.engine.rolling import Checkpoints, refusal
from tuiwb.engine.state import live, restore
from tuiwb.engine.stopping import StopWhen
from tuiwb.engine.telling import Telling
from tuiwb.engine.testing import tested
from tuiwb.optim.schedule import learning_rate
from tuiwb.probes.watcher import Led, Watcher
from tuiwb.spec.sections import Spec

HOPELESS = 20
"""Steps in a row with a loss that is not finite, after which nothing is left to train."""
ANYWAY = 600.0
"""Seconds after which a checkpoint is taken where no evaluation calls for one."""
PASSING = ("evaluation", "due", "time", "stop", "end")
"""Reasons for which a checkpoint is not kept longer than others of its age."""
MB = 1_000_000
ALL_DONE = "all steps done"
NOT_KEPT = "; its last checkpoint could not be written"


@dataclass(frozen=True)
class Outcome:
    """How a run ended: finished, stopped or diverged, why, and its last evaluation."""

    state: str
    reason: str
    metrics: dict[str, float]


def hopeless(steps: int) -> Stopped:
    """The end of a run that has had no finite loss for so many steps."""
    return Stopped(f"the loss has not been finite for {steps} steps", state="diverged")


def train(
    session: Session,
    sink: Sink,
    controls: Controls,
    checkpoints: Path | Checkpoints,
    begin: Mapping[str, Any] | None = None,
) -> Outcome:
    """Train ``session`` to the end of its spec, or until it is stopped. ``checkpoints`` is their
    folder, or what keeps them where somebody else has a say in it.

    ``begin`` is the state of a checkpoint to go on from (`tuiwb.engine.state`). Raises whatever the
    user's code or the sink raises; every figure that had left the device by then has reached the
    sink.
    """
    if isinstance(checkpoints, Path):
        checkpoints = Checkpoints(checkpoints)
    loop = Loop(session, sink, controls, checkpoints)
    try:
        if begin is not None:
            restore(loop, begin)
            begin = None  # a large model is not held twice
        return loop.run()
    finally:
        loop.close()


class Loop:
    """The state of one pass through a run; `train` is how it is used."""

    def __init__(
        self, session: Session, sink: Sink, controls: Controls, checkpoints: Checkpoints
    ) -> None:
        self.session = session
        self.sink = sink
        self.desk = Desk(self, session.ranks.heard(controls))
        self.checkpoints = checkpoints
        checkpoints.space = MB * session.spec.train.checkpoint_space
        self.refused = False
        """Whether the disk had no room for the last checkpoint."""
        self.stopping = EarlyStopping(session.spec.train.patience)
        led = session.ranks.sharded and not session.ranks.leads
        self.watch = Led(session.layers) if led else Watcher(session.layers, self.budget)
        self.update = session.ranks.update(session, self.watch)
        self.stop_when = StopWhen(session)
        self.pictures = Pictures(self.budget)
        self.figures = read_back(session.device.device)
        self.layer_figures = read_back(session.device.device)
        self.histograms = read_back(session.device.device)
        self.turns = tuple(zip(session.turns, session.optimizers, strict=True))
        self.updates = sum(turn.times for turn in session.turns)
        self.parts = 0
        self.metrics: dict[str, float] = {}
        self.evaluated = -1
        self.not_finite = 0
        self.telling = Telling()
        self.kept_at = time.monotonic()
        self.begun = False
        self.owed = False
        """Whether the evaluation that the last step may be due for is still to come."""
        self.ended = ""
        """Why the run has finished, once it has."""

    def run(self) -> Outcome:
        session = self.session
        if self.ended:
            return Outcome("finished", self.ended, self.metrics)
        session.model.train()
        session.ranks.begin(session)
        try:
            over = self.boundary() if self.owed else ""
            while not over and session.step < session.spec.train.steps:
                self.desk.attend()
                self.owed = True
                self.step()
                over = self.boundary()
            return self.finish(over or ALL_DONE)
        except Stopped as stopped:
            return self.stop(stopped)

    def stop(self, stopped: Stopped) -> Outcome:
        """The end that was asked for, or that nothing is left to train."""
        self.drain(flush=True)
        reason = stopped.reason
        if stopped.state == "stopped" and not self.checkpoint("stop"):
            reason += NOT_KEPT
        return Outcome(stopped.state, reason, self.metrics)

    def step(self) -> None:
        """One step, from batch to emitted row: every turn's updates, in order."""
        session, spec, watch = self.session, self.session.spec, self.watch
        watch.start(session.step)
        began, waited = time.perf_counter(), 0.0
        lr = learning_rate(session.step, spec.train.steps, spec.schedule, spec.optim.lr)

        number = session.step * self.updates
        parts: dict[str, torch.Tensor] = {}
        for turn, optimizer in self.turns:
            for repeat in range(turn.times):
                asked = time.perf_counter()
                batch = session.batches.at(number)
                waited += time.perf_counter() - asked
                number += 1
                loss, norms, seen = self.update(
                    turn, optimizer, batch, lr, watched=repeat == turn.times - 1
                )
            parts |= seen
            if turn.name:
                parts[f"{turn.name}_loss"] = loss.detach()

        seconds = watch.end(session.step, time.perf_counter() - began)
        session.step += 1
        if not self.begun:
            self.begin(list(parts))
        rate = session.batches.samples_per_step * self.updates / seconds
        now = STEADY.now()
        note = Note(session.step, now, lr, spec.train.clip_norm, rate, waited)
        self.figures.push(note, gathered(loss, parts, norms))
        if watch.sample is not None:
            self.layer_figures.push(note, watch.sample.figures)
            if watch.sample.histograms is not None:
                self.histograms.push(note, watch.sample.histograms)
        if self.telling.due(session.step, now):
            self.drain()
        if self.not_finite >= HOPELESS:
            session.ranks.stop(hopeless(self.not_finite))

    @property
    def budget(self) -> float:
        """The share of the step time that watching may take: one rank watches for all."""
        return self.session.spec.probe.budget if self.session.ranks.leads else 0.0

    def settle(self) -> None:
        """Every figure of the steps done is out."""
        self.drain(flush=True)

    def retune(self, spec: Spec) -> None:
        """Go on with other hot knobs. A stop condition that cannot be judged is a `UserError`, and
        nothing has changed then."""
        session, before = self.session, self.session.spec
        if spec.train.stop_when != before.train.stop_when:
            self.stop_when = StopWhen(session, spec.train.stop_when)
        retune(session, spec)
        if spec.train.patience != before.train.patience:
            self.stopping.retune(spec.train.patience)
        if spec.probe.budget != before.probe.budget:
            self.watch.retune(self.budget)
            self.pictures.retune(self.budget)
        self.checkpoints.space = MB * spec.train.checkpoint_space
        self.turns = tuple(zip(session.turns, session.optimizers, strict=True))

    def begin(self, parts: Sequence[str]) -> None:
        """Tell the sink what rows will hold, once the first step has shown it; from now on the
        optimiser has its state too."""
        self.sink.begin(parts, self.watch.columns, len(self.session.layers))
        self.begun, self.parts = True, len(parts)
        if not self.session.ranks.sharded:
            self.checkpoints.prepare(live(self))

    def drain(self, flush: bool = False) -> None:
        """Emit what has come back from the device."""
        arrived = self.figures.flush() if flush else self.figures.ready()
        if rows := [self.row(note, figures) for note, figures in arrived]:
            try:
                self.sink.steps(rows)
            except Stopped as stopped:
                self.session.ranks.stop(stopped)
        for note, values in self.layer_figures.flush() if flush else self.layer_figures.ready():
            with self.watch.telling:
                self.sink.layers(note.step, note.time, values, self.watch.cost)
        for note, counts in self.histograms.flush() if flush else self.histograms.ready():
            with self.watch.telling:
                self.sink.histograms(note.step, note.time, counts)

    def row(self, note: Note, figures: np.ndarray) -> StepRow:
        """One step as the sink wants it; how long its loss has not been finite is counted."""
        row = row_of(note, figures, self.parts)
        self.not_finite = 0 if math.isfinite(row.loss) else self.not_finite + 1
        return row

    def boundary(self) -> str:
        """Evaluate where the step is due for it; why the run is over then, empty where it is not.

        A run that is over leaves its checkpoint at its very end: no other has been judged already.
        """
        session, reason = self.session, ""
        every = session.spec.train.eval_every
        due = bool(every) and not session.step % every and session.step < session.spec.train.steps
        best = False
        if due:
            best = self.evaluate()
            reason = self.stop_when.judge(self.metrics)
            if not reason and self.stopping.over:
                reason = f"early stopping: no better val_loss in {self.stopping.waited} evaluations"
        self.owed = False
        if not reason and session.step < session.spec.train.steps and (why := self.worth(due)):
            self.checkpoint(why, best=best)
        return reason

    def worth(self, evaluated: bool) -> str:
        """Why this step boundary is worth a checkpoint; empty where it is not."""
        every = self.session.spec.train.checkpoint_every
        wish = ""
        if self.checkpoints.wanted and not self.not_finite:
            wish = "finding"
        elif not every and time.monotonic() - self.kept_at > ANYWAY:
            wish = "time"
        wish = self.session.ranks.wished(wish)
        if wish == "finding":
            return wish
        if every:
            return "" if self.session.step % every else "due"
        return "evaluation" if evaluated else wish

    def evaluate(self) -> bool:
        """Evaluate and tell the sink; whether it is the best so far."""
        step = self.session.step
        self.drain(flush=True)
        with self.session.ranks.whole():
            metrics = evaluate(self.session, between=self.desk.between)
            in_eval_mode = eval_mode_loss(self.session) if self.watch.share else math.nan
        self.metrics = self.session.ranks.agreed(metrics)
        self.evaluated = step
        best = self.stopping.judge(step, self.metrics, self.session.model)
        self.sink.evaluation(step, STEADY.now(), self.metrics, best, in_eval_mode)
        self.take_pictures()
        return best

    def take_pictures(self, *, last: bool = False) -> None:
        """Those that are due."""
        session = self.session
        if session.spec.probe.budget and hasattr(session.task, "pictures"):
            with session.ranks.whole():
                self.pictures.take(session, self.sink, last=last)

    def finish(self, reason: str) -> Outcome:
        """The last evaluation, the best weights where early stopping kept them, the test where a
        part was set aside for it, a checkpoint."""
        session, stopping = self.session, self.stopping
        if self.evaluated != session.step:
            self.evaluate()
        self.take_pictures(last=True)
        restored = stopping.best_step != session.step and stopping.restore(session.model)
        if restored:
            reason += f"; the weights of step {stopping.best_step} were the best and are restored"
            self.metrics = evaluate(session)
            self.sink.event(
                "evaluation",
                session.step,
                metrics=self.metrics,
                best=True,
                restored=stopping.best_step,
            )
        if figures := tested(session):
            best = stopping.best_step == session.step or restored
            self.metrics = self.metrics | figures
            self.sink.evaluation(session.step, STEADY.now(), self.metrics, best, math.nan)
        self.ended = reason
        if not self.checkpoint("end", best=stopping.best_step == session.step):
            reason += NOT_KEPT
        return Outcome("finished", reason, self.metrics)

    def checkpoint(self, reason: str, *, best: bool = False) -> bool:
        """Have the state written, once every row up to it is out. At the end of a run it is waited
        for; false where the disk did not take it then."""
        last = reason in ("stop", "end")
        if last:
            self.checkpoints.wait()
        pinned, step, ranks = reason not in PASSING, self.session.step, self.session.ranks
        if ranks.takes(self.checkpoints.takes(step, pinned=pinned)):
            self.drain(flush=True)
            self.kept_at = time.monotonic()
            state, copied = ranks.lent(lambda: live(self)), ranks.sharded
            self.checkpoints.save(step, state, reason, best=best, pinned=pinned, copied=copied)
        elif pinned:
            self.checkpoints.stays(step, reason)
        if last:
            self.checkpoints.wait()
        self.report_checkpoints()
        return not (last and self.refused)

    def report_checkpoints(self) -> None:
        """Tell of the writes that have ended. One that fails is no reason to stop: rows may still
        fit, and the next one may too."""
        for written in self.checkpoints.finished():
            if written.error is None:
                self.sink.event(
                    "checkpoint",
                    written.step,
                    path=f"checkpoints/{written.path.name}",
                    bytes=written.bytes,
                    reason=written.reason,
                )
            elif not self.refused:
                self.sink.event("warning", written.step, text=refusal(written), about="checkpoint")
            self.refused = written.error is not None

    def close(self) -> None:
        """Whatever ended the loop: leave no hook behind, no row unsent and no write unfinished."""
        self.watch.detach()
        self.drain(flush=True)
        self.checkpoints.wait()
        self.report_checkpoints()
        self.desk.close()
