"""One process that trains several runs as a population: for each of them an ordinary worker's part,
and one loop.

Each run has its own lock, journal, tables, checkpoints and inbox, so that readers see nothing but
runs. Where the model cannot be batched, each is trained in a process of its own (`separately`).
"""

from __future__ import annotations

import contextlib
import faulthandler
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuiwb.base import descriptors
from tuiwb.base.clock import STEADY
from tuiwb.base.errors import UserError
from tuiwb.run import ballast
from tuiwb.run.elsewhere import refuse_elsewhere
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.links import refuse_links
from tuiwb.run.lock import WorkerLock
from tuiwb.run.meta import read_spec
from tuiwb.worker.controls import LOOK_EVERY, Inbox
from tuiwb.worker.failures import words
from tuiwb.worker.going_on import look_back
from tuiwb.worker.leaving import Leave, Leaving
from tuiwb.worker.place import Place
from tuiwb.worker.separately import Waiting, separately
from tuiwb.worker.stack import stack, stands_in
from tuiwb.worker.work import WRITING, Work, dump_stacks

if TYPE_CHECKING:
    from tuiwb.engine.interfaces import Command
    from tuiwb.engine.loop import Outcome
    from tuiwb.engine.population.member import Member
    from tuiwb.worker.heartbeat import Heartbeat, Heartbeats

STEP = ("tuiwb/engine/population/loop.py", "_step")
HELD = ("tuiwb/engine/population/loop.py", "_attend")
FILES = 12
"""Files that one member keeps open, and some to spare."""


class _Ear(Leaving):
    """A member's share of the signals to the process: each hears of one, and answers for itself."""

    def __init__(self, process: Leaving) -> None:
        self._process = process
        super().__init__()

    @property
    def asked(self) -> str | None:
        return self._process.asked

    @asked.setter
    def asked(self, value: str | None) -> None:
        """Nobody but the process is asked."""


class _Part(Work):
    """What this process does for one of its runs."""

    def __init__(self, paths: RunPaths, lock: WorkerLock, process: Leaving) -> None:
        super().__init__(paths, Journal(paths.journal, STEADY))
        self.lock = lock
        self.leaving = _Ear(process)
        self.place: Place | None = None
        self.heartbeat: Heartbeat | None = None
        self.status = 0

    def member(self) -> Member:
        """Build the run as an ordinary worker does."""
        from tuiwb.engine.build import build
        from tuiwb.engine.population.member import Member
        from tuiwb.engine.rolling import Checkpoints
        from tuiwb.worker.heartbeat import Heartbeat
        from tuiwb.worker.sink import RunSink
        from tuiwb.worker.stalled import StallWatch

        ballast.lay(self.paths)
        self.place = Place(self.paths)
        inbox = Inbox(self.paths, self.journal, self.leaving, self.place)
        session = build(read_spec(self.paths).spec)
        sink = self.sink = RunSink(self.paths, self.journal, session.spec.train.stop_on)
        self.heartbeat = Heartbeat(self.paths, sink, self.place)
        trains = threading.get_ident()
        self.heartbeat.stalled = StallWatch(sink.rounds, sink.event, trains, loop=STEP, held=HELD)
        self.heartbeat.stalled.dump = dump_stacks

        def accepted(command: Command, step: int) -> None:
            if command.command == "set":
                sink.rounds.set(step, command.args, command.by, STEADY.now())

        inbox.accepted = accepted
        checkpoints = Checkpoints(self.paths.checkpoints)
        sink.rounds.heed = checkpoints.found
        return Member(session, sink, inbox, checkpoints)

    def over(self, member: Member, how: Outcome | Exception) -> None:
        """It has ended: the last words, as an ordinary worker's."""
        self.step = member.session.step
        if not isinstance(how, Exception):
            try:
                assert self.sink is not None
                self.sink.rounds.last(STEADY.now())
                self.status = self.ended(how, member.session.device.peak_memory())
                return
            except OSError as error:
                how = error
        self.fail(how)

    def fail(self, error: BaseException) -> None:
        """It has ended by an error."""
        state, told, trace = words(error, self.paths.root)
        self.status = self.last_words(state, told, trace)

    def say(self, state: str, **fields: Any) -> None:
        with contextlib.suppress(OSError):
            print(f"{self.paths.root.name}: ", end="", file=sys.stderr)
        super().say(state, **fields)

    def hand_over(self) -> None:
        """Let go of the run: a process of its own is about to begin with it."""
        with contextlib.suppress(OSError):
            self.journal.write("note", text="a process of its own begins", by="worker")
            self.lock.hand_over()
        self.close()

    def leave_unbegun(self, name: str) -> None:
        """A signal has come before its turn."""
        with contextlib.suppress(OSError):
            self.leave(f"{name} asked it to stop before its first step")
        self.close()

    def close(self) -> None:
        """Let go of the run."""
        if self.place is not None:
            self.place.close()
        if self.sink is not None:
            with contextlib.suppress(OSError):
                self.sink.close()
        self.journal.close()
        self.lock.release()


def train_together(runs: Sequence[str]) -> int:
    """Train runs that nobody has begun with; returns the process's exit status."""
    if not faulthandler.is_enabled() and sys.stderr is sys.__stderr__:
        faulthandler.enable()
    descriptors.allow(FILES * len(runs) + 64)
    leaving = Leaving()
    parts: list[_Part] = []
    status = 0
    for run in runs:
        try:
            parts.append(_begin(RunPaths(Path(run).absolute()), leaving))
        except (UserError, OSError) as error:
            print(error, file=sys.stderr)
            status = UserError.exit_code
    if not parts:
        return status
    _name_the_log(parts)
    with leaving.listening():
        return max([status, _Process(leaving, parts).run()])


def _begin(paths: RunPaths, leaving: Leaving) -> _Part:
    """Take a run's lock. One that is not there, is taken or has been trained: `UserError`."""
    lock = WorkerLock(paths.lock)
    try:
        refuse_links(paths)
        if not paths.spec.is_file():
            raise UserError("this is not a run directory", where=str(paths.root), next="tuiwb ls")
        refuse_elsewhere(paths)
        lock.acquire()
        if not _just_made(paths) and look_back(paths) is not None:
            raise UserError(
                "this run has been trained before: it goes on alone",
                where=str(paths.root),
                next=f"tuiwb resume {paths.root.name}",
            )
        return _Part(paths, lock, leaving)
    except (UserError, OSError):
        lock.release()
        raise


def _just_made(paths: RunPaths) -> bool:
    """Whether nothing was ever written of a run: then there is nothing to look back on."""
    return not paths.journal.stat().st_size and not any(paths.tables.iterdir())


def _name_the_log(parts: Sequence[_Part]) -> None:
    """What this process prints is in the first run's log; the others' say so."""
    for part in parts[1:]:
        with contextlib.suppress(OSError), part.paths.log.open("a") as log:
            print(f"trained with others by one process: see {parts[0].paths.log}", file=log)


class _Process:
    """All parts, and the loop that trains them."""

    def __init__(self, leaving: Leaving, parts: Sequence[_Part]) -> None:
        self.leaving = leaving
        self.parts = list(parts)
        self.open = list(parts)
        """Those that have not ended."""
        self._of: dict[int, _Part] = {}
        self._heartbeats: Heartbeats | None = None
        self._next_look = 0.0
        trains = threading.get_ident()
        leaving.busy = lambda: stands_in(stack(trains), WRITING)
        leaving.at_once = self._end_at_once

    def run(self) -> int:
        try:
            self._train()
        except Leave as leave:
            self.leaving.keep()
            for part in tuple(self.open):
                part.leave(f"{leave} asked it to stop before its first step")
                self._close(part)
        except BaseException as error:  # what ends the step of all ends all
            self.leaving.keep()
            for part in tuple(self.open):
                part.fail(error)
                self._close(part)
        finally:
            if self._heartbeats is not None:
                self._heartbeats.stop()
        return max(part.status for part in self.parts)

    def _train(self) -> None:
        self.leaving.nothing_to_keep()
        from tuiwb.engine.population.loop import Population
        from tuiwb.engine.population.trial import NotBatched
        from tuiwb.worker.heartbeat import Heartbeats

        self.parts[0].go_to_the_users_folder()
        members = []
        for part in self.parts:
            try:
                members.append(part.member())
                self._of[id(members[-1])] = part
            except Exception as error:
                part.fail(error)
                self._close(part)
        if not members:
            return
        try:
            population = Population(members, self._ended, self._asked)
        except NotBatched as reason:
            self._separately(str(reason.what))
            return
        self._introduce(members)
        beats = [part.heartbeat for part in self.open if part.heartbeat is not None]
        self._heartbeats = Heartbeats(beats)
        self._heartbeats.start()
        self.leaving.keep()
        try:
            population.run()
        finally:
            self.leaving.answered = True
            for member in population.members:
                part = self._of[id(member)]
                part.step = member.session.step
                with contextlib.suppress(Exception):
                    member.close()

    def _asked(self) -> bool:
        """Whether any run's inbox is to be looked into: so many looks take longer than a step."""
        now = time.monotonic()
        if now < self._next_look and self.leaving.asked is None:
            return False
        self._next_look = now + LOOK_EVERY / 2  # each inbox has a rhythm of its own
        return True

    def _introduce(self, members: Sequence[Member]) -> None:
        from tuiwb.worker.introduce import introduce

        for member in members:
            part = self._of[id(member)]
            assert part.sink is not None
            part.sink.rounds.facts = introduce(member.session, part.journal)
            part.sink.rounds.share /= len(members)
            part.journal.write(
                "note", text=f"trained as one of {len(members)} in one process", by="worker"
            )
            part.say("training")

    def _ended(self, member: Member, how: Outcome | Exception) -> None:
        part = self._of[id(member)]
        if len(self.open) == 1:
            self.leaving.answered = True  # what is left to do is quickly done
        part.over(member, how)
        self._close(part)

    def _close(self, part: _Part) -> None:
        if part in self.open:
            self.open.remove(part)
            if self._heartbeats is not None and part.heartbeat is not None:
                self._heartbeats.leave(part.heartbeat)
            part.close()

    def _separately(self, why: str) -> None:
        """Each in a process of its own, as many at a time as there are cores."""
        waiting = []
        for part in self.open:
            part.journal.write(
                "warning",
                text=f"these runs are not trained as a population: {why}; each has a process of "
                "its own",
                about="population",
            )
            ballast.drop(part.paths)
            waiting.append(Waiting(part.paths, part.hand_over, part.leave_unbegun))
        self.open.clear()
        self.leaving.keep()
        status = separately(waiting, lambda: self.leaving.asked)
        self.leaving.answered = True
        self.parts[0].status = status

    def _end_at_once(self, name: str, reason: str) -> None:
        """From beside the main thread, which stands where its stack says."""
        dump_stacks()
        for part in tuple(self.open):
            part.step = part.sink.last_step if part.sink else 0
            part.leave(f"{name} asked it to stop; {reason}, so it goes on from its last checkpoint")
