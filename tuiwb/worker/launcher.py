"""The process that starts the ranks of a run, by torch's elastic launcher, and starts all of them
again from the newest checkpoint where one was killed. It holds the run's lock and trains nothing.

One launcher a machine; they meet at the place that the run's ``meta.json`` names. Only that of
machine 0 speaks in the journal, and only while no rank 0 is alive to do so.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from torch.distributed.elastic.agent.server.api import RunResult, WorkerGroup, WorkerSpec
from torch.distributed.elastic.agent.server.local_elastic_agent import LocalElasticAgent
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
from torch.distributed.elastic.rendezvous import (
    RendezvousClosedError,
    RendezvousConnectionError,
    RendezvousHandler,
    RendezvousTimeoutError,
)

from tuiwb.base.clock import STEADY
from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.base.home import environment
from tuiwb.run import inbox
from tuiwb.run.create import called
from tuiwb.run.facts import FINAL
from tuiwb.run.journal import Journal, last_events
from tuiwb.run.layout import RunPaths
from tuiwb.run.world import World
from tuiwb.worker.casualties import Casualty, casualty
from tuiwb.worker.failures import words
from tuiwb.worker.leaving import GRACE, SIGNALS
from tuiwb.worker.rendezvous import Rendezvous

RESTARTS = 3
"""Times that all ranks are started again without a new checkpoint between; then it is given up."""


class Leave(BaseException):
    """What was asked by a signal did not come about in time; or there was nothing to wait for."""


def launch(paths: RunPaths, world: World, node: int = 0) -> int:
    """Train the run by the processes of ``world`` that belong to this machine, number ``node``;
    the exit status is that of the run."""
    return Launcher(paths, world, node).run()


class Launcher:
    """One machine's part of a run."""

    def __init__(self, paths: RunPaths, world: World, node: int) -> None:
        self.paths, self.world, self.node = paths, world, node
        self.since = time.time()
        """When it began (Unix seconds)."""
        self.asked: str | None = None
        """The signal that asked it to end the run."""
        self.deadline = 0.0
        self.request = ""
        self.trains = False
        """Whether there are ranks that can be asked."""

    def run(self) -> int:
        with self.listening():
            try:
                return self.train()
            except Leave:
                return self.left()
            except Exception as error:
                return self.failed(error)

    def train(self) -> int:
        """Start the ranks and wait for their end."""
        # torch's own handlers would end the ranks where they stand
        os.environ["TORCHELASTIC_SIGNALS_TO_HANDLE"] = "SIGQUIT"
        os.environ.update(environment())
        # ranks meet at a port of their own in every round: the launchers' is not told to a machine
        # that comes later, and keeps what an earlier round has left
        os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
        with tempfile.TemporaryDirectory(prefix="tuiwb-ranks-") as folder:
            rendezvous = Rendezvous(self.paths.id, self.world, self.node)
            agent = Agent(self, rendezvous.handler, folder)
            try:
                result = agent.run()
            except RendezvousTimeoutError:
                raise rendezvous.nobody_came() from None
            finally:
                rendezvous.close()
        if self.asked and not self.said():
            return self.left()
        if result is None or not result.is_failed():
            return 0
        return self.given_up(casualty(result.failures))

    def said(self) -> bool:
        """Whether the journal says how the run ended: each life of rank 0 begins with a word."""
        states = [
            event
            for event in last_events(self.paths.journal)
            if event["kind"] == "state" and event["time"] >= self.since
        ]
        return bool(states) and states[-1].get("state") in FINAL

    def look(self) -> None:
        """Now and then, while the ranks train."""
        if self.asked and time.monotonic() > self.deadline and not self.heard():
            raise Leave(self.asked)

    def heard(self) -> bool:
        """Whether rank 0 has taken the request to stop: it comes to its end by itself then."""
        return all(asked.id != self.request for asked in inbox.take(self.paths))

    def lost(self, lost: Casualty, left: int) -> bool:
        """Ranks have ended before the run has, and may be started again ``left`` times; whether
        they are to be."""
        again = left > 0 and lost.killed and not self.asked and not self.said()
        if again and self.node == 0:
            text = f"{lost.words}: all processes go on from the newest checkpoint"
            self.write("warning", text=text, about="ranks")
        return again

    def joined(self) -> None:
        """Another machine has come, or has come back."""
        if self.node == 0:
            text = "another machine has come: all processes go on from the newest checkpoint"
            self.write("warning", text=text, about="ranks")

    def given_up(self, lost: Casualty) -> int:
        """Ranks have ended, and are not started again; the exit status."""
        if self.said():
            return lost.status
        error = lost.error or WorkerFailed(
            f"{lost.words}; it was started again {RESTARTS} times without getting anywhere",
            where=str(self.paths.log),
            next=f"the log may tell why; then: tuiwb resume {called(self.paths.root)}",
        )
        return self.last_words("failed", error, told=lost.error is not None)

    def failed(self, error: Exception) -> int:
        """The launcher itself has come to grief."""
        if isinstance(error, RendezvousClosedError) and (self.node or self.said()):
            return 0  # another machine's launcher has said why it ends
        if isinstance(error, RendezvousConnectionError):
            error = WorkerFailed(
                "this machine has lost the first one",
                where=self.world.meet,
                found=str(error.__cause__ or error).splitlines()[0][:300],
                next=f"when it is back: tuiwb resume {called(self.paths.root)}",
            )
        state, told, trace = words(error, self.paths.root)
        if trace:
            print(trace, file=sys.stderr, flush=True)
        return self.last_words(state, told)

    def left(self) -> int:
        """The end that a signal asked for, from outside of the ranks."""
        if self.said() or self.node:
            return 0
        for asked in inbox.take(self.paths):
            if asked.id == self.request:
                inbox.done(asked)
        self.write("command", id=None, command="stop", args={}, by=self.asked, accepted=True)
        reason = f"{self.asked} asked it to stop"
        if self.trains:
            reason += (
                f"; what was under way did not end within {GRACE:g} s, so it goes on from its last "
                "checkpoint"
            )
        else:
            reason += " while its processes were being started"
        self.write("state", state="stopped", reason=reason)
        return 0

    def last_words(self, state: str, error: UserError, told: bool = False) -> int:
        """How it ended, where nobody else can say it; the exit status. Of a machine that has only
        lost another one, the journal does not hear: the run may go on without it."""
        print(error, file=sys.stderr, flush=True)
        if self.node == 0 or told:
            self.write("error", **error.as_dict())
            self.write("state", state=state, reason=error.what)
        return error.exit_code

    def write(self, kind: str, **fields: Any) -> None:
        """An event for the journal, while no rank keeps it."""
        with contextlib.suppress(OSError), Journal(self.paths.journal, STEADY) as journal:
            journal.write(kind, **fields)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Signals ask for a checkpoint and a clean leave, by way of rank 0's inbox."""
        handlers = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        handlers[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.asked is not None:
            return
        self.asked = signal.Signals(number).name
        self.deadline = time.monotonic() + GRACE
        if not self.trains:
            raise Leave(self.asked)
        with contextlib.suppress(UserError):
            self.request = inbox.post(self.paths, "stop", {"when": "now"}, self.asked, who="")


class Agent(LocalElasticAgent):
    """torch's elastic agent, which asks ``launcher`` before it starts ranks again."""

    def __init__(self, launcher: Launcher, handler: RendezvousHandler, folder: str) -> None:
        run = str(launcher.paths.root).replace("$", "$$")  # torch puts values into arguments
        super().__init__(
            WorkerSpec(
                role="rank",
                local_world_size=launcher.world.processes,
                rdzv_handler=handler,
                entrypoint=sys.executable,
                args=("-P", "-m", "tuiwb.worker", "--rank", run),
                max_restarts=RESTARTS,
                monitor_interval=0.1,
                local_addr=None if launcher.world.meet else "127.0.0.1",
            ),
            DefaultLogsSpecs(log_dir=folder),
        )
        self._launcher = launcher
        self._kept = -1
        self._lost = False
        """Whether ranks are started again because some have ended."""

    def _start_workers(self, group: WorkerGroup) -> dict[int, Any]:
        self._launcher.trains = True
        return super()._start_workers(group)

    def _monitor_workers(self, group: WorkerGroup) -> RunResult:
        result = super()._monitor_workers(group)
        if not result.is_failed():
            self._launcher.look()
            return result
        if (kept := newest(self._launcher.paths.checkpoints)) > self._kept:
            self._kept, self._remaining_restarts = kept, RESTARTS  # it gets somewhere
        if not self._launcher.lost(casualty(result.failures), self._remaining_restarts):
            self._remaining_restarts = 0
        self._lost = True
        return result

    def _restart_workers(self, group: WorkerGroup) -> None:
        if not self._lost:
            self._launcher.joined()
        self._lost = self._launcher.trains = False
        super()._restart_workers(group)

    def _stop_workers(self, group: WorkerGroup) -> None:
        self._shutdown(signal.SIGKILL)  # nothing that a rank without the others holds is of use


def newest(folder: Path) -> int:
    """The step of the newest checkpoint; -1 where there is none."""
    with contextlib.suppress(OSError):
        return max((int(p.name) for p in folder.iterdir() if p.name.isdecimal()), default=-1)
    return -1
