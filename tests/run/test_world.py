"""By how many processes a run is trained: kept and changed, and refused where others have a say."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.base.errors import UserError
from tuiwb.run.create import create
from tuiwb.run.layout import RunPaths
from tuiwb.run.meta import read_meta
from tuiwb.run.world import World, keep_processes, world_of
from tuiwb.spec import resolve


def run(runs: Path, world: World | None = None) -> RunPaths:
    return RunPaths(create(runs, resolve("mlp-digits"), world=world))


@pytest.mark.parametrize("before", [None, World(2)])
def test_the_number_changes_and_nothing_else_does(tmp_path: Path, before: World | None) -> None:
    paths = run(tmp_path, before)
    told = read_meta(paths)[0]
    told.pop("ranks", None)
    for count in (4, 2, 1, 1, 3):
        keep_processes(paths, count)
        meta, wrong = read_meta(paths)
        assert not wrong and world_of(meta) == (World(count) if count > 1 else None)
        assert {key: value for key, value in meta.items() if key != "ranks"} == told
        assert list(meta)[: len(told)] == list(told)
    assert not list(paths.root.glob(".meta*"))


def test_the_same_number_writes_nothing(tmp_path: Path) -> None:
    paths = run(tmp_path, World(2))
    before = os.stat(paths.meta)
    keep_processes(paths, 2)
    after = os.stat(paths.meta)
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_several_machines_keep_theirs(tmp_path: Path) -> None:
    paths = run(tmp_path, World(2, 1, 4, "node1:29500"))
    before = paths.meta.read_bytes()
    with pytest.raises(UserError, match="trained by several machines") as caught:
        keep_processes(paths, 8)
    assert caught.value.found == "2 on each of up to 4 machines"
    assert f"tuiwb fork {paths.id} --nproc 8" in caught.value.next
    assert paths.meta.read_bytes() == before


def test_a_file_that_takes_no_change_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = run(tmp_path)
    before = paths.meta.read_bytes()

    def full(*paths: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(UserError, match="1 of 2 processes") as told:
        patch.setattr(os, "replace", full)
        keep_processes(paths, 2)
    assert told.value.found == "No space left on device" and told.value.where == str(paths.meta)
    assert paths.meta.read_bytes() == before and not list(paths.root.glob(".meta*"))
    paths.meta.write_text("[1]")
    with pytest.raises(UserError, match="1 of 2 processes") as told:
        keep_processes(paths, 2)
    assert "not a JSON object" in told.value.found and paths.meta.read_text() == "[1]"


@given(st.integers(1, 64), st.integers(1, 9), st.integers(0, 9))
def test_a_world_is_read_as_it_was_kept(processes: int, least: int, more: int) -> None:
    world = World(processes, least, least + more, "node1:29500")
    assert world_of({"ranks": json.loads(json.dumps(world.as_dict()))}) == world
