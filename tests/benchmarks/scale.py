"""What limits very many runs, rows, readers and trials: every figure of README's page on scale.

    python -m tests.benchmarks.scale [--rows 10000000] [--runs 20000] [--in FOLDER]
                                     [--readers 32] [--trials 1000]

A few minutes on two cores. ``--in`` is a folder of runs that `tests.benchmarks.runs` has made.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

from tests.benchmarks import readers, runs, sweeps, tables
from tuiwb.base.descriptors import allow
from tuiwb.run import index
from tuiwb.run.reader import RunReader
from tuiwb.search.runner import seen

LIVE = 256
"""Trials that one controller follows at a time, at most."""


def processor() -> float:
    """Seconds of the processor that the commands of this process have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def listed(folder: Path) -> str:
    """A list of all runs of a folder: the first look, and the later ones."""
    (folder / index.NAME).unlink(missing_ok=True)
    before = processor()
    first, _ = runs.tuiwb(folder, "ls")
    used = processor() - before
    later, megabytes = sorted(runs.tuiwb(folder, "ls") for _ in range(3))[1]
    count = sum(entry.name[0] != "." for entry in os.scandir(folder))
    kept = folder / index.NAME  # not made of few runs, which are read as quickly
    size = kept.stat().st_size / count if kept.exists() else 0
    return (
        f"{count:,} runs: listed in {first:.1f} s at first, {used:.1f} s of them the processor's, "
        f"then in {later:.2f} s and {megabytes:.0f} MB; the index has {size:.0f} bytes a run"
    )


def followed(folder: Path, count: int) -> str:
    """A look at very many runs at a time, as a sweep's controller does; seconds of the processor
    and open files."""
    allow(16 * count)
    open_before = len(os.listdir("/proc/self/fd"))
    paths = sorted(path for path in folder.iterdir() if path.name[0] != ".")[:count]
    known = [RunReader(path) for path in paths]
    for reader in known:
        reader.poll(None)
    began = time.process_time()
    for reader in known:
        seen(reader.poll(), "val_loss")
    took = time.process_time() - began
    files = len(os.listdir("/proc/self/fd")) - open_before
    for reader in known:
        reader.close()
    return (
        f"{len(known)} runs followed at a time: {1e3 * took / len(known):.2f} ms of the processor "
        f"for a look at one, {files / len(known):.1f} files open for each"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=tables.ROWS)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--in", dest="folder", type=Path)
    parser.add_argument("--readers", type=int, default=readers.READERS)
    parser.add_argument("--trials", type=int, default=1000)
    asked = parser.parse_args()
    print(tables.measure(asked.rows), flush=True)
    print(readers.measure(asked.readers, 3.0), flush=True)
    with tempfile.TemporaryDirectory() as own:
        folder = asked.folder or Path(own) / "runs"
        if asked.folder is None:
            took = runs.seconds(lambda: runs.make(folder, asked.runs))
            print(f"{asked.runs:,} runs made in {took:.1f} s", flush=True)
        print(listed(folder), flush=True)
        print(followed(folder, LIVE), flush=True)
    for sampler, many in (("random", 1), ("random", 10), ("tpe", 1)):
        print(sweeps.measure(sampler, many * asked.trials), flush=True)


if __name__ == "__main__":
    main()
