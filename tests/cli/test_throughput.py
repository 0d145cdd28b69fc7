"""Presets without a promise, and those that this machine is too small for, are neither met nor
missed, and `verify` says which they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Tuiwb
from tests.cli.recorded import record
from tuiwb.api import open_run
from tuiwb.cli import throughput, verifying
from tuiwb.cli.commands import info
from tuiwb.spec import presets


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the machine has; a test may put a GPU in front."""
    found: list[dict[str, Any]] = [{"device": "cpu"}]
    monkeypatch.setattr(info, "machine", lambda: {"devices": found})
    throughput._a_gpu.cache_clear()
    return found


def test_a_gpu_is_missed_only_where_it_is_needed_and_not_there(
    devices: list[dict[str, Any]],
) -> None:
    assert throughput.missing("", None) == ""
    assert "needs a GPU" in throughput.missing("gpu", None)
    assert "needs a GPU" in throughput.missing("gpu", "cpu")
    assert throughput.missing("gpu", "cuda:1") == "", "the worker says whether that one is there"


def test_with_a_gpu_nothing_is_missing(devices: list[dict[str, Any]]) -> None:
    devices.insert(0, {"device": "cuda:0"})
    assert throughput.missing("gpu", None) == throughput.missing("gpu", "auto") == ""
    assert throughput.missing("gpu", "cpu") != ""


def test_verify_says_what_it_did_not_run(
    command: Tuiwb, devices: list[dict[str, Any]], tmp_path: Path
) -> None:
    done = command("verify", "gpt2-124m", "airbench", "--json", "--runs", tmp_path / "runs")
    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout)
    assert verdict["met"] is True
    assert [(row["preset"], row["state"], row["met"]) for row in verdict["presets"]] == [
        ("gpt2-124m", "not run", None),
        ("airbench", "not run", None),
    ]
    assert "gpt2-124m: not run: it needs a GPU" in done.stderr
    assert not (tmp_path / "runs").exists()
    table = command("verify", "gpt2-124m", "--runs", tmp_path / "runs").stdout
    assert "not run" in table and "yes" not in table


def test_all_of_them_includes_those_without_a_promise(
    devices: list[dict[str, Any]], tmp_path: Path
) -> None:
    needy = {info.name for info in presets() if info.needs}
    assert needy >= {"gpt2-124m", "airbench"}

    def planned(quick: bool) -> dict[str, verifying.Plan]:
        where = verifying.Where(tmp_path, None)
        return {p.name: p for p in verifying.plans([], False, quick, 1, where)}

    every = planned(quick=False)
    assert needy <= set(every)
    assert all(bool(plan.missing) == (name in needy) for name, plan in every.items())
    assert all(bool(plan.starts) != bool(plan.missing) for plan in every.values())
    assert not needy & set(planned(quick=True))


@pytest.mark.parametrize(
    ("state", "met", "words", "cell"),
    [
        ("finished", None, "6.4k samples/s on cpu: throughput only", "throughput only"),
        ("diverged", False, "NOT FINISHED (diverged)", "NO"),
    ],
)
def test_a_run_without_a_promise_shows_its_pace(
    state: str, met: bool | None, words: str, cell: str, tmp_path: Path
) -> None:
    view = open_run(record(tmp_path, state))
    row = throughput.row("it", [view], 5_000_000)
    assert row["met"] is met and row["value"] == pytest.approx(6400) and row["target"] is None
    assert words in verifying.line(row)
    (table,) = verifying.tables([row])
    assert cell in table.splitlines()[-1] and "5 MB" in table
