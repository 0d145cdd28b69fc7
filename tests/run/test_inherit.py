"""What a fork has from its parent: all up to the step, nothing past it, the parent untouched."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.run.conftest import step_rows
from tuiwb.run import checkpoints, inherit
from tuiwb.run.create import create
from tuiwb.run.journal import Journal, events
from tuiwb.run.layout import RunPaths
from tuiwb.run.reader import RunReader
from tuiwb.run.schema import dtype_evals, dtype_steps
from tuiwb.run.table import TableWriter
from tuiwb.spec import resolve


def checkpoint(paths: RunPaths, step: int, content: bytes = b"weights") -> None:
    folder = paths.checkpoint(step)
    folder.mkdir(parents=True)
    (folder / "state.pt").write_bytes(content)
    (folder / "sha256").write_text(hashlib.sha256(content).hexdigest() + "\n")


def child_of(paths: RunPaths, step: int) -> RunPaths:
    def fill(child: RunPaths) -> None:
        with RunReader(paths.root) as reader:
            inherit.inherit(paths, reader.poll(None).tables, child, step)

    return RunPaths(create(paths.root.parent, resolve("mlp-digits"), fill=fill))


def rows(paths: RunPaths, table: str = "steps") -> np.ndarray:
    with RunReader(paths.root) as reader:
        view = reader.poll(None).table(table)
        return view.tail(view.rows)


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("piece", [1, 1000, 1 << 23])
def test_rows_up_to_the_step_are_the_parents(
    paths: RunPaths, write_steps: Callable[..., None], monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(inherit, "_CHUNK", piece)
    write_steps(1, 301)
    checkpoint(paths, 200)
    before = snapshot(paths.root)
    child = child_of(paths, 200)
    assert np.array_equal(rows(child), rows(paths)[:200])
    assert [path.name for path in child.tables.iterdir()] == ["steps.0000.npy"]
    assert checkpoints.steps(child) == [200] and checkpoints.is_whole(child.checkpoint(200))
    assert snapshot(paths.root) == before


def test_rows_that_a_resume_took_back_stay_behind(
    paths: RunPaths, write_steps: Callable[..., None]
) -> None:
    write_steps(1, 101)
    write_steps(61, 151, time=1000.0)
    checkpoint(paths, 120)
    got = rows(child_of(paths, 120))
    assert got["step"].tolist() == list(range(1, 121))
    assert np.array_equal(got["time"], np.r_[np.arange(1.0, 61), 1000 + np.arange(61.0, 121)])


def test_a_change_of_columns_is_a_segment_of_its_own(paths: RunPaths) -> None:
    for name, first in (("val_loss", 10), ("test_loss", 20)):
        dtype = dtype_evals([name])
        with TableWriter(paths.tables, "evals", dtype) as writer:
            writer.append(np.array([(first, 0.0, 0.5), (first + 5, 0.0, 0.25)], dtype))
    checkpoint(paths, 20)
    child = child_of(paths, 20)
    assert rows(child, "evals")["step"].tolist() == [10, 15, 20]
    assert {"val_loss", "test_loss"} <= set(RunReader(child.root).poll(None).table("evals").columns)


def test_the_journal_tells_what_was_told_of_the_steps_before(paths: RunPaths) -> None:
    lr = {"optim.lr": 0.1}
    with Journal(paths.journal) as journal:
        journal.write("state", state="training")
        journal.write("evaluation", 10, metrics={"val_loss": 1.0})
        journal.write("command", 12, command="set", args=lr, accepted=True)
        journal.write("command", 13, command="set", args=lr, accepted=False, reason="no")
        journal.write("evaluation", 20, metrics={"val_loss": 0.9})
        journal.write("command", 25, command="set", args=lr, accepted=True)
        journal.write("resumed", 15, from_step=15)
        journal.write("evaluation", 20, metrics={"val_loss": 0.5})
        journal.write("finding", 20, symptom="dead-units")
        journal.write("evaluation", 30, metrics={"val_loss": 0.4})
    checkpoint(paths, 20)
    told = list(events(child_of(paths, 20).journal))
    assert [(e["kind"], e["step"]) for e in told] == [
        ("evaluation", 10),
        ("command", 12),
        ("evaluation", 20),
    ]
    assert told[-1]["metrics"] == {"val_loss": 0.5}
    assert all(event["inherited"] is True for event in told)


def test_pictures_come_along_and_cost_no_room(paths: RunPaths) -> None:
    (paths.pictures / "00000010-filters.npz").write_bytes(b"a picture")
    outside = paths.root.parent / "secret"
    outside.write_text("not the run's")
    (paths.pictures / "00000010-link.npz").symlink_to(outside)
    with Journal(paths.journal) as journal:
        for path in ("00000010-filters.npz", "00000010-link.npz", "../../secret", "gone.npz"):
            journal.write("picture", 10, name="filters", path=f"pictures/{path}")
    checkpoint(paths, 20)
    child = child_of(paths, 20)
    (kept,) = child.pictures.iterdir()
    assert os.path.samefile(kept, paths.pictures / kept.name)
    assert [event["path"] for event in events(child.journal)] == ["pictures/00000010-filters.npz"]


def test_a_checkpoint_is_copied_where_it_cannot_be_linked(
    paths: RunPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    checkpoint(paths, 20, b"w" * 10_000_000)
    child = child_of(paths, 20)
    assert checkpoints.is_whole(child.checkpoint(20))
    assert not os.path.samefile(
        child.checkpoint(20) / "state.pt", paths.checkpoint(20) / "state.pt"
    )


def test_a_link_in_the_place_of_a_checkpoint_is_not_followed(paths: RunPaths) -> None:
    secret = paths.root.parent / "secret"
    secret.write_text("not the run's")
    checkpoint(paths, 20)
    (paths.checkpoint(20) / "state.pt").unlink()
    (paths.checkpoint(20) / "state.pt").symlink_to(secret)
    with pytest.raises(OSError):
        checkpoints.take_over(paths.checkpoint(20), paths.checkpoint(21))
    assert not checkpoints.is_whole(paths.checkpoint(20))


def test_a_damaged_checkpoint_is_not_whole(paths: RunPaths) -> None:
    checkpoint(paths, 20)
    assert checkpoints.is_whole(paths.checkpoint(20))
    (paths.checkpoint(20) / "state.pt").write_bytes(b"wEights")
    assert not checkpoints.is_whole(paths.checkpoint(20))
    assert not checkpoints.is_whole(paths.checkpoint(30))


def test_a_parent_that_goes_on_training_gives_what_it_had(
    paths: RunPaths, write_steps: Callable[..., None]
) -> None:
    checkpoint(paths, 40)
    with TableWriter(paths.tables, "steps", dtype_steps()) as table:
        table.append(step_rows(1, 61))
        child = child_of(paths, 40)
        table.append(step_rows(61, 101))
    assert rows(child)["step"].tolist() == list(range(1, 41))
    assert rows(paths)["step"].tolist() == list(range(1, 101))
