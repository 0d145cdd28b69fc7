"""The training loop of a population: one batched step for all, and all else for each by itself.

All members have done equally many steps. Whoever ends, for whatever reason, is taken out of the
stack between two steps, and the others go on. A pause holds everybody: there is one program.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import torch

from tuiwb.base.clock import STEADY
from tuiwb.engine.desk import LOOK_EVERY
from tuiwb.engine.figures import Note
from tuiwb.engine.interfaces import Stopped
from tuiwb.engine.loop import Outcome
from tuiwb.engine.population.forward import Forward
from tuiwb.engine.population.member import Member
from tuiwb.engine.population.stack import Stack
from tuiwb.engine.population.threads import Threads
from tuiwb.engine.population.trial import forward_of
from tuiwb.engine.population.update import Update, order
from tuiwb.engine.readback import read_back
from tuiwb.optim.schedule import learning_rate
from tuiwb.probes.budget import Average, Budget
from tuiwb.probes.watcher import NORMS
from tuiwb.tasks.task import Batch

DRAIN_EVERY = 0.1
"""Seconds for which figures may wait: telling them is a write for every member."""

Ended = Callable[[Member, Outcome | Exception], None]
"""Told of each member that has ended, and how: an exception is what ended it alone."""


class _Figures(NamedTuple):
    """What the host knew when a step's figures set out, by member."""

    members: tuple[Member, ...]
    notes: tuple[Note, ...]


class Population:
    """Trains ``members`` until each has ended. They have been built for the same step.

    ``asked`` says whether anything may have been asked of any member since it said so last.
    Raises `trial.NotBatched` here, before anything has changed, where one program cannot train
    them.
    """

    def __init__(
        self,
        members: Sequence[Member],
        ended: Ended,
        asked: Callable[[], bool] = lambda: True,
    ) -> None:
        self.members = sorted(members, key=lambda member: order(member.session.spec))
        self._ended = ended
        self._asked = asked
        first = members[0].session
        self.step_done = first.step
        self._paused = False
        self._update: Update | None = None
        self._forward: Forward | None = None
        self._figures = read_back(first.device.device)
        self._drain_at = 0.0
        share = first.spec.probe.budget
        self._step_time = Average()
        self._norms = Budget(share * NORMS, self._step_time)
        self._looks = Budget(share * (1 - NORMS), self._step_time)
        self._next_look = 0
        on_cpu = first.device.device.type == "cpu"
        self._threads = Threads(first.spec.train.threads, on_cpu)
        for member in members:
            member.among(len(members))
            member.arrive = self._arrive
            member.return_state = self._return_state
            member.regroup = self._let_go
        self._gather()

    def run(self) -> None:
        """Until nobody is left. What goes wrong with a step of all is raised."""
        for member in self.members:
            self._guarded(member, member.catch_up)
        while self.members:
            self.one_step()

    def one_step(self) -> None:
        """What is asked, a step of all, and what stands at its end."""
        self._attend()
        if self.members:
            self._step()
        for member in tuple(self.members):
            self._guarded(member, member.after_step)

    def _attend(self) -> None:
        """Hear what is asked of anybody; where one is paused all are, until they may go on."""
        self._hear()
        if not self.members or not self.members[0].desk.paused:
            return  # nobody is: all are held alike
        if self.members[0].desk.held:
            for member in tuple(self.members):
                self._guarded(member, member.desk.hold)
            while self.members and self.members[0].desk.held:
                time.sleep(LOOK_EVERY)
                self._hear()
        for member in self.members:
            member.desk.go()

    def _hear(self) -> None:
        asked = self._asked()
        for member in tuple(self.members):
            desk = member.desk
            if not (asked or desk.busy):
                continue
            before = (desk.paused, desk.left)
            self._guarded(member, desk.look)
            if (desk.paused, desk.left) != before:
                self._hold_alike(member)

    def _hold_alike(self, asked: Member) -> None:
        """Everybody is as paused as ``asked`` has been told to be."""
        desk = asked.desk
        for member in self.members:
            other = member.desk
            if member is asked or (other.paused, other.left) == (desk.paused, desk.left):
                continue
            changed = other.paused != desk.paused
            other.paused, other.left = desk.paused, desk.left
            if changed:
                other.tell("paused" if desk.paused else "training")

    def _guarded(self, member: Member, act: Callable[[], object]) -> None:
        """What ends a member by itself ends nobody else."""
        if member not in self.members:
            return
        try:
            over = act()
            if isinstance(over, str) and over:
                self._leave(member, member.finish(over))
        except Stopped as stopped:
            try:
                self._leave(member, member.stop(stopped))
            except Exception as error:
                self._leave(member, error)
        except Exception as error:
            self._leave(member, error)

    def _leave(self, member: Member, how: Outcome | Exception) -> None:
        self._arrive(True)
        self._let_go()
        self.members.remove(member)
        try:
            member.close()
        except Exception as error:
            how = error
        self._ended(member, how)

    def _gather(self) -> None:
        """Stack the members that are left; a group of the optimiser stands together."""
        self.members.sort(key=lambda member: order(member.session.spec))
        sessions = [member.session for member in self.members]
        stack = Stack([session.model for session in sessions])
        generators = [member.generator for member in self.members]
        if self._forward is None:
            self._forward = forward_of(sessions, stack, generators)
        else:
            self._forward = type(self._forward)(sessions, stack, generators)
        self._update = Update(sessions, stack)
        # seeds and augmentation may be a member's own: each kind of batch is made once
        kinds = [(session.spec.train.seed, session.spec.data) for session in sessions]
        different = list(dict.fromkeys(kinds))
        self._drawers = [self.members[kinds.index(kind)] for kind in different]
        self._draws = [different.index(kind) for kind in kinds]
        on_cpu = sessions[0].device.device.type == "cpu"
        for member in self.members:
            member.can_drop = self._forward.drops and on_cpu

    def _let_go(self) -> None:
        """Everything lies with the members: they are gathered anew before the next step."""
        self._return_state()
        self._update = None

    def _return_state(self) -> None:
        if self._update is not None:
            self._update.give_back()

    def _step(self) -> None:
        if self._update is None:
            self._gather()
        update, forward, members = self._update, self._forward, tuple(self.members)
        assert update is not None and forward is not None
        self._threads.before()
        began = time.perf_counter()
        step, first = self.step_done, members[0].session
        specs = [member.session.spec for member in members]
        lrs = [
            learning_rate(step, spec.train.steps, spec.schedule, spec.optim.lr) for spec in specs
        ]
        batch, shared = self._batch(step)
        waited = time.perf_counter() - began
        watched = 0.0
        looked = self._looked_at(step)
        if looked:
            watched = -time.perf_counter()
            for member in looked:
                member.look()
            watched += time.perf_counter()

        with first.device.autocast():
            losses, parts = forward.losses(batch, shared, step)
        losses.sum().backward()
        norms, clips = None, [spec.train.clip_norm for spec in specs]
        norming = self._norms.due(step)
        if norming or any(clips):
            asked = time.perf_counter()
            norms = update.norms()
            if norming:
                self._norms.sampled(step, time.perf_counter() - asked)
            if norms is not None and any(clips):
                update.clip(norms, clips)
        update.penalise()
        update.step(lrs)
        self.step_done = step + 1
        seconds = time.perf_counter() - began - watched
        self._step_time.add(seconds)
        self._threads.after(seconds)
        rows = [losses.detach()[None], *(part.detach()[None] for part in parts.values())]
        if norms is not None:
            rows.append(norms)
        rate, now = first.batches.samples_per_step / seconds, STEADY.now()
        for member in members:
            member.session.step = step + 1
            if not member.begun:
                self._guarded(member, partial(member.begin, list(parts)))
        notes = tuple(
            Note(step + 1, now, lr, clip, rate, waited) for lr, clip in zip(lrs, clips, strict=True)
        )
        self._figures.push(_Figures(members, notes), torch.cat(rows))
        if looked:
            self._looked(looked, dict(zip(map(id, members), notes, strict=True)), watched)
        if now >= self._drain_at:
            self._drain_at = now + DRAIN_EVERY
            for member in tuple(self.members):
                self._guarded(member, member.drain)

    def _looked(self, looked: Sequence[Member], notes: Mapping[int, Note], spent: float) -> None:
        began = time.perf_counter()
        for member in looked:
            self._guarded(member, partial(member.looked, notes[id(member)]))
        if len(looked) == 1:
            self._looks.sampled(self.step_done, spent + time.perf_counter() - began)

    def _batch(self, step: int) -> tuple[Batch, bool]:
        """The batch of all, or one for each; whether it is one."""
        drawn = [member.session.batches.at(step) for member in self._drawers]
        if len(drawn) == 1:
            return drawn[0], True
        batches = [drawn[at] for at in self._draws]
        inputs, targets = zip(*batches, strict=True)
        return (torch.stack(inputs), torch.stack(targets)), False

    def _looked_at(self, step: int) -> Sequence[Member]:
        """Whose layers are looked at in this step: everybody's in the first, then one at a time in
        turn, within the budget."""
        if not self._looks.due(step):
            return ()
        if not self.members[0].begun:
            self._looks.sampled(step, 0.0)
            return tuple(self.members)
        self._next_look += 1
        return (self.members[self._next_look % len(self.members)],)

    def _arrive(self, flush: bool) -> None:
        """Hand every member its part of what has come back from the device."""
        for sent, figures in self._figures.flush() if flush else self._figures.ready():
            columns = figures.T
            for member, note, column in zip(sent.members, sent.notes, columns, strict=True):
                member.rows.append(member.row(note, column))
