"""When a slow process is a straggler, and that live rounds and a look back see the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuiwb.client.diagnose import diagnose
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.symptoms.straggler import rule
from tuiwb.run.create import create
from tuiwb.run.layout import RunPaths
from tuiwb.run.reader import RunReader
from tuiwb.run.schema import RANKS, STEPS, dtype_layers, dtype_ranks, dtype_steps
from tuiwb.run.table import TableWriter
from tuiwb.spec import resolve
from tuiwb.tui.evidence import charts
from tuiwb.worker.rounds import Rounds


def asked(seconds: Any) -> Finding | None:
    rows = np.asarray(seconds, float)
    step = np.arange(1, len(rows) + 1.0)
    return rule(healthy(ranks={"step": step, "time": step, "seconds": rows}))


def even(world: int, own: float = 10e-3, rows: int = 60) -> np.ndarray:
    return np.full((rows, world), own)


@pytest.mark.parametrize(("world", "rank"), [(2, 1), (8, 0), (64, 63)])
def test_it_names_the_rank_and_by_how_much(world: int, rank: int) -> None:
    rows = even(world)
    rows[:, rank] *= 1.6
    rows[7, rank] = np.nan  # one word that was lost
    finding = asked(rows)
    assert finding is not None
    assert finding.evidence["rank"] == rank and finding.evidence["slower"] == pytest.approx(0.6)
    assert finding.words == (
        f"rank {rank} takes 16 ms for its part of a step, the others 10 ms: "
        "38% of every step is spent waiting for it"
    )
    assert f"the machine of rank {rank}" in finding.remedy.words


def test_what_is_none() -> None:
    ten_percent, turns, tiny, late = even(4), even(4), even(4, 1e-4), even(4)
    ten_percent[:, 1] *= 1.1
    turns[:40, 1] *= 2  # within the rows that count, one half each
    turns[40:, 2] *= 2
    tiny[:, 1] *= 3
    late[:, 1] *= 2
    for rows in (ten_percent, turns, tiny, late[:19], even(1) * 2, even(4) * np.nan, even(4) * 0):
        assert asked(rows) is None
    assert asked(late[:20]) is not None


def test_live_and_after_the_fact_it_is_found_also_when_the_world_has_changed(
    tmp_path: Path,
) -> None:
    """Three processes, then two of which one is slow: of the rows before nothing is made."""
    paths = RunPaths(create(tmp_path, resolve("mlp-digits")))
    live: list[str] = []
    rounds = Rounds(lambda kind, step=None, **fields: live.append(fields.get("symptom", "")))
    rounds.begin(dtype_steps(), dtype_layers(0))
    steps = np.zeros(100, dtype_steps())
    steps["step"] = np.arange(1, 101)
    steps["time"] = 1000.0 + steps["step"]
    steps["loss"] = np.linspace(2.3, 1.0, 100)
    with TableWriter(paths.tables, STEPS, steps.dtype) as table:
        table.append(steps)
    for begin, end, seconds in ((0, 50, (0.01, 0.01, 0.01)), (50, 100, (0.03, 0.01))):
        rows = np.zeros(end - begin, dtype_ranks(len(seconds)))
        rows["step"], rows["time"] = steps["step"][begin:end], steps["time"][begin:end]
        rows["seconds"] = seconds
        with TableWriter(paths.tables, RANKS, rows.dtype) as table:
            table.append(rows)
        for row in rows:
            rounds.rank(np.array([row], rows.dtype))
        rounds.take(steps[begin:end])
    assert "straggler" in live
    with RunReader(paths.root) as reader:
        view = reader.poll(None)
    (found,) = [finding for finding in diagnose(view) if finding.symptom == "straggler"]
    assert found.evidence["rank"] == 0 and found.evidence["slower"] == pytest.approx(2.0)
    (figure,) = charts(view, found.as_dict(), None)
    assert [line.name for line in figure.lines] == ["rank 0", "the others"]
    assert float(np.asarray(figure.lines[0].y)[-1]) == pytest.approx(0.03)
