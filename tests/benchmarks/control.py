"""How long a request takes, from the key to its answer, while a run trains; and what listening
costs a step.

    python -m tests.benchmarks.control [--times 12] [PRESET]

The app runs on a pseudo-terminal of 120x40, beside a worker that trains the preset. Each request is
made at an odd moment, by a key (the last of a window's); it is timed to the line in the journal,
and to the words on the screen. In Python it is timed to the return of the call. The cost of
listening is that of the desk's look at a real inbox, for steps of half a millisecond.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pyte

import tuiwb
from tests.scenarios.helpers import end_worker_of, until
from tuiwb.api import open_run
from tuiwb.client.launch import launch
from tuiwb.engine.desk import Desk
from tuiwb.run.create import create
from tuiwb.run.journal import Journal, JournalTail
from tuiwb.run.layout import RunPaths
from tuiwb.spec import resolve
from tuiwb.worker.controls import LOOK_EVERY, Inbox

LONG = ("train.steps=100000000", "train.eval_every=0", "train.device=cpu")
COLUMNS, ROWS = 120, 40
PROMISE, STEP, SHARE = 0.15, 0.5e-3, 0.01
"""Seconds to an answer at the median; seconds of a step; share of it that listening may cost."""


class Row(NamedTuple):
    """One kind of request: seconds to the journal, and to where who asked sees it."""

    what: str
    journal: np.ndarray
    seen: np.ndarray


class App:
    """The workbench on a pseudo-terminal."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)

    def text(self) -> str:
        """The screen as it was when it was read last."""
        return "\n".join(self._screen.display)

    def press(self, key: str) -> None:
        os.write(self._fd, key.encode())

    def follow(self, seconds: float) -> Iterator[tuple[float, str]]:
        """Read for some seconds; then each moment at which something came, and the last line as it
        was then: what reads a screen is far slower than what draws it, and must not be timed."""
        came: list[tuple[float, bytes]] = []
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if select.select([self._fd], [], [], left)[0]:
                data = os.read(self._fd, 1 << 16)
                came.append((time.perf_counter(), data))
        for moment, data in came:
            self._stream.feed(data)
            yield moment, self._screen.display[-1]

    def rest(self, seconds: float) -> str:
        """Let it draw; the screen then."""
        for _ in self.follow(seconds):
            pass
        return self.text()


@contextmanager
def app(path: Path) -> Iterator[App]:
    fd, other = pty.openpty()
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "tuiwb", "attach", str(path)],
        stdin=other, stdout=other, stderr=other, start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    os.close(other)
    try:
        yield App(fd)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(fd)


def keys(run: Path, times: int) -> list[Row]:
    """Requests by keys, each with the words that answer it."""
    requests = {
        "space: pause": ((" ",), "pause at step"),
        "space: go on": ((" ",), "resume at step"),
        "s → enter: learning rate": (("s", "\x1b[C", "\r"), "set optim.lr="),
        "s ← enter: learning rate": (("s", "\x1b[D", "\r"), "set optim.lr="),
        "E: evaluate": (("E",), "evaluated at step"),
        "C: checkpoint": (("C",), "is on disk"),
    }
    found: dict[str, list[tuple[float, float]]] = {what: [] for what in requests}
    rng = np.random.default_rng(0)
    with app(run) as screen:
        until("the bench", lambda: "▶ training" in screen.rest(0.5))
        for _ in range(times):
            for what, (pressed, words) in requests.items():
                *before, last = pressed
                for key in before:
                    screen.press(key)
                    screen.rest(0.25)
                screen.rest(rng.uniform(0.1, 0.4))
                found[what].append(_timed(run, screen, last, words))
    return [Row(what, *np.array(both).T) for what, both in found.items()]


def _timed(run: Path, screen: App, key: str, words: str) -> tuple[float, float]:
    """Seconds from a key to its answer in the journal, and on the screen."""
    tail = JournalTail(RunPaths(run).journal)
    tail.skip()
    shown = screen.text().rpartition("\n")[2]
    asked, now = time.perf_counter(), time.time()
    screen.press(key)
    while time.perf_counter() - asked < 30:
        for moment, line in list(screen.follow(0.4)):
            if words in line and line != shown:
                (told, *_) = [event for event in tail.read() if event["kind"] == "command"]
                return told["time"] - now, moment - asked
    raise SystemExit(f"no {words!r} on the screen:\n{screen.text()}")


def calls(run: Path, times: int) -> list[Row]:
    """The same from Python."""
    control, rng = tuiwb.control(run), np.random.default_rng(1)
    rates = iter([0.001, 0.002] * times)
    requests: dict[str, Callable[[], dict[str, Any]]] = {
        "control.pause()": control.pause,
        "control.resume()": control.resume,
        "control.set(lr=...)": lambda: control.set(lr=next(rates)),
        "control.note(...)": lambda: control.note("here"),
    }
    found: dict[str, list[tuple[float, float]]] = {what: [] for what in requests}
    for _ in range(times):
        for what, request in requests.items():
            time.sleep(rng.uniform(0.1, 0.3))
            asked, now = time.perf_counter(), time.time()
            told = request()
            found[what].append((told["time"] - now, time.perf_counter() - asked))
    return [Row(what, *np.array(both).T) for what, both in found.items()]


def listening(folder: Path) -> tuple[float, float]:
    """Seconds of one attendance between two looks into the inbox, and of a look."""
    paths = RunPaths(create(folder, resolve("mlp-digits")))
    inbox = Inbox(paths, Journal(paths.journal))
    desk = Desk(SimpleNamespace(session=SimpleNamespace(step=1)), inbox)  # type: ignore[arg-type]

    def mean(times: int, before: Callable[[], None]) -> float:
        spent = 0.0
        for _ in range(times):
            before()
            began = time.perf_counter()
            desk.attend()
            spent += time.perf_counter() - began
        return spent / times

    def look() -> None:
        inbox._next_look = 0.0

    def no_look() -> None:
        inbox._next_look = float("inf")

    return mean(100_000, no_look), mean(2000, look)


def report(rows: list[Row], quiet: float, look: float) -> str:
    """All of it as a table, in milliseconds."""
    head = (
        "request",
        "times",
        "to the journal (median)",
        "to the answer (median)",
        "slowest tenth",
    )
    lines = [f"| {' | '.join(head)} |", "| --- | ---: | ---: | ---: | ---: |"]
    for row in rows:
        figures = (np.median(row.journal), np.median(row.seen), np.quantile(row.seen, 0.9))
        cells = " | ".join(f"{1000 * value:.0f} ms" for value in figures)
        lines.append(f"| {row.what} | {len(row.seen)} | {cells} |")
    share = (quiet + look * STEP / LOOK_EVERY) / STEP
    lines += [
        "",
        f"Listening: {1e6 * quiet:.2f} us a step, {1e6 * look:.0f} us a look every "
        f"{1000 * LOOK_EVERY:.0f} ms: {100 * share:.2f} % of a step of {1000 * STEP} ms.",
    ]
    worst = max(float(np.median(row.seen)) for row in rows)
    held = worst <= PROMISE and share < SHARE
    lines.append(
        f"{'Held' if held else 'MISSED'}: {1000 * worst:.0f} ms at the slowest median "
        f"(at most {1000 * PROMISE:.0f}), {100 * share:.2f} % (below {100 * SHARE:.0f})."
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="From a key to its answer, while a run trains.")
    parser.add_argument("preset", nargs="?", default="mlp-digits")
    parser.add_argument("--times", type=int, default=12)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = launch(resolve(given.preset, LONG), folder / "runs")
        try:
            until("it trains", lambda: open_run(run).status.step > 20)
            rows = keys(run, given.times) + calls(run, given.times)
        finally:
            end_worker_of(RunPaths(run))
        table = report(rows, *listening(folder / "others"))
    print(table)
    return int("MISSED" in table)


if __name__ == "__main__":
    raise SystemExit(main())
