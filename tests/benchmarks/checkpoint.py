"""How long training stands still for a checkpoint, as a share of the time that its write takes.

    python -m tests.benchmarks.checkpoint [--preset gpt2-124m] [--times 4] [-s key=value ...]

Training takes real steps all the while, of a small batch where there is no GPU. It stands still for
the copy that is taken on its own thread (staged); the write is from the copy's end to the last
fsync. The first checkpoint has no memory of an earlier one to use and is told apart; the claim is
the median of the others. What steps take longer while the write is under way, by their median
before, is told beside it (slower): on a GPU a lock that is held; on a CPU mostly the core that the
two share, and on a busy machine anything.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch

from tests.engine.recorder import MemorySink, Script
from tuiwb.base.format import percent, size
from tuiwb.engine.build import build
from tuiwb.engine.loop import Loop
from tuiwb.engine.rolling import Checkpoints
from tuiwb.spec import resolve

MOST = 0.10
"""Share of the write's time that a checkpoint may hold training up."""
QUIET = 3
"""Steps before each checkpoint that tell what a step takes."""
SMALL = ("data.batch_size=1", "data.context=16", "train.device=cpu")
"""What brings a language model's step down to a CPU's size; its state stays what it is."""


class Row(NamedTuple):
    """One checkpoint; seconds."""

    bytes: int
    staged: float
    slower: float
    write: float

    @property
    def share(self) -> float:
        return self.staged / self.write

    @property
    def told(self) -> str:
        return (
            f"{size(self.bytes):>8}  staged {self.staged:6.3f} s  write {self.write:6.2f} s  "
            f"{percent(self.share):>6}  (steps meanwhile slower by {self.slower:.3f} s)"
        )


def measured(loop: Loop) -> Row:
    """One checkpoint of a loop that is in motion."""
    quiet = statistics.median(_step(loop) for _ in range(QUIET))
    began = time.perf_counter()
    loop.checkpoint("asked")
    staged = time.perf_counter() - began
    steps = []
    while loop.checkpoints.busy():
        steps.append(_step(loop))
    (written,) = loop.checkpoints.finished()
    assert written.error is None, written.error
    # the last step went on after the write had ended
    write = max(sum(steps) - quiet / 2, 1e-9)
    return Row(written.bytes, staged, max(0.0, sum(steps) - len(steps) * quiet), write)


def _step(loop: Loop) -> float:
    began = time.perf_counter()
    loop.step()
    if loop.session.device.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - began


def measure(preset: str, settings: list[str], times: int) -> Iterator[Row]:
    """``times`` checkpoints of a preset, one after the other."""
    given = [] if torch.cuda.is_available() else list(SMALL)
    endless = ["train.steps=1000000", "train.eval_every=0", "train.checkpoint_space=0"]
    spec = resolve(preset, [*given, *endless, *settings]).spec
    with tempfile.TemporaryDirectory() as folder:
        loop = Loop(build(spec), MemorySink(), Script(), Checkpoints(Path(folder) / "checkpoints"))
        _step(loop)  # from now on the optimiser has its state
        for _ in range(times):
            yield measured(loop)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--preset", default="gpt2-124m")
    parser.add_argument("--times", type=int, default=4)
    parser.add_argument("-s", "--set", action="append", default=[])
    asked = parser.parse_args()
    rows: list[Row] = []
    for row in measure(asked.preset, asked.set, max(2, asked.times)):
        print(f"{'again' if rows else 'first'}  {row.told}", flush=True)
        rows.append(row)
    share = statistics.median(row.share for row in rows[1:])
    print(
        f"{asked.preset}: training stands still for {percent(share)} of the time that writing a "
        f"checkpoint takes; at most {percent(MOST)} is the aim"
    )
    return 0 if share <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
