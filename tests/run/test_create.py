"""New run directories: whole or not at all."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from tuiwb.base.errors import UserError
from tuiwb.run import create as create_module
from tuiwb.run.ballast import SIZE, drop, lay
from tuiwb.run.create import create, runs_dir
from tuiwb.run.layout import FORMAT, RunPaths
from tuiwb.run.provenance import git_commit
from tuiwb.spec import from_toml, resolve


def test_a_run_is_whole_and_private(tmp_path: Path) -> None:
    resolved = resolve("mlp-digits", ["optim.lr=0.03"])
    parent = {"run": "other", "step": 5}
    path = create(tmp_path / "a" / "runs", resolved, argv=["tuiwb", "run"], parent=parent)
    assert path.name == "mlp-digits-0001"
    assert path.stat().st_mode & 0o777 == 0o700
    for file in path.rglob("*"):
        assert file.stat().st_mode & 0o077 == 0, file
    paths = RunPaths(path)
    again = from_toml(paths.spec.read_text("utf-8"), "spec.toml")
    assert (again.spec, again.preset) == (resolved.spec, "mlp-digits")
    meta = json.loads(paths.meta.read_text("utf-8"))
    assert meta["format"] == FORMAT and meta["preset"] == "mlp-digits"
    assert meta["argv"] == ["tuiwb", "run"] and meta["parent"] == {"run": "other", "step": 5}
    assert {"python", "torch", "numpy"} <= meta["versions"].keys()
    assert os.listdir(path.parent) == [path.name]


def test_names_count_up_past_gaps_and_other_runs(tmp_path: Path) -> None:
    resolved = resolve("mlp-digits")
    assert create(tmp_path, resolved).name == "mlp-digits-0001"
    (tmp_path / "mlp-digits-0007").mkdir()
    (tmp_path / "mlp-digits-x").mkdir()
    (tmp_path / "mlp-digits-0008").symlink_to("nowhere")
    assert create(tmp_path, resolved).name == "mlp-digits-0009"
    assert create(tmp_path, resolved, name="mine").name == "mine"


def test_a_lost_race_takes_the_next_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = resolve("mlp-digits")
    create(tmp_path, resolved)
    monkeypatch.setattr(create_module, "_next_number", lambda *_: 1)
    assert create(tmp_path, resolved).name == "mlp-digits-0002"


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "-x", ".x", "a b", "é", "x" * 101])
def test_a_bad_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="not a name for a run") as told:
        create(tmp_path / "runs", resolve("mlp-digits"), name=name)
    assert "letters, digits" in str(told.value)
    assert not (tmp_path / "runs").exists()


def test_a_taken_name(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(UserError, match="there is a run mine already"):
        create(tmp_path, resolve("mlp-digits"), name="mine")
    assert os.listdir(tmp_path / "mine") == []


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "runs"):
        with pytest.raises(UserError, match="cannot create a run") as told:
            create(place, resolve("mlp-digits"))
        assert str(place) in str(told.value) and "TUIWB_RUNS" in str(told.value)


def test_a_disk_that_fills_up_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(create_module, "_write", full)
    with pytest.raises(UserError, match="No space left"):
        create(tmp_path, resolve("mlp-digits"))
    assert os.listdir(tmp_path) == []


def test_the_default_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TUIWB_RUNS", str(tmp_path / "here"))
    assert runs_dir() == tmp_path / "here"
    monkeypatch.delenv("TUIWB_RUNS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert runs_dir() == tmp_path / "data" / "tuiwb" / "runs"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")  # which the XDG specification says to ignore
    monkeypatch.setenv("HOME", str(tmp_path))
    assert runs_dir() == tmp_path / ".local" / "share" / "tuiwb" / "runs"


def test_ballast_takes_and_gives_room(paths: RunPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lay(paths) and paths.ballast.stat().st_size == SIZE
    assert drop(paths) and not paths.ballast.exists()
    assert not drop(paths)
    assert lay(RunPaths(paths.root / "missing")) is False

    def full(fd: int, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("tuiwb.run.ballast.write_all", full)
    assert lay(paths) is False and not paths.ballast.exists()


def test_the_commit_is_read_from_the_repository(tmp_path: Path) -> None:
    git, commit = tmp_path / ".git", "a" * 40
    inner = tmp_path / "src" / "deep"
    inner.mkdir(parents=True)
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert git_commit(inner) is None  # no commit yet
    (git / "packed-refs").write_text(f"# pack-refs\n{'b' * 40} refs/heads/main\n")
    assert git_commit(inner) == "b" * 40
    (git / "refs" / "heads" / "main").write_text(commit + "\n")
    assert git_commit(inner) == commit
    (git / "HEAD").write_text("c" * 40 + "\n")
    assert git_commit(inner) == "c" * 40
    worktree = git / "worktrees" / "w"
    worktree.mkdir(parents=True)
    (worktree / "HEAD").write_text("ref: refs/heads/main\n")
    (worktree / "commondir").write_text("../..\n")
    (inner / ".git").write_text(f"gitdir: {worktree}\n")
    assert git_commit(inner) == commit
