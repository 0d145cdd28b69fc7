"""What a sweep of many trials costs its controller: ``python -m tests.benchmarks.sweeps [TRIALS]``.

Nothing is trained: each trial is a curve of its settings. What is left is asking, telling, judging
and the journal; then what it takes to go on with it, and to read it. Seconds of the processor.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.search.synthetic import Synthetic, asked, begin, controller
from tuiwb.search.ledger import SweepReader


def memory() -> float:
    """The most memory that this process has had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(sampler: str, trials: int, pruner: str = "none") -> str:
    """One sweep, in one line."""
    with tempfile.TemporaryDirectory() as folder:
        paths = begin(Path(folder), asked(sampler=sampler, trials=trials, pruner=pruner, jobs=8))
        runner = Synthetic()
        first = controller(paths, runner)
        began = time.process_time()
        first.run(sleep=lambda seconds: None)
        took = time.process_time() - began
        began = time.process_time()
        controller(paths, runner).take_up()
        again = time.process_time() - began
        began = time.process_time()
        view = SweepReader(paths).poll()
        read = time.process_time() - began
        size = paths.journal.stat().st_size
    assert view.over == trials
    return (
        f"{sampler:7} {pruner:7} {trials:6} trials  {1e3 * took / trials:7.2f} ms a trial  "
        f"taken up in {again:6.2f} s  read in {1e3 * read:6.1f} ms  "
        f"journal {size / trials:5.0f} B a trial  memory {memory():5.0f} MB"
    )


if __name__ == "__main__":
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for name, judge in (("random", "none"), ("qmc", "none"), ("tpe", "none"), ("random", "asha")):
        print(measure(name, many, judge), flush=True)
