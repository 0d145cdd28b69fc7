"""``tuiwb resume``: what it prints, what it exits with, and that it takes nothing away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.lives import Life
from tuiwb.cli.main import execute
from tuiwb.client.warm import Warm


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm() as standby:
        standby.prepare()
        yield standby


@pytest.mark.slow
def test_it_follows_to_the_end_like_run(
    tmp_path: Path, warm: Warm, capfd: pytest.CaptureFixture[str]
) -> None:
    life = Life(tmp_path / "runs", warm, "mlp-digits", "train.steps=400")
    life.begin().reach(50).end("stop")
    arguments = ["resume", "mlp", "--json", "--runs", str(life.runs), "--interval", "0.1"]
    assert execute(arguments) == 0
    shown = capfd.readouterr()
    told = json.loads(shown.out)
    assert told["state"] == "finished" and told["steps"] == 400
    assert "mlp-digits-0001  goes on from step" in shown.err
    before = life.paths.journal.read_bytes()
    assert execute(arguments) == 2
    assert "has finished" in capfd.readouterr().err
    assert life.paths.journal.read_bytes() == before


@pytest.mark.slow
def test_a_worker_that_refuses_leaves_the_run_where_it_is(
    tmp_path: Path, warm: Warm, capfd: pytest.CaptureFixture[str]
) -> None:
    """A new run that is refused goes away; one that is resumed from step 0 does not."""
    life = Life(tmp_path / "runs", warm, "mlp-digits", "train.steps=100000")
    life.begin().reach(20).end("SIGKILL")
    spec = life.paths.spec.read_text()
    life.paths.spec.write_text(spec.replace('device = "auto"', 'device = "cuda:77"'))
    assert "cuda:77" in life.paths.spec.read_text()
    assert execute(["resume", "mlp", "--runs", str(life.runs)]) == 2
    assert "cuda:77" in capfd.readouterr().out
    assert sorted(life.paths.tables.glob("steps.*"))


def test_nobody_of_that_name(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Life(tmp_path, Warm(), "mlp-digits")
    assert execute(["resume", "mlp-digitz-0001", "--runs", str(tmp_path)]) == 2
    assert "mlp-digits-0001" in capfd.readouterr().err
