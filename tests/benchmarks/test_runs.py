"""The benchmark of very many runs measures what it says, on a few."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks import runs as benchmark
from tuiwb.run.lineage import tree
from tuiwb.run.listing import list_runs


def test_its_runs_are_runs(tmp_path: Path) -> None:
    benchmark.make(tmp_path / "runs", 100)
    benchmark.make(tmp_path / "runs", 120)
    found = list_runs(tmp_path / "runs")
    assert len(found) == 120 and {run.state for run in found} == set(benchmark.STATES)
    assert {(run.step, run.loss, run.preset) for run in found} == {(5, 0.25, "mlp-digits")}
    assert [t.run.id for t in tree(found) if t.above] == ["mlp-digits-000100"]


def test_its_command_lines_answer(tmp_path: Path) -> None:
    benchmark.make(tmp_path / "runs", 3)
    took, megabytes = benchmark.tuiwb(tmp_path / "runs", "ls")
    assert took > 0 and megabytes > 1
