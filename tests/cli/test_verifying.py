"""What `verify` makes of runs: a target that is met in too much memory is not met."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.recorded import record
from tuiwb.api import open_run
from tuiwb.cli.verifying import MEMORY, Plan, line, row, tables

GB = 1_000_000_000


def verified(runs: Path, *recorded: dict[str, Any]) -> dict[str, Any]:
    return row(Plan("mlp-digits", ()), [open_run(record(runs, **kind)) for kind in recorded])


@pytest.mark.parametrize(
    ("recorded", "memory", "met"),
    [
        ([{"memory": GB}], GB, True),
        ([{"memory": MEMORY}], MEMORY, True),
        ([{"memory": MEMORY + 1}], MEMORY + 1, False),
        ([{"memory": 9 * GB, "device": "cuda:0"}], 9 * GB, True),
        ([{"memory": GB}, {"memory": 2 * GB}], 2 * GB, False),
        ([{"memory": None}], None, False),
        ([{"memory": GB}, {"memory": None}], None, False),
        ([{"memory": GB}, {"memory": GB, "state": "stopped"}], GB, False),
    ],
)
def test_memory_is_part_of_the_verdict(
    recorded: list[dict[str, Any]], memory: int | None, met: bool, tmp_path: Path
) -> None:
    found = verified(tmp_path, *recorded)
    assert (found["memory"], found["met"]) == (memory, met)


def test_too_much_memory_is_said(tmp_path: Path) -> None:
    fits, bursts = verified(tmp_path, {}), verified(tmp_path, {"memory": 2 * GB})
    assert line(fits).endswith(": met")
    assert line(bursts).endswith(": NOT MET (2 GB of memory, 1.5 GB are allowed)")
    (table,) = tables([fits, bursts])
    head, *rows = table.splitlines()
    words = ["preset", "metric", "target", "value", "steps", "seconds", "memory", "met", "baseline"]
    assert head.split() == words
    assert "400 MB  yes" in rows[0] and "2 GB  NO" in rows[1]
