"""One run from its directory to its last words."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuiwb.base.clock import STEADY
from tuiwb.base.errors import UserError
from tuiwb.base.progress import telling
from tuiwb.run import ballast
from tuiwb.run.elsewhere import refuse_elsewhere
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.links import refuse_links
from tuiwb.run.lock import WorkerLock
from tuiwb.run.meta import read_meta, read_spec
from tuiwb.run.world import world_of
from tuiwb.worker import memory
from tuiwb.worker.controls import Inbox
from tuiwb.worker.failures import words
from tuiwb.worker.going_on import answer_the_moot, begin, look_back
from tuiwb.worker.leaving import Leave, Leaving
from tuiwb.worker.place import Place
from tuiwb.worker.scheduled import Scheduled
from tuiwb.worker.stack import stack, stands_in

if TYPE_CHECKING:
    from tuiwb.engine.build import Session
    from tuiwb.engine.interfaces import Command
    from tuiwb.engine.loop import Outcome
    from tuiwb.run.view import RunView
    from tuiwb.worker.going_on import Beginning
    from tuiwb.worker.heartbeat import Heartbeat
    from tuiwb.worker.sink import RunSink

DIVERGED = 3
WRITING = ("tuiwb/engine/loop.py", "checkpoint")
"""Where the loop waits for a checkpoint: file and function."""


def work(run: str) -> int:
    """Train what ``run/spec.toml`` says; returns the process's exit status.

    Whatever happens is in the journal when this returns: the final state, and the reason in words.
    """
    paths = RunPaths(Path(run).absolute())
    if not faulthandler.is_enabled() and sys.stderr is sys.__stderr__:
        faulthandler.enable()  # a fault in a library leaves its stack in the log
    lock = WorkerLock(paths.lock)
    try:
        refuse_links(paths)
        if not paths.spec.is_file():
            raise UserError(
                "this is not a run directory", where=run, found="no spec.toml", next="tuiwb ls"
            )
        refuse_elsewhere(paths)
        lock.acquire()
        before = look_back(paths)
    except UserError as error:
        lock.release()
        print(error, file=sys.stderr)
        return error.exit_code
    try:
        if (world := world_of(read_meta(paths)[0])) is not None:
            from tuiwb.worker.launcher import launch

            return launch(paths, world)
        journal = Journal(paths.journal, STEADY)
        return Work(paths, journal, before).run()
    finally:
        lock.release()


def join(run: str, machine: int) -> int:
    """Train along with the machine that has the run's lock; returns the process's exit status."""
    paths = RunPaths(Path(run).absolute())
    world = world_of(read_meta(paths)[0])
    try:
        refuse_links(paths)
        if world is None or not 0 < machine < world.most:
            raise UserError(
                f"{paths.id} has no machine number {machine}",
                where=str(paths.meta),
                found=f"{world.most if world else 1} in all, of which the first is number 0",
            )
        from tuiwb.worker.launcher import launch

        return launch(paths, world, machine)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code


class Work:
    """What a worker does for one run."""

    def __init__(self, paths: RunPaths, journal: Journal, before: RunView | None = None) -> None:
        self.paths = paths
        self.journal = journal
        self.before = before
        self.step = 0
        self.sink: RunSink | None = None
        self.leaving = Leaving()
        trains = threading.get_ident()
        self.leaving.busy = lambda: stands_in(stack(trains), WRITING)
        self.leaving.at_once = self.end_at_once

    def run(self) -> int:
        with self.leaving.listening():
            try:
                return self.train()
            except Leave as leave:
                return self.leave(f"{leave} asked it to stop before its first step")
            except BaseException as error:  # a model of the user's own may raise anything
                self.leaving.keep()
                state, told, trace = words(error, self.paths.root)
                return self.last_words(state, told, trace)

    def train(self) -> int:
        self.leaving.nothing_to_keep()
        self.say("starting", doing="importing torch")
        ballast.lay(self.paths)
        place = Place(self.paths)
        inbox = Inbox(self.paths, self.journal, self.leaving, place)
        from tuiwb.engine.loop import train
        from tuiwb.engine.rolling import Checkpoints
        from tuiwb.worker.introduce import introduce
        from tuiwb.worker.past import past
        from tuiwb.worker.sink import RunSink

        self.say("starting", doing="loading data and building the model")
        self.go_to_the_users_folder()
        spec = read_spec(self.paths).spec
        begun = begin(self.paths, self.journal, spec, self.before)
        self.step = begun.step
        with telling(lambda words: self.say("starting", doing=words)):
            session = self.built(begun)
        sink = self.sink = RunSink(self.paths, self.journal, session.spec.train.stop_on)
        sink.last_step = begun.step
        heartbeat = self.pulse(sink, place)
        heartbeat.stalled.dump = dump_stacks
        known = sink.rounds.facts = introduce(session, self.journal, self.before)
        if self.before is not None:
            sink.rounds.recall(past(self.before, known, begun.step, STEADY.now()))

        def accepted(command: Command, step: int) -> None:
            if command.command == "set":
                sink.rounds.set(step, command.args, command.by, STEADY.now())

        inbox.accepted = accepted
        answer_the_moot(self.paths, inbox, self.before)
        controls = Scheduled(inbox, begun.commands)
        checkpoints = Checkpoints(self.paths.checkpoints)
        sink.rounds.heed = checkpoints.found
        self.say("training")
        heartbeat.start()
        self.leaving.keep()
        try:
            outcome = train(session, sink, controls, checkpoints, begun.take_state())
            sink.rounds.last(STEADY.now())
        finally:
            self.leaving.answered = True  # what is left to do is quickly done
            self.step = session.step
            heartbeat.stop()
            place.close()
            sink.close()
        return self.ended(outcome, session.device.peak_memory())

    def built(self, begun: Beginning) -> Session:
        """What it goes on with."""
        from tuiwb.engine.build import build

        return build(begun.spec)

    def pulse(self, sink: RunSink, place: Place) -> Heartbeat:
        """The sign that it lives."""
        from tuiwb.worker.heartbeat import Heartbeat

        return Heartbeat(self.paths, sink, place)

    def ended(self, outcome: Outcome, device_memory: int | None, **more: Any) -> int:
        """The loop has come to its end; the exit status."""
        self.say(
            outcome.state,
            reason=outcome.reason,
            metrics=outcome.metrics,
            peak_memory=memory.peak(),
            device_memory=device_memory,
            **more,
        )
        ballast.drop(self.paths)
        stopped = self.sink is not None and self.sink.rounds.stopped
        return DIVERGED if outcome.state == "diverged" or stopped else 0

    def go_to_the_users_folder(self) -> None:
        """Paths of data and modules of the user's own mean what they meant to the user."""
        folder = read_meta(self.paths)[0].get("folder")
        try:
            if isinstance(folder, str) and folder:
                os.chdir(folder)
        except OSError as error:
            self.journal.write(
                "warning",
                text=f"the folder that this run was started in is not there: {folder} "
                f"({error.strerror}); paths in its spec start at {Path.cwd()}",
            )

    def say(self, state: str, **fields: Any) -> None:
        """A state for the journal, and a line in the log: the last thing known of a killed one."""
        told = fields.get("doing") or fields.get("reason") or f"process {os.getpid()}"
        with contextlib.suppress(OSError):
            print(f"{time.strftime('%H:%M:%S')} {state}: {told}", file=sys.stderr, flush=True)
        self.journal.write("state", self.step or None, state=state, **fields)

    def leave(self, reason: str) -> int:
        """The end that a signal asked for, where no checkpoint belongs to it."""
        self.leaving.keep()
        ballast.drop(self.paths)
        by = self.leaving.asked or ""
        self.journal.write(
            "command", self.step or None, id=None, command="stop", args={}, by=by, accepted=True
        )
        self.say("stopped", reason=reason)
        return 0

    def end_at_once(self, name: str, reason: str) -> None:
        """`leave` from beside the main thread, which stands where its stack says."""
        dump_stacks()
        self.step = self.sink.last_step if self.sink else 0
        self.leave(f"{name} asked it to stop; {reason}, so it goes on from its last checkpoint")

    def last_words(self, state: str, error: UserError, trace: str = "") -> int:
        """How it ended, wherever it can still be said: the log, the journal, or neither."""
        ballast.drop(self.paths)
        with contextlib.suppress(OSError):
            print(trace or error, file=sys.stderr, flush=True)
        with contextlib.suppress(OSError):
            more = {"traceback": trace} if trace else {}
            self.journal.write("error", self.step or None, **error.as_dict(), **more)
            self.say(state, reason=error.what)
        return error.exit_code


def dump_stacks() -> None:
    """Where every thread of this process stands, into the log."""
    with contextlib.suppress(OSError, ValueError):
        faulthandler.dump_traceback(sys.__stderr__ or 2)
