"""Links in a run directory lead nowhere: what they lead to is neither read nor written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from tests.cli.recorded import record
from tuiwb.base.errors import UserError
from tuiwb.base.plain import create_private, open_plain, size_on_disk
from tuiwb.client.process import start_worker
from tuiwb.run import checkpoints, inbox, pictures
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.links import refuse_links
from tuiwb.run.lock import WorkerLock
from tuiwb.run.reader import RunReader
from tuiwb.run.summary import summarise
from tuiwb.run.table import TableWriter

SECRET = "secret words of the machine"
FILES = ("spec.toml", "meta.json", "journal.jsonl", "worker.lock", "worker.log")
FOLDERS = ("tables", "pictures", "checkpoints", "inbox")


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    paths = RunPaths(record(tmp_path / "runs"))
    pictures.write(paths.pictures, 5, "text", "text", {"text": SECRET})
    paths.checkpoint(5).mkdir()
    (paths.inbox / "00000000000000000001-0123456789ab.json").write_text("{}")
    return paths


def lead_out(part: Path, outside: Path) -> Path:
    """Move a part of a run out of it and leave a link; where it is now."""
    part.rename(outside)
    part.symlink_to(outside)
    return outside


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Each file in a folder: its mode and its bytes."""
    files = [folder] if folder.is_file() else [f for f in folder.rglob("*") if f.is_file()]
    return {str(f): (f.stat().st_mode, f.read_bytes()) for f in files}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_a_link_is_not_read(name: str, paths: RunPaths, tmp_path: Path) -> None:
    outside = lead_out(paths.root / name, tmp_path / "outside")
    outside.write_text(f'{{"preset": "{SECRET}", "kind": "note", "text": "{SECRET}"}}\n{SECRET}\n')
    with RunReader(paths.root) as reader:
        view = reader.poll(None)
    assert SECRET not in repr((view, view.meta, view.events, view.status, view.problems))
    assert SECRET not in repr(summarise(paths.root))


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_that_is_a_link_is_not_looked_into(
    name: str, paths: RunPaths, tmp_path: Path
) -> None:
    outside = lead_out(paths.root / name, tmp_path / "outside")
    before = everything(outside)
    with RunReader(paths.root) as reader:
        view = reader.poll(None)
    if name == "tables":
        assert dict(view.tables) == {}
    assert name != "pictures" or pictures.latest(paths.pictures) == {}
    assert name != "pictures" or pictures.steps(paths.pictures, "text") == []
    assert name != "checkpoints" or checkpoints.steps(paths) == []
    if name == "inbox":
        assert inbox.take(paths) == []
        with pytest.raises(UserError, match="link"):
            inbox.post(paths, "stop")
    assert everything(outside) == before


@pytest.mark.parametrize("name", (*FILES, *FOLDERS, ".ballast"))
def test_no_worker_is_started_where_it_would_write_elsewhere(
    name: str, paths: RunPaths, tmp_path: Path
) -> None:
    part = paths.root / name
    if not part.exists():
        part.touch()
    outside = lead_out(part, tmp_path / "outside")
    before = everything(outside)
    for start in (refuse_links, lambda p: start_worker(p.root, ["false"])):
        with pytest.raises(UserError, match="is a link") as caught:
            start(paths)
        assert str(outside) in caught.value.found
    assert everything(outside) == before


def test_a_link_that_leads_nowhere_is_one_too(paths: RunPaths) -> None:
    paths.log.unlink()
    paths.log.symlink_to("/nowhere/at/all")
    with pytest.raises(UserError, match=r"worker\.log of this run is a link"):
        refuse_links(paths)


def test_files_in_its_folders_are_no_links_either(paths: RunPaths, tmp_path: Path) -> None:
    for part in [*paths.tables.iterdir(), *paths.pictures.iterdir()]:
        lead_out(part, tmp_path / f"out-{part.name}")
    with RunReader(paths.root) as reader:
        view = reader.poll(None)
    assert not any(table.rows for table in view.tables.values()) and view.problems
    for path in pictures.latest(paths.pictures).values():
        assert pictures.read(path) is None


def test_writers_follow_none(paths: RunPaths, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text(SECRET)
    for part in (paths.journal, paths.lock):
        part.unlink()
        part.symlink_to(outside)
    with pytest.raises(OSError, match="symbolic link"):
        Journal(paths.journal)
    with pytest.raises(UserError, match="cannot lock"):
        WorkerLock(paths.lock).acquire()
    (paths.pictures / ".00000009-text.npz.partial").symlink_to(outside)
    pictures.write(paths.pictures, 9, "text", "text", {"text": "x"})
    assert outside.read_text() == SECRET


def test_what_is_no_plain_file_does_not_stop_the_reader(paths: RunPaths) -> None:
    for part in (paths.spec, paths.journal, paths.log, paths.meta):
        part.unlink()
        os.mkfifo(part)
    with RunReader(paths.root) as reader:
        assert reader.poll(None).events == ()
    with pytest.raises(OSError, match="plain file"):
        open_plain(paths.spec)


def test_a_private_file_takes_the_place_of_a_link(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text(SECRET)
    (tmp_path / "mine").symlink_to(tmp_path / "theirs")
    before = os.umask(0)
    try:
        os.close(create_private(tmp_path / "mine"))
    finally:
        os.umask(before)
    assert (tmp_path / "theirs").read_text() == SECRET
    assert stat.S_IMODE((tmp_path / "mine").lstat().st_mode) == 0o600


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777 & ~0o700])
def test_a_run_is_its_owners_alone_whatever_the_umask(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        paths = RunPaths(record(tmp_path / "runs"))
        pictures.write(paths.pictures, 5, "text", "text", {"text": "x"})
        inbox.post(paths, "stop")
        with TableWriter(paths.tables, "more", [("step", "<i8")]) as writer:
            writer.append(np.zeros(1, [("step", "<i8")]))
    finally:
        os.umask(before)
    for path in (paths.root, *paths.root.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_a_file_of_holes_is_worth_what_it_could_hold(tmp_path: Path) -> None:
    full, holes = tmp_path / "full", tmp_path / "holes"
    full.write_bytes(os.urandom(1 << 20))
    holes.write_bytes(b"x" * 4096)
    os.truncate(holes, 1 << 42)
    assert size_on_disk(full.stat()) == 1 << 20
    assert size_on_disk(holes.stat()) <= 1 << 26


def test_a_journal_of_holes_is_read_in_no_time(paths: RunPaths) -> None:
    os.truncate(paths.journal, 1 << 42)
    with RunReader(paths.root) as reader:
        assert reader.poll(None).status.state == "finished"
