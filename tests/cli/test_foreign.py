"""`tuiwb doctor FOLDER` on what TensorBoard's writers left: planted faults are found."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ROOT, Tuiwb
from tests.interop.folders import descent, histograms, plateau, scalars


def diagnosed(command: Tuiwb, folder: Path) -> dict[str, dict[str, Any]]:
    done = command("doctor", folder, "--json")
    assert done.returncode == 0, done.stderr
    assert "a copy of" in done.stderr
    return {found["symptom"]: found for found in json.loads(done.stdout)["findings"]}


@pytest.mark.slow
def test_a_healthy_log_is_healthy(command: Tuiwb, tmp_path: Path) -> None:
    folder = scalars(tmp_path / "log", {"train/loss": descent}, range(400))
    histograms(folder, 8, 0.8, range(0, 400, 20), "gradients/{layer}.{parameter}")
    assert diagnosed(command, folder) == {}
    done = command("doctor", folder)
    assert "healthy, nothing found" in done.stdout
    assert "loss: train/loss" in done.stderr and "8 layers" in done.stderr


def test_a_planted_divergence_is_found(command: Tuiwb, tmp_path: Path) -> None:
    def loss(step: int) -> float:
        return descent(step) * (1.01 ** max(step - 250, 0))

    found = diagnosed(command, scalars(tmp_path / "log", {"Loss/train": loss}, range(500)))
    assert 250 <= found["divergence"]["step"] <= 450


def test_a_planted_nan_is_found_where_it_is(command: Tuiwb, tmp_path: Path) -> None:
    def loss(step: int) -> float:
        return math.nan if step >= 123 else descent(step)

    found = diagnosed(command, scalars(tmp_path / "log", {"loss": loss, "lr": abs}, range(200)))
    assert found["non-finite"]["step"] == 123


@pytest.mark.parametrize("tag", ["{layer}.{parameter}.grad", "grads/{layer}/{parameter}"])
def test_a_gradient_that_vanishes_is_found(command: Tuiwb, tmp_path: Path, tag: str) -> None:
    folder = scalars(tmp_path / "log", {"loss": plateau}, range(400))
    histograms(folder, 10, 0.1, range(0, 400, 50), tag)
    found = diagnosed(command, folder)
    assert found["vanishing-gradient"]["evidence"]["layers"][0] == "net.0"


def test_the_same_fall_in_a_run_that_learns_is_no_finding(command: Tuiwb, tmp_path: Path) -> None:
    folder = scalars(tmp_path / "log", {"loss": descent}, range(400))
    histograms(folder, 10, 0.1, range(0, 400, 50), "grads/{layer}/{parameter}")
    assert diagnosed(command, folder) == {}


def test_a_folder_beside_is_named_without_a_slash(
    command: Tuiwb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scalars(tmp_path / "log", {"loss": descent}, range(200))
    monkeypatch.chdir(tmp_path)
    done = command("doctor", "log")
    assert done.returncode == 0 and done.stdout.startswith("log: healthy")


def test_nothing_is_left_behind_and_nothing_touched(
    command: Tuiwb, tmp_path: Path, own_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = scalars(tmp_path / "log", {"loss": descent}, range(20))
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    before = {path: path.read_bytes() for path in folder.iterdir()}
    command("doctor", folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert not list((tmp_path / "scratch").iterdir()) and not (own_world / "runs").exists()


def test_attach_opens_a_copy_and_says_so(
    command: Tuiwb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = scalars(tmp_path / "log", {"loss": descent}, range(20))
    seen: list[Path] = []

    def screen(runs: Path, run: Path, glyphs: str | None) -> int:
        assert run.parent == runs and (run / "tables").is_dir()
        seen.append(run)
        return 0

    monkeypatch.setattr("tuiwb.cli.screen.open_workbench", screen)
    done = command("attach", folder)
    assert done.returncode == 0 and "as of now" in done.stderr
    assert len(seen) == 1 and not seen[0].exists()


def test_a_folder_of_neither_kind(command: Tuiwb, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("a")
    done = command("doctor", tmp_path / "notes")
    assert done.returncode == 2
    assert "neither a run nor a TensorBoard folder" in done.stderr


def test_a_log_is_read_without_torch_and_tensorflow(tmp_path: Path) -> None:
    folder = scalars(tmp_path / "log", {"loss": descent}, range(100))
    code = (
        "import sys\nfrom tuiwb.cli.main import execute\n"
        f"code = execute(['doctor', {str(folder)!r}])\n"
        "print(code, {'torch', 'tensorflow', 'textual'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "0 set()", done.stderr
