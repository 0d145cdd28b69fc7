"""A machine that trains along: it waits for the run that the first machine makes, and joins it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tuiwb.base import consent
from tuiwb.base.clock import Clock, SystemClock
from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.base.format import duration
from tuiwb.base.text import one_line
from tuiwb.client.process import Command, spawn, worker_command
from tuiwb.run.layout import RunPaths
from tuiwb.run.links import refuse_links
from tuiwb.run.meta import read_meta, read_spec
from tuiwb.run.world import World, world_of
from tuiwb.spec import Resolved
from tuiwb.spec.branch import differences
from tuiwb.spec.toml import literal

LOOK_EVERY = 0.5
MOST_DIFFERENCES = 3
"""Knobs that are named of those in which two specs differ."""
MOST_WORDS = 1 << 15
"""Bytes of a log's end that are looked through."""
_OURS = re.compile(r"(rank \d+|error): ")


def await_run(
    path: Path,
    world: World | None,
    clock: Clock | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> World:
    """The world of the run at ``path``, once its folder is there. Where ``world`` is given, it must
    be the same, and is waited for.

    Raises `UserError`: the first machine did not make the run in time, or made another one.
    """
    clock = clock or SystemClock()
    paths, patience = RunPaths(path), world.wait if world is not None else 0
    give_up = clock.monotonic() + patience
    while not paths.meta.is_file():
        if clock.monotonic() >= give_up:
            raise UserError(
                f"there is no run {path.name}"
                + (f" after {duration(patience)}" if patience else ""),
                where=str(path.parent),
                next="the first machine makes it: the same command there, with --node-rank 0, and "
                "--runs on a disk that all of them share",
            )
        sleep(LOOK_EVERY)
    made = world_of(read_meta(paths)[0])
    if made is None or (world is not None and made != world):
        raise UserError(
            f"{path.name} is not trained by the machines that were told here",
            where=str(paths.meta),
            found=_words(made),
            allowed=_words(world) if world is not None else "a run of several machines",
            next="the same --nproc, --nnodes and --rdzv on every machine",
        )
    return made


def refuse_other_spec(path: Path, told: Resolved) -> None:
    """`UserError` where another spec was told here than the run at ``path`` was made with: the
    run's would be trained, and what was told here would come to nothing."""
    made = read_spec(RunPaths(path)).spec
    if not (other := differences(made, told.spec)):
        return
    first = dict(list(other.items())[:MOST_DIFFERENCES])
    more = f" and {len(other) - len(first)} more" if len(other) > len(first) else ""
    raise UserError(
        f"{path.name} was made with another spec than was told here",
        where=str(RunPaths(path).spec),
        found=_values({knob: here for knob, (_, here) in first.items()}) + more,
        allowed=_values({knob: there for knob, (there, _) in first.items()}) + more,
        next="the same preset, settings and --device on every machine",
    )


def _values(knobs: Mapping[str, object]) -> str:
    """None is a knob that a spec does not have."""
    return ", ".join(
        f"no {knob}" if value is None else f"{knob}={literal(value)}"
        for knob, value in knobs.items()
    )


def join(path: Path, machine: int, command: Command | None = None) -> int:
    """Train the run at ``path`` with the first machine, as number ``machine``, until that is over;
    the exit status. Ctrl-C and SIGTERM ask for the end of the whole run.

    Raises `WorkerFailed` with the last words of its log where this machine's part failed.
    """
    paths = RunPaths(path)
    refuse_links(paths)
    consent.check(read_spec(paths).spec.model.name)
    log = paths.log.with_name(f"worker.{machine}.log")
    child = spawn([*(command or worker_command()), "--machine", str(machine), str(path)], log)
    with open(log, "rb") as words:
        status = _wait(child)
        if status:
            # a run that never began is taken away by the first machine, and this log with it
            words.seek(max(0, words.seek(0, os.SEEK_END) - MOST_WORDS))
            lines = words.read().decode("utf-8", "replace").splitlines()
            there = path.is_dir()
            raise WorkerFailed(
                f"machine {machine} has left {path.name}: exit code {status}",
                where=str(log) if there else str(path.parent),
                found=_last_block([one_line(line, 400) for line in lines if line.strip()]),
                next=f"tuiwb show {path.name} tells how the run is" if there else "",
            )
    return status


def _last_block(lines: Sequence[str]) -> str:
    """What the log says last that is not torch's: a line, and those that are indented below it."""
    starts = [at for at, line in enumerate(lines) if _OURS.match(line)]
    return "\n".join(lines[starts[-1] :] if starts else lines[-4:])


def _wait(child: subprocess.Popen[bytes]) -> int:
    before = signal.signal(signal.SIGTERM, lambda number, frame: child.send_signal(number))
    try:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                child.send_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def _words(world: World | None) -> str:
    if world is None:
        return "one process"
    count = f"{world.most}" if world.least == world.most else f"{world.least} to {world.most}"
    at = f", which meet at {world.meet}" if world.meet else ""
    return f"{world.processes} processes on each of {count} machines{at}"
