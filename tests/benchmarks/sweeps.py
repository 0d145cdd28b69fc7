"""What a sweep of many trials costs its controller: ``python -m tests.benchmarks.sweeps [TRIALS]``.

Nothing is trained: each trial is a curve of its settings. What is left is asking, telling, judging
and the journal; then what it takes to go on with it, and to read it. Seconds of the processor.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.search.synthetic import Synthetic, asked, begin, controller
from tuiwb.search.ledger import SweepReader

JOBS = 8


@dataclass(frozen=True)
class Measured:
    """Milliseconds are those of one trial, the last ones those of the last tenth of them."""

    sampler: str
    pruner: str
    trials: int
    milliseconds: float
    last: float
    again: float
    """Seconds to go on with the sweep."""
    read: float
    """Seconds to read it."""
    bytes: float
    """Of the journal, for each trial."""
    best: float | None
    megabytes: float
    """The most memory that this process has had."""

    def __str__(self) -> str:
        return (
            f"{self.sampler:7} {self.pruner:7} {self.trials:6} trials  "
            f"{self.milliseconds:7.2f} ms a trial, {self.last:7.2f} ms in the last tenth  "
            f"taken up in {self.again:6.2f} s  read in {1e3 * self.read:6.1f} ms  "
            f"journal {self.bytes:5.0f} B a trial  best {self.best:.5f}  "
            f"memory {self.megabytes:5.0f} MB"
        )


def measure(sampler: str, trials: int, pruner: str = "none") -> Measured:
    """One sweep from its beginning to its end, taken up again, and read."""
    with tempfile.TemporaryDirectory() as folder:
        paths = begin(Path(folder), asked(sampler=sampler, trials=trials, pruner=pruner, jobs=JOBS))
        runner = Synthetic()
        first = controller(paths, runner)
        late = 0.0
        began = time.process_time()
        first.take_up()
        while not first.beat():
            if not late and len(first.ledger.trials) >= trials - trials // 10:
                late = time.process_time()
        over = time.process_time()
        first.end("finished")
        began_again = time.process_time()
        controller(paths, runner).take_up()
        again = time.process_time() - began_again
        began_read = time.process_time()
        view = SweepReader(paths).poll()
        read = time.process_time() - began_read
        size = paths.journal.stat().st_size
    assert view.over == trials
    return Measured(
        sampler,
        pruner,
        trials,
        1e3 * (over - began) / trials,
        1e3 * (over - late) / max(1, trials // 10),
        again,
        read,
        size / trials,
        view.best.value if view.best else None,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


if __name__ == "__main__":
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for name, judge in (("random", "none"), ("qmc", "none"), ("tpe", "none"), ("random", "asha")):
        print(measure(name, many, judge), flush=True)
