"""A run's folder renamed and deleted: not a live one, not what is no run, never by a link."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.run.test_index import ended
from tuiwb.base.errors import UserError
from tuiwb.run.create import create
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.lineage import tree
from tuiwb.run.listing import list_runs
from tuiwb.run.lock import WorkerLock, holder
from tuiwb.run.place import DYING, remove, remove_checkpoints, rename, sweep
from tuiwb.spec import resolve


@pytest.fixture
def over(tmp_path: Path) -> RunPaths:
    """A run that is over."""
    return ended(tmp_path / "runs", "over", 10.0)


def everything(folder: Path) -> set[str]:
    return {name for name in os.listdir(folder) if name != ".index"}


def test_deleted_is_deleted(over: RunPaths) -> None:
    assert remove(over.root)
    assert everything(over.root.parent) == set()


def test_what_a_link_leads_to_stays(over: RunPaths, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    (over.root / "link").symlink_to(tmp_path / "precious")
    (over.pictures / "link").symlink_to(tmp_path / "precious" / "file")
    remove(over.root)
    assert (tmp_path / "precious" / "file").read_text() == "x"


def test_a_link_to_a_run_is_no_run(over: RunPaths) -> None:
    link = over.root.with_name("link")
    link.symlink_to(over.root)
    for what in (remove, remove_checkpoints, lambda path: rename(path, "new")):
        with pytest.raises(UserError, match="is a link, not a run"):
            what(link)
    assert over.journal.exists() and link.is_symlink()


def test_a_live_run_is_left_alone_and_it_is_said_what_to_do(over: RunPaths) -> None:
    with WorkerLock(over.lock), Journal(over.journal) as journal:
        journal.write("state", 8, state="training")
        for what in (remove, remove_checkpoints, lambda path: rename(path, "new")):
            with pytest.raises(UserError, match="over is live and cannot be") as refused:
                what(over.root)
            assert refused.value.next == "stop it first: tuiwb ctl over stop"
    assert everything(over.root.parent) == {"over"}


def test_a_worker_that_is_just_beginning_holds_it_too(over: RunPaths) -> None:
    with WorkerLock(over.lock), pytest.raises(UserError, match="is live"):
        remove(over.root)
    assert over.journal.exists()


@pytest.mark.parametrize("name", ["photos", "project", "empty", "file"])
def test_what_is_no_run_is_left_alone(tmp_path: Path, name: str) -> None:
    for folder in ("photos", "project", "empty"):
        (tmp_path / folder).mkdir()
    (tmp_path / "photos" / "cat.png").write_text("cat")
    (tmp_path / "project" / "meta.json").write_text('{"name": "mine"}')
    (tmp_path / "project" / "thesis.tex").write_text("years")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError):
        remove(tmp_path / name)
    assert everything(tmp_path) == {"photos", "project", "empty", "file"}
    assert (tmp_path / "project" / "thesis.tex").exists()


def test_what_is_left_of_a_run_can_go(over: RunPaths) -> None:
    over.meta.unlink()
    assert remove(over.root) and not over.root.exists()


def test_deleted_by_somebody_else_meanwhile(over: RunPaths) -> None:
    shutil.rmtree(over.root)
    assert remove(over.root) is False
    assert remove_checkpoints(over.root) is False


def test_half_deleted_it_never_shows_and_the_rest_goes_later(
    over: RunPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = over.root.parent
    monkeypatch.setattr(shutil, "rmtree", lambda *args, **more: None)  # killed before it began
    with pytest.raises(StopIteration):
        remove(over.root)
        raise StopIteration
    assert [name.startswith(DYING) for name in everything(runs)] == [True]
    assert list_runs(runs) == []
    monkeypatch.undo()
    sweep(runs)
    assert everything(runs) == set()


def test_only_the_checkpoints(over: RunPaths) -> None:
    assert remove_checkpoints(over.root) is False, "there are none"
    kept = over.checkpoint(7)
    kept.mkdir()
    (kept / "state.pt").write_bytes(b"x" * 999)
    assert remove_checkpoints(over.root)
    assert os.listdir(over.checkpoints) == [] and over.journal.exists()
    assert not [name for name in os.listdir(over.root) if name.startswith(DYING)]
    assert list_runs(over.root.parent)[0].state == "finished"


def test_renamed(over: RunPaths) -> None:
    before = list_runs(over.root.parent)[0]
    was = holder(over.lock)
    path = rename(over.root, "new-name")
    (after,) = list_runs(path.parent)
    assert (after.id, after.uid, after.state) == ("new-name", before.uid, "finished")
    assert holder(RunPaths(path).lock) == was, "who trained it last is still named"


@pytest.mark.parametrize("name", ["", ".hidden", "-x", "a/b", "..", "x" * 101, "a b", "a\x1b[2J"])
def test_a_name_that_is_none(over: RunPaths, name: str) -> None:
    with pytest.raises(UserError):
        rename(over.root, name)
    assert over.journal.exists()


@pytest.mark.parametrize("kind", ["run", "folder", "file", "link"])
def test_a_name_that_is_taken(over: RunPaths, kind: str) -> None:
    target = over.root.with_name("taken")
    if kind == "run":
        ended(over.root.parent, "taken", 5.0)
    elif kind == "folder":
        target.mkdir()  # an empty one, which the system would replace
    elif kind == "file":
        target.write_text("x")
    else:
        target.symlink_to("nowhere")
    with pytest.raises(UserError, match="there is a run taken already"):
        rename(over.root, "taken")
    assert over.journal.exists() and os.path.lexists(target)


def test_children_find_a_parent_that_was_renamed(over: RunPaths) -> None:
    runs = over.root.parent
    child = create(runs, resolve("mlp-digits"), name="child", parent={"run": "over", "step": 3})
    meta = json.loads(RunPaths(child).meta.read_text())
    assert meta["parent"] == {"run": "over", "step": 3, "uid": list_runs(runs)[-1].uid}
    rename(over.root, "renamed")
    assert [twig.stem + twig.run.id for twig in tree(list_runs(runs))] == ["renamed", "└─child"]


def test_a_folder_that_cannot_be_written(over: RunPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", refuse)
    for what in (remove, lambda path: rename(path, "new")):
        with pytest.raises(UserError, match="Permission denied"):
            what(over.root)
    assert over.journal.exists()


def test_what_cannot_be_deleted_is_said(over: RunPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.unlink

    def stubborn(name: str, *, dir_fd: int | None = None) -> None:
        if name == "journal.jsonl":
            raise PermissionError(13, "Permission denied")
        whole(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", stubborn)
    with pytest.raises(UserError, match="over is deleted but for") as told:
        remove(over.root)
    assert DYING in told.value.where and list_runs(over.root.parent) == []
