"""A run that waits in a cluster's queue, on the bench: it says so, and is taken out by X."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.client.slurm import Slurm
from tests.tui.driving import text_of, until, workbench
from tuiwb.base.clock import FrozenClock
from tuiwb.client.job import Job
from tuiwb.client.submit import submit
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import read_meta
from tuiwb.spec import resolve


async def test_a_queued_run_waits_and_is_taken_out(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slurm = Slurm(tmp_path / "slurm")
    monkeypatch.setenv("PATH", slurm.path)
    path, _ = submit(resolve("mlp-digits"), runs, Job())
    slurm.list(f"123|PENDING|Priority|{path.name}")
    clock = FrozenClock(read_meta(RunPaths(path))[0]["created"] + 3600)
    async with workbench(runs, (80, 24), path, clock) as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
    assert app.goodbye.startswith("mlp-digits-0001 waits on: queued (Slurm job 123)")
    async with workbench(runs, (120, 40), path, clock) as (app, pilot):
        assert "queued (Slurm job 123)" in text_of(app)
        await pilot.press("space")
        await until(pilot, lambda: "it waits in a queue" in text_of(app))
        assert not list((path / "inbox").glob("*.json"))
        await pilot.press("X")
        await until(pilot, lambda: "Take mlp-digits-0001 out of the queue?" in text_of(app))
        await pilot.press("enter")
        await until(pilot, lambda: "out of the queue" in text_of(app) and "■" in text_of(app))
    assert slurm.told[-1] == "scancel 123"
