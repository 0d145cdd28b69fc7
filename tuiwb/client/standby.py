"""The warm standby: a worker with torch imported, waiting to describe a spec or to train a run.

One thread owns the process and talks to it, a request and a reply at a time; everybody else gets
futures. So nothing here blocks an event loop: ``await asyncio.wrap_future(s.describe_later(r))``.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import tempfile
import threading
import time
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.base.text import clean
from tuiwb.client.process import Command, environment, keep, watch, worker_command
from tuiwb.run.files import parse_object
from tuiwb.spec import Resolved, to_toml

_MAX_LINE = 1 << 24  # bytes of a reply
WARM_UP = 120.0
"""Seconds that importing torch may take, on a cold network disk."""
_REPLY = 60.0
_HAND_OVER = 5.0
_FORK = 15.0


@dataclass
class _Request:
    message: dict[str, Any]
    timeout: float
    reply: Future[dict[str, Any]] = field(default_factory=Future)
    runs: tuple[Path, ...] = ()


class Standby:
    """Holds at most one warm process. After a run was handed over it is cold again: `start` warms
    the next one. The process ends with us (its input closes), unless it has become a worker.

    With ``forks`` it forks a worker a run and stays warm, where that is sound there."""

    def __init__(self, command: Command | None = None, *, forks: bool = False) -> None:
        self._forks = forks
        self._command = [*(command or worker_command()), "--standby"]
        self._lock = threading.Lock()
        self._now: _Process | None = None
        self.worker: int | None = None
        """The process that the newest run was handed over to; None before there is one."""

    def start(self) -> None:
        """Begin to warm up a process, unless there is one. Returns at once, never raises."""
        with self._lock:
            if self._now is None or not self._now.alive:
                self._now = _Process(self._command)

    @property
    def alive(self) -> bool:
        """Whether there is a process, warm or warming up."""
        return self._now is not None and self._now.alive

    @property
    def ready(self) -> bool:
        """Whether it is warm: a request is answered at once."""
        return self._now is not None and self._now.alive and self._now.warm.is_set()

    def wait_ready(self, timeout: float) -> bool:
        """Wait until it is warm or has failed; whether it is warm."""
        if self._now is not None:
            self._now.warm.wait(timeout)
        return self.ready

    def prepare(self) -> None:
        """What is to be waited for before a run is made that will be handed over: nothing here."""

    def describe_later(self, resolved: Resolved) -> Future[dict[str, Any]]:
        """The facts of a spec (layers, shapes, parameters, memory), as soon as they are known.

        The future raises the worker's `UserError`, or `WorkerFailed` where the process died. A
        future that is cancelled before its turn costs nothing.
        """
        self.start()
        assert self._now is not None
        return self._now.ask(_Request({"describe": to_toml(resolved)}, _REPLY))

    def describe(self, resolved: Resolved, timeout: float | None = None) -> dict[str, Any]:
        """`describe_later`, waited for."""
        return self.describe_later(resolved).result(timeout)

    def hand_over(self, *paths: Path) -> bool:
        """Make the warm process the worker of a run, or of several as a population; whether it
        agreed (else start a cold one)."""
        if self._forks:
            try:
                return self._fork(paths)
            except UserError:
                self._forks = False  # an accelerator is there: it becomes the worker itself
        with self._lock:
            now = self._now
            if now is None or not now.alive or not now.warm.is_set():
                return False
            request = _Request({"run": _named(paths)}, _HAND_OVER, runs=paths)
            try:
                self.worker = _process(now.ask(request).result())
            except UserError:
                return False
            self._now = None
            return True

    def close(self) -> None:
        """End the waiting process, if there is one. A run that was handed over trains on."""
        with self._lock:
            now, self._now = self._now, None
        if now is not None:
            now.end()

    def _fork(self, paths: tuple[Path, ...]) -> bool:
        """Whether the process forked a worker; its `UserError` where a fork is not sound there."""
        now = self._now
        if now is None or not now.alive or not now.warm.is_set():
            return False
        try:
            told = now.ask(_Request({"fork": _named(paths)}, _FORK)).result()
        except WorkerFailed:
            return False
        self.worker = _process(told)
        return True


class _Process:
    """One process and the thread that talks to it until it ends or becomes a worker."""

    def __init__(self, command: list[str]) -> None:
        self.alive = True
        self.warm = threading.Event()
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._mine = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._words: IO[bytes] | None = None
        self._command = command
        self._since = 0.0
        threading.Thread(target=self._serve, name="standby", daemon=True).start()

    def ask(self, request: _Request) -> Future[dict[str, Any]]:
        with self._mine:
            if self.alive:
                self._requests.put(request)
            else:
                request.reply.set_exception(self._gone())
        return request.reply

    def end(self) -> None:
        self._requests.put(None)
        with self._mine:
            if self.alive and self._child is not None:
                self._child.kill()  # it has nothing to save
            self.alive = False

    def _serve(self) -> None:
        paths: tuple[Path, ...] = ()
        try:
            with tempfile.TemporaryFile() as self._words:
                try:
                    paths = self._talk()
                finally:
                    self._over(killed=not paths)
        finally:
            self.warm.set()  # nobody waits for what will not come
        child = self._child
        if child is not None:
            if paths:
                watch(child, paths, self._since)
            else:
                child.wait()

    def _talk(self) -> tuple[Path, ...]:
        """Serve requests; the runs that the process became the worker of, none at its end."""
        try:
            child = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                env=environment(),
                start_new_session=True,
            )
        except OSError:
            return ()
        with self._mine:
            self._child = child
            if not self.alive:
                child.kill()
        keep(child)
        if not (self._hear(WARM_UP) or {}).get("ready"):
            return ()
        self.warm.set()
        while (request := self._requests.get()) is not None:
            if not request.reply.set_running_or_notify_cancel():
                continue
            self._since = time.time()
            answer = self._say(request.message) and self._hear(request.timeout)
            if not answer:
                _settle(request.reply, self._gone())
                return ()
            if "error" in answer:
                fields = answer["error"] if isinstance(answer["error"], dict) else {}
                _settle(request.reply, UserError.from_dict(fields))
                continue
            if request.runs:
                self._over(killed=False)
            result = answer.get("ok")
            _settle(request.reply, result if isinstance(result, dict) else {})
            if request.runs:
                return request.runs
        return ()

    def _say(self, message: dict[str, Any]) -> bool:
        assert self._child is not None and self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(message).encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            return False
        return True

    def _hear(self, timeout: float) -> dict[str, Any] | None:
        """The next line; None at the end, for rubbish, and past the timeout (it is killed then)."""
        child = self._child
        assert child is not None and child.stdout is not None
        alarm = threading.Timer(timeout, child.kill)
        alarm.daemon = True
        alarm.start()
        try:
            return parse_object(child.stdout.readline(_MAX_LINE))
        finally:
            alarm.cancel()

    def _over(self, killed: bool) -> None:
        """Let go of the process: ended, or a worker from now on."""
        child = self._child
        with self._mine:
            self.alive = False
            if child is not None and killed:
                child.kill()
        if child is not None and child.stdin is not None and child.stdout is not None:
            with contextlib.suppress(OSError):  # an unsent line to one who has gone
                child.stdin.close()
            child.stdout.close()
        while True:
            try:
                request = self._requests.get_nowait()
            except queue.Empty:
                return
            if request is not None and request.reply.set_running_or_notify_cancel():
                _settle(request.reply, self._gone())

    def _gone(self) -> WorkerFailed:
        text = b""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            assert self._words is not None
            self._words.seek(max(0, self._words.seek(0, 2) - 4096))
            text = self._words.read()
        lines = text.decode("utf-8", "replace").strip().splitlines()
        return WorkerFailed(
            "the standby worker has ended",
            found=clean(lines[-1], 400) if lines else "",
            next="tuiwb info shows whether torch and the device are in order",
        )


def _named(paths: tuple[Path, ...]) -> str | list[str]:
    """As the worker is told: one run, or the members of a population."""
    return str(paths[0]) if len(paths) == 1 else [str(path) for path in paths]


def _process(told: dict[str, Any]) -> int | None:
    """The worker's process, by what the standby answered."""
    pid = told.get("pid")
    return pid if isinstance(pid, int) else None


def _settle(reply: Future[dict[str, Any]], outcome: dict[str, Any] | Exception) -> None:
    with contextlib.suppress(InvalidStateError):
        if isinstance(outcome, Exception):
            reply.set_exception(outcome)
        else:
            reply.set_result(outcome)
