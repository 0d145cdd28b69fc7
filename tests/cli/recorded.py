"""Runs as a worker leaves them, without training anything."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from tuiwb.base.clock import FrozenClock
from tuiwb.run.create import create
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.lock import WorkerLock
from tuiwb.run.schema import dtype_evals, dtype_layers, dtype_steps
from tuiwb.run.table import TableWriter
from tuiwb.spec import resolve

BEGAN = 1_700_000_000.0
VAL_ACCURACY = 0.999


def record(
    runs: Path,
    state: str | None = "finished",
    steps: int = 100,
    name: str | None = None,
    memory: int | None = 400_000_000,
    device: str = "cpu",
) -> Path:
    """A run of mlp-digits with ``steps`` rows, 100 steps a second, 64 samples each.

    ``state`` is its last one; None is a worker that died without a word.
    """
    path = create(runs, resolve("mlp-digits", [f"train.steps={max(steps, 1)}"]), name=name)
    paths, clock = RunPaths(path), FrozenClock(BEGAN)
    with WorkerLock(paths.lock), Journal(paths.journal, clock) as journal:
        journal.write("state", state="starting", doing="loading data")
        journal.write(
            "model", layers=[{"name": "f1", "kind": "Linear", "parameters": 650}], parameters=650
        )
        journal.write("data", name="digits", train=1, val=1, baselines={"majority": 0.1})
        journal.write("device", device=device)
        journal.write("state", state="training")
        _tables(paths, steps)
        clock.advance(steps / 100)
        metrics = {"val_loss": 0.1, "val_accuracy": VAL_ACCURACY}
        journal.write("evaluation", steps, metrics=metrics, best=True)
        if state is not None:
            journal.write("state", steps, state=state, reason="the end", peak_memory=memory)
    paths.log.write_text("line one\nSegmentation fault\n")
    return path


def _tables(paths: RunPaths, steps: int) -> None:
    step = np.arange(1, steps + 1)
    rows = np.zeros(steps, dtype_steps())
    rows["step"], rows["time"] = step, BEGAN + step / 100
    rows["loss"], rows["grad_norm"] = 2.3 / np.sqrt(step), 1 / step
    rows["lr"], rows["samples_per_s"] = 1e-3, 6400
    if steps > 50:
        rows["loss"][40] = math.nan
    evals = np.zeros(2, dtype_evals(["val_loss", "val_accuracy"]))
    evals["step"], evals["val_loss"], evals["val_accuracy"] = (
        (1, steps),
        (2.3, 0.1),
        (0.1, VAL_ACCURACY),
    )
    layers = np.zeros(steps, dtype_layers(1))
    layers["step"], layers["grad_norm"] = step, 1 / step[:, None]
    for table, content in (("steps", rows), ("evals", evals), ("layers", layers)):
        with TableWriter(paths.tables, table, content.dtype) as writer:
            writer.append(content)
