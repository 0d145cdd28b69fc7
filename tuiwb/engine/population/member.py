"""One member of a population: an ordinary run's loop, whose steps somebody else makes."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from tuiwb.base.errors import UserError
from tuiwb.engine.build import Session
from tuiwb.engine.figures import Note
from tuiwb.engine.interfaces import Controls, Sink, StepRow
from tuiwb.engine.loop import ALL_DONE, HOPELESS, Loop, hopeless
from tuiwb.engine.pictures import Pictures
from tuiwb.engine.population.trial import alone
from tuiwb.engine.rolling import Checkpoints
from tuiwb.spec.branch import differences
from tuiwb.spec.population import may_differ
from tuiwb.spec.sections import Spec

KEEP_EVERY = 10.0
"""Seconds between checkpoints that an evaluation calls for: all members ask at the same step."""


class Member(Loop):
    """Evaluations, checkpoints, commands and the end are the ordinary loop's; they find the weights
    and the optimiser's state where those of a run alone are."""

    def __init__(
        self, session: Session, sink: Sink, controls: Controls, checkpoints: Checkpoints
    ) -> None:
        # what this run would draw next, if it were alone: it has just been built
        self.generator = torch.Generator()
        self.generator.set_state(torch.get_rng_state())
        super().__init__(session, sink, controls, checkpoints)
        self.arrive: Callable[[bool], None] = lambda flush: None
        """Brings the figures of the steps done to this loop."""
        self.return_state: Callable[[], None] = lambda: None
        """Puts the optimiser's state into the session's own."""
        self.regroup: Callable[[], None] = lambda: None
        """The same, and the members are gathered anew before the next step."""
        self.rows: list[StepRow] = []
        """Steps that have arrived and are not yet told."""
        self.can_drop = False
        """Whether the population can drop activations."""
        session.model.train()

    def among(self, count: int) -> None:
        """It is one of so many: what watching may cost is for all of them together."""
        self.pictures = Pictures(self.session.spec.probe.budget / count)

    def catch_up(self) -> str:
        """The evaluation that a checkpoint may owe; why the run is over, empty where it is not."""
        if self.ended or self.session.step >= self.session.spec.train.steps:
            return self.ended or ALL_DONE
        return self.boundary() if self.owed else ""

    def after_step(self) -> str:
        """What stands at a step boundary; why the run is over, empty where it is not."""
        if self.not_finite >= HOPELESS:
            raise hopeless(self.not_finite)
        self.owed = True
        over = self.boundary()
        return over or (ALL_DONE if self.session.step >= self.session.spec.train.steps else "")

    def look(self) -> None:
        """Before the step of all: what flows through this member's layers in it. It is an ordinary
        pass, and leaves the buffers and draws that the step will use as they are."""
        session, watch = self.session, self.watch
        buffers = [(buffer, buffer.clone()) for buffer in session.model.buffers()]
        drawn = self.generator.get_state()
        watch.sample = None
        watch.before_forward()
        try:
            batch = session.batches.at(session.step)
            with alone(self.generator), session.device.autocast():
                loss, _ = session.turns[0].loss(session.model, batch, session.step)
            loss.backward()
            watch.after_backward()
        finally:
            session.model.zero_grad(set_to_none=True)
            self.generator.set_state(drawn)
            for buffer, kept in buffers:
                buffer.copy_(kept)

    def looked(self, note: Note) -> None:
        """After the step of all, which ``note`` tells of."""
        watch, step = self.watch, note.step - 1
        watch.after_update(step)
        watch.seen(step)
        if watch.sample is not None:
            self.layer_figures.push(note, watch.sample.figures)
            if watch.sample.histograms is not None:
                self.histograms.push(note, watch.sample.histograms)

    def drain(self, flush: bool = False) -> None:
        self.arrive(flush)
        rows, self.rows = self.rows, []
        if rows:
            self.sink.steps(rows)
        super().drain(flush)

    def retune(self, spec: Spec) -> None:
        for key in differences(self.session.spec, spec):
            if not may_differ(spec, key):
                raise UserError(
                    f"{key} is shared by all members of a population",
                    found=key,
                    next="fork this run with it: the fork trains alone",
                )
        if spec.regularize.dropout and not self.can_drop:
            raise UserError(
                "this population cannot drop activations",
                found=f"regularize.dropout = {spec.regularize.dropout}",
                next="fork this run with it: the fork trains alone",
            )
        self.regroup()
        super().retune(spec)

    def worth(self, evaluated: bool) -> str:
        why = super().worth(evaluated)
        if why == "evaluation" and time.monotonic() - self.kept_at < KEEP_EVERY:
            return ""
        return why

    def checkpoint(self, reason: str, *, best: bool = False) -> bool:
        self.return_state()
        with alone(self.generator):
            return super().checkpoint(reason, best=best)
