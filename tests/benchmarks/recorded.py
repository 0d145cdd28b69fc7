"""Runs that no worker trained, for measuring screens: one that goes on at a given rate, one with
very many rows.

    python -m tests.benchmarks.recorded FOLDER [--rate 50] [--layers 7] [--metrics 2]

writes a live run until it is ended. Nothing of torch is loaded.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.tui.recorder import LAYERS, METRICS, Recorder

LIVE = "live"
BEFORE = 2_000
"""Steps that a live run has behind it when it is looked at."""
_CHUNK = 1_000_000


def layers(many: int) -> tuple[tuple[str, str, int], ...]:
    """That many layers, in blocks; the usual seven where that is all that is asked for."""
    if many == len(LAYERS):
        return LAYERS
    return tuple((f"blocks.{i // 4}.linear{i % 4}", "Linear", 320 + i) for i in range(many))


def metrics(many: int) -> tuple[str, ...]:
    """That many metrics of the evaluations; the usual two come first."""
    return (*METRICS, *(f"val_score_{i:03}" for i in range(2, many)))


def live(runs: Path, rate: float, many_layers: int, many_metrics: int) -> None:
    """Record a run that goes on at ``rate`` steps a second until this process is told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    run = Recorder(
        runs,
        LIVE,
        began=time.time() - BEFORE * 0.02,
        layers=layers(many_layers),
        metrics=metrics(many_metrics),
        steps=100_000,
    )
    run.start().train(BEFORE)
    begun, done = time.monotonic(), 0
    print("ready", flush=True)
    try:
        while True:
            due = int((time.monotonic() - begun) * rate)
            run.train(due - done)
            done = due
            time.sleep(1 / rate)
    finally:
        run.release()


def long(runs: Path, name: str, rows: int) -> Path:
    """A run of very many steps that is over; the one that is there from before, if any."""
    path = runs / name
    if path.is_dir():
        return path
    run = Recorder(runs, name, steps=rows).start()
    steps = run.tables["steps"]
    for begin in range(0, rows, _CHUNK):
        steps.append(_steps(begin, min(begin + _CHUNK, rows), steps.dtype, run.clock.now()))
    run.step = rows
    run.clock.advance(rows * 0.001)
    run.end("finished", reason="all steps done")
    return path


def _steps(begin: int, end: int, dtype: np.dtype[np.void], now: float) -> np.ndarray:
    rng = np.random.default_rng(begin)
    rows = np.zeros(end - begin, dtype)
    rows["step"] = at = np.arange(begin + 1, end + 1)
    rows["time"] = now + at * 0.001
    rows["loss"] = 2.3 * np.exp(-at / 3e6) + 0.1 + 0.05 * rng.random(len(at))
    rows["lr"] = 0.001 * (0.5 + 0.5 * np.cos(np.pi * at / 1e7))
    rows["grad_norm"] = 0.1 + rng.random(len(at))
    rows["samples_per_s"] = 64_000
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--layers", type=int, default=len(LAYERS))
    parser.add_argument("--metrics", type=int, default=len(METRICS))
    given = parser.parse_args(arguments)
    live(given.runs, given.rate, given.layers, given.metrics)


if __name__ == "__main__":
    main()
