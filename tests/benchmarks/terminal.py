"""What the screen costs whoever looks at it over a line, against what it may cost.

    python -m tests.benchmarks.terminal [PART ...] [--layers 40] [--metrics 200] [--runs 500]

runs the workbench on a real pseudo-terminal and prints a measurement a line, beside its budget.
Parts: paint, wide, narrow, open, key, slow; all of them where none is named.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks import recorded, runs
from tests.benchmarks.meter import Meter, metered

ROWS = 10_000_000
SLOW = 30_000
"""Bytes a second of a slow line."""
TIMES = 5
KEYS = 24


@dataclass(frozen=True)
class Row:
    """One measurement. ``budget`` is what it may be at most."""

    what: str
    value: float
    budget: float
    unit: str

    def __str__(self) -> str:
        verdict = "ok" if self.value <= self.budget else "OVER"
        return f"{self.what:52}{self.value:10.2f} {self.unit:5} budget {self.budget:6g}  {verdict}"


@dataclass(frozen=True)
class Bench:
    """Where things are, and how large."""

    place: Path
    layers: int
    metrics: int
    runs: int

    @property
    def env(self) -> dict[str, str]:
        """The environment of a terminal at the machine itself, for settings of its own."""
        own = {name: str(self.place / name.lower()) for name in ("XDG_CONFIG_HOME",
               "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")}  # fmt: skip
        # an installed program has its bytecode; one that runs from its sources gets it here
        own |= {
            "TUIWB_RUNS": str(self.place / "runs"),
            "PYTHONPYCACHEPREFIX": str(self.place / "bytecode"),
        }
        far = ("SSH_CONNECTION", "SSH_TTY", "MOSH_IP", "NO_COLOR", "PYTHONDONTWRITEBYTECODE")
        return {name: value for name, value in os.environ.items() if name not in far} | own

    @contextmanager
    def live(self) -> Iterator[Path]:
        """A run that goes on meanwhile."""
        with tempfile.TemporaryDirectory(dir=self.place) as folder:
            command = [sys.executable, "-m", "tests.benchmarks.recorded", folder,
                       "--layers", str(self.layers), "--metrics", str(self.metrics)]  # fmt: skip
            with subprocess.Popen(command, stdout=subprocess.PIPE, env=self.env) as writer:
                assert writer.stdout is not None
                writer.stdout.readline()
                try:
                    yield Path(folder) / recorded.LIVE
                finally:
                    writer.terminate()

    @contextmanager
    def looking(
        self, *arguments: str, size: tuple[int, int] = (160, 50), module: str = "tuiwb",
        rate: float | None = None, env: dict[str, str] | None = None,
    ) -> Iterator[Meter]:  # fmt: skip
        """The workbench on a terminal."""
        command = (sys.executable, "-m", module, *arguments)
        with metered(command, *size, {**self.env, **(env or {})}, rate) as meter:
            yield meter

    def long(self) -> Path:
        """The run of very many steps."""
        return recorded.long(self.place / "long", "long", ROWS)


def paint(bench: Bench) -> Iterator[Row]:
    """From the command to a screen with something on it."""
    took = []
    if bench.runs:
        runs.make(bench.place / "runs", bench.runs)
    with bench.looking(size=(120, 40)) as meter:
        meter.read(5)
        meter.leave()
    for _ in range(TIMES):
        with bench.looking(size=(120, 40)) as meter:
            meter.read(2.5)
            took.append(meter.painted())
            memory = meter.used()[1]
            meter.leave()
    # the worker that waits leaves the session, so this is the screen's process alone
    yield Row(f"first paint, {bench.runs} runs", median(took), 0.5, "s")
    yield Row(f"memory on the first screen, {bench.runs} runs", memory, 90, "MB")


def following(bench: Bench, size: tuple[int, int], bytes: float) -> Iterator[Row]:
    """A live run at rest: nobody touches a key."""
    columns, rows = size
    with bench.live() as run, bench.looking("attach", str(run), size=size) as meter:
        meter.read(4)
        before, used = meter.received, meter.used()[0]
        begun = meter.now()
        meter.read(10)
        took = meter.now() - begun
        processor, memory = meter.used()
    where = f"{columns}x{rows}"
    yield Row(f"live {where}: over the line", (meter.received - before) / took / 1000, bytes,
              "KB/s")  # fmt: skip
    yield Row(f"live {where}: of a core", 100 * (processor - used) / took, 10, "%")
    yield Row(f"live {where}: memory", memory, 90, "MB")


def wide(bench: Bench) -> Iterator[Row]:
    """Four charts and two heat maps."""
    return following(bench, (160, 50), 12)


def narrow(bench: Bench) -> Iterator[Row]:
    """One pane at a time."""
    return following(bench, (80, 24), 5)


def opening(bench: Bench) -> Iterator[Row]:
    """A run that is over: its whole curve, and then nothing more."""
    run, took, sent, used = bench.long(), [], [], []
    for _ in range(TIMES):
        with bench.looking("attach", str(run)) as meter:
            took.append(meter.quiet(1.0, 20))
            before, spent = meter.received, meter.used()[0]
            meter.read(3)
            sent.append(meter.received - before)
            used.append(100 * (meter.used()[0] - spent) / 3)
            memory = meter.used()[1]
            meter.leave()
    yield Row(f"{ROWS / 1e6:.0f} M rows to the full curve", median(took), 1.0, "s")
    yield Row("a finished run: over the line in 3 s", max(sent), 0, "bytes")
    yield Row("a finished run: of a core", median(used), 1, "%")
    yield Row("a finished run: memory", memory, 90, "MB")


def key(bench: Bench) -> Iterator[Row]:
    """From a key to what it changes on the screen."""
    with bench.live() as run, bench.looking("attach", str(run)) as meter:
        meter.read(4)
        meter.press("c")
        meter.read(1)
        moved = list(presses(meter, ["\x1b[D"], cursor_of))
        meter.press("c")
        meter.read(1)
        turned = list(presses(meter, ["5", "2", "6", "1"], pane_of))
    yield Row("key to changed screen: cursor", 1000 * median(moved), 50, "ms")
    yield Row("key to changed screen: another pane", 1000 * median(turned), 50, "ms")


def presses(meter: Meter, keys: list[str], what: Callable[[Meter], object]) -> Iterator[float]:
    """Seconds from each key to a screen on which ``what`` is another."""
    for number in range(KEYS):
        for _ in meter.draw():
            pass
        before = what(meter)
        pressed = meter.press(keys[number % len(keys)])
        # out of step with the frames, which come four times a second
        meter.read(0.41)
        changed = [at for at in meter.draw() if what(meter) != before]
        assert changed, f"key {number} changed nothing:\n" + "\n".join(meter.screen.display)
        yield changed[0] - pressed


def cursor_of(meter: Meter) -> object:
    """The step that the cursor reads out."""
    return re.findall(r"at (?:step )?([\d.,]+k?)", "\n".join(meter.screen.display[2:]))[:1]


def pane_of(meter: Meter) -> object:
    """Where the bar stands that marks the pane with the keys."""
    display = meter.screen.display
    return [(y, x) for y, row in enumerate(display) for x, cell in enumerate(row) if cell == "▎"]


def slow(bench: Bench) -> Iterator[Row]:
    """A line that is slower than what is to be said."""
    report = bench.place / "report"
    far = {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}
    watch = "tests.benchmarks.stalls"
    with (
        bench.live() as run,
        bench.looking(str(run), str(report), module=watch, rate=SLOW, env=far) as meter,
    ):
        meter.read(14)
        opened = meter.begun + meter.painted() + 3
    stalls: list[tuple[float, float]] = []
    wrote: list[tuple[float, float]] = []
    for line in report.read_text().splitlines():
        kind, at, value = line.split()
        (stalls if kind == "stall" else wrote).append((float(at), float(value)))
    late, total, arrivals = [], 0, iter(meter.chunks)
    for said, written in wrote:
        came = said
        while total < written and (chunk := next(arrivals, None)) is not None:
            came, total = meter.begun + chunk[0], total + len(chunk[1])
        late.append((said, came - said))
    for words, begin, end in (("first 3 s", 0.0, opened), ("afterwards", opened, 1e12)):
        yield Row(f"line of 30 KB/s, {words}: longest stall",
                  1000 * max(s for at, s in stalls if begin <= at < end), 100, "ms")  # fmt: skip
        yield Row(f"line of 30 KB/s, {words}: backlog",
                  max(s for at, s in late if begin <= at < end), 1, "s")  # fmt: skip


PARTS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "paint": paint, "wide": wide, "narrow": narrow, "open": opening, "key": key, "slow": slow,
}  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--layers", type=int, default=7)
    parser.add_argument("--metrics", type=int, default=2)
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--in", dest="folder", type=Path, help="keep what is made, for the next")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as own:
        place = (given.folder or Path(own)).absolute()
        place.mkdir(parents=True, exist_ok=True)
        bench = Bench(place, given.layers, given.metrics, given.runs)
        for name in given.parts or PARTS:
            for row in PARTS[name](bench):
                print(row, flush=True)


if __name__ == "__main__":
    main()
