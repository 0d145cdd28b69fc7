"""Very many runs: how long a list of them takes, and how much memory.

    python -m tests.benchmarks.runs [--runs 100000] [--in FOLDER]

Makes a folder of small runs that are over (once: a folder that has them is used again) and measures
``tuiwb ls`` without an index, with one, filtered, and when one run has changed; `find` by the
beginning of a name; and the app's list: from nothing to the first rows, a look at what is new, a
key, and the memory of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tuiwb.run import index
from tuiwb.run.create import create
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock
from tuiwb.run.schema import dtype_steps
from tuiwb.run.table import TableWriter
from tuiwb.spec import resolve

RUNS = 100_000
STATES = ("finished", "stopped", "diverged", "failed", "finished")
NOW = 1_750_000_000.0


def make(folder: Path, many: int) -> None:
    """Fill ``folder`` with runs that are over; every hundredth is a fork of the one before.
    They have no spec, no pictures and no checkpoints."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
        model = RunPaths(create(Path(beside), resolve("mlp-digits"), name="model"))
        with TableWriter(model.tables, "steps", dtype_steps()) as table:
            rows = np.zeros(5, table.dtype)
            rows["step"], rows["loss"] = range(1, 6), 0.25
            table.append(rows)
        with WorkerLock(model.lock), Journal(model.journal) as journal:
            journal.write("state", state="training")
        meta = json.loads(model.meta.read_text())
        names = ("worker.lock", "journal.jsonl", "tables/steps.0000.npy")
        parts = {name: (model.root / name).read_bytes() for name in names}
        had = {name for name in os.listdir(folder) if name[0] != "."}
        for number in range(1, many + 1):
            name = f"mlp-digits-{number:06d}"
            if name not in had:
                _one(RunPaths(folder / name), parts, meta, number)


def _one(paths: RunPaths, parts: dict[str, bytes], meta: dict[str, object], number: int) -> None:
    os.mkdir(paths.root)
    os.mkdir(paths.tables)
    parent = None
    if number % 100 == 0:
        before = number - 1
        parent = {"run": f"mlp-digits-{before:06d}", "uid": f"{before:016x}", "step": 3}
    own = {"created": NOW - 100 * number, "uid": f"{number:016x}", "parent": parent}
    paths.meta.write_text(json.dumps(meta | own))
    for part, data in parts.items():
        (paths.root / part).write_bytes(data)
    state = {"time": NOW - 50 * number, "step": 5, "kind": "state"}
    end = {**state, "state": STATES[number % len(STATES)], "reason": "all steps done"}
    with paths.journal.open("ab") as journal:
        journal.write(json.dumps(end).encode() + b"\n")


def seconds(what: Callable[[], object]) -> float:
    """How long something takes."""
    begin = time.perf_counter()
    what()
    return time.perf_counter() - begin


def tuiwb(folder: Path, *arguments: str) -> tuple[float, float]:
    """Seconds and megabytes that a command line takes, from start to exit."""
    code = (
        "import resource, sys\nfrom tuiwb.cli.main import execute\ncode = execute(sys.argv[1:])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\nsys.exit(code)"
    )
    line = [sys.executable, "-c", code, "--runs", str(folder), *arguments]
    begin = time.perf_counter()
    done = subprocess.run(line, capture_output=True, text=True)
    took = time.perf_counter() - begin
    assert done.returncode in (0, 2), done.stderr
    return took, int(done.stderr.split()[-1]) / 1000


def command_lines(folder: Path, cold: bool) -> None:
    """Print a line for each way of asking."""
    asked = {
        "ls": ["ls"],
        "ls of one state": ["ls", "--state", "diverged"],
        "ls of some words": ["ls", "digits-0777"],
        "ls of all": ["ls", "--all"],
        "ls as JSON": ["ls", "--json"],
        "show by a prefix": ["show", "mlp-digits-05432", "--plot", ""],
        "show of an unknown run": ["show", "mlp-digit-054321"],
        "show of the newest": ["show", "--plot", ""],
    }
    if cold:
        (folder / index.NAME).unlink(missing_ok=True)
        _row("ls, no index", *tuiwb(folder, "ls"))
    for words, arguments in asked.items():
        took = sorted(tuiwb(folder, *arguments) for _ in range(3))
        _row(words, *took[1])


def in_the_app(folder: Path) -> None:
    """Print what the app's list costs, in a process of its own."""
    code = "from tests.benchmarks.runs import app\nimport sys\napp(sys.argv[1])"
    print(subprocess.run([sys.executable, "-c", code, str(folder)], text=True,
                         capture_output=True, check=True).stdout, end="")  # fmt: skip


def app(folder: str) -> None:
    """The app's list on a screen that nobody sees."""
    import asyncio

    from tests.tui.driving import workbench
    from tuiwb.tui.screens.presets import PresetsScreen

    async def drive() -> None:
        begin = time.perf_counter()
        async with workbench(Path(folder)) as (bench, pilot):
            screen = bench.screen
            assert isinstance(screen, PresetsScreen)
            while not screen.runs_list.rows:
                await asyncio.sleep(0.01)
            _row("app: from nothing to its first rows", time.perf_counter() - begin)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
            _row("app: a look at what is new", seconds(screen.look), peak)
            await pilot.press("tab")
            begin = time.perf_counter()
            for _ in range(20):
                await pilot.press("down")
            _row("app: a key, on average", (time.perf_counter() - begin) / 20)
            _row("app: rows made anew", seconds(screen.show_runs))

    asyncio.run(drive())


def _row(words: str, took: float, megabytes: float | None = None) -> None:
    memory = "" if megabytes is None else f"{megabytes:8.0f} MB"
    print(f"{words:40}{took:9.3f} s{memory}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--in", dest="folder", type=Path)
    parser.add_argument("--warm", action="store_true", help="use the index that is there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as own:
        folder = given.folder or Path(own) / "runs"
        print(f"made {given.runs} runs in {seconds(lambda: make(folder, given.runs)):.1f} s")
        command_lines(folder, cold=not given.warm)
        in_the_app(folder)


if __name__ == "__main__":
    main()
