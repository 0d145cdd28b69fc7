"""The wheel holds all it needs: installed elsewhere, it runs a preset from another folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: object, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run("-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


def test_it_carries_code_presets_and_styles_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    presets = {f"tuiwb/{p.relative_to(ROOT)}" for p in (ROOT / "presets").rglob("*.toml")}
    assert presets and presets <= names
    code = {str(p.relative_to(ROOT)) for p in (ROOT / "tuiwb").rglob("*.py")}
    assert code | {"tuiwb/tui/tuiwb.tcss"} <= names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"tuiwb"}
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.slow
def test_installed_elsewhere_it_trains(wheel: Path, tmp_path: Path) -> None:
    target, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    run(
        *("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--disable-pip-version-check"),
        *("--root-user-action", "ignore", "--target", target, wheel),
        cwd=elsewhere,
    )
    here = {"PYTHONPATH": str(target)}
    where = run("-c", "import tuiwb; print(tuiwb.__file__)", cwd=elsewhere, **here)
    assert where.startswith(str(target))
    names = [
        p["name"]
        for p in json.loads(run("-m", "tuiwb", "presets", "--json", cwd=elsewhere, **here))
    ]
    shipped = [p for p in (ROOT / "presets").rglob("*.toml") if p.parent.name != "lessons"]
    assert sorted(names) == sorted(p.stem for p in shipped)
    command = ("run", "logreg-cancer", "-s", "train.steps=20", "--device", "cpu", "--json")
    script = target / "bin" / "tuiwb"
    result = json.loads(run(script, *command, "--runs", "mine", cwd=elsewhere, **here))
    assert (result["state"], result["steps"]) == ("finished", 20)
    assert result["metrics"][result["expect"]["metric"]] == result["expect"]["value"]
    assert Path(result["path"]) == elsewhere / "mine" / result["run"]
