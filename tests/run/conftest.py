"""A run directory to try things on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuiwb.run.create import create
from tuiwb.run.layout import RunPaths
from tuiwb.run.schema import dtype_steps
from tuiwb.run.table import TableWriter
from tuiwb.spec import resolve


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    """A new run, created and not yet trained."""
    return RunPaths(create(tmp_path / "runs", resolve("mlp-digits"), name="mlp-0001"))


def step_rows(start: int, stop: int, time: float = 0.0) -> np.ndarray[Any, np.dtype[Any]]:
    """Rows of the `steps` table for steps [start, stop); loss is 1/step."""
    rows = np.zeros(stop - start, dtype_steps())
    rows["step"] = np.arange(start, stop)
    rows["time"] = time + rows["step"]
    rows["loss"] = 1 / np.maximum(rows["step"], 1)
    return rows


@pytest.fixture
def write_steps(paths: RunPaths) -> Callable[..., None]:
    """Append a segment of steps [start, stop) to the run."""

    def write(start: int, stop: int, time: float = 0.0) -> None:
        with TableWriter(paths.tables, "steps", dtype_steps()) as table:
            table.append(step_rows(start, stop, time))

    return write
