"""A process killed at any moment of a write leaves the newest checkpoint whole."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tuiwb.engine import writing
from tuiwb.engine.checkpoint import newest_whole, steps_in
from tuiwb.engine.rolling import Checkpoints

CALLS = ("mkdir", "open", "write", "fsync", "close", "rename", "unlink", "rmdir")
"""What changes a disk, or stands between two changes of it."""


def state(step: int) -> dict[str, Any]:
    return {"step": step, "weights": [torch.full((100,), float(step + n)) for n in range(3)]}


def killed_at(call: int, work: Callable[[], None]) -> bool:
    """Do ``work`` in a process of its own, and kill that at its ``call``-th call; of a write, half
    is done by then. False where it was through before."""
    child = os.fork()
    if child == 0:
        done = 0

        def deadly(name: str) -> Callable[..., Any]:
            real = getattr(os, name)

            def instead(*args: Any, **kwargs: Any) -> Any:
                nonlocal done
                if done == call:
                    if name == "write":
                        real(args[0], args[1][: len(args[1]) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
                done += 1
                return real(*args, **kwargs)

            return instead

        try:
            for name in CALLS:
                setattr(os, name, deadly(name))
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def check_every_moment(folder: Path, work: Callable[[], None], allowed: set[int]) -> int:
    """Kill ``work`` at each of its calls, on a folder that is put back each time; ``allowed`` are
    the steps that may be the newest then, and each of those is whole. Returns how many there were.
    """
    before = {step: (folder / f"{step:08d}" / "state.pt").read_bytes() for step in steps_in(folder)}
    moments = 0
    while killed_at(moments, work):
        moments += 1
        said: list[str] = []
        found = newest_whole(folder, warn=said.append)
        assert found is not None and said == []
        assert found[0] in allowed and found[1]["step"] == found[0]
        assert torch.equal(found[1]["weights"][2], torch.full((100,), float(found[0] + 2)))
        Checkpoints(folder)
        assert all(not path.name.startswith(".") for path in folder.iterdir())
        for step in {*steps_in(folder)} - before.keys():
            writing.discard(folder, step)
        for step in before.keys() - {*steps_in(folder)}:
            writing.write(folder, step, state(step), {})
    return moments


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for step in (1, 2):
        writing.write(tmp_path / "kept", step, state(step), {"reason": "test"})
    return tmp_path / "kept"


@pytest.mark.slow
def test_within_a_write(folder: Path) -> None:
    assert check_every_moment(folder, lambda: _write(folder, 3), {2, 3}) > 20
    assert steps_in(folder) == [1, 2, 3]


@pytest.mark.slow
def test_within_a_write_in_the_place_of_another(folder: Path) -> None:
    assert check_every_moment(folder, lambda: _write(folder, 2), {1, 2}) > 20


def test_within_a_deletion(folder: Path) -> None:
    assert check_every_moment(folder, lambda: writing.discard(folder, 2), {1, 2}) >= 5


def test_within_other_reasons(folder: Path) -> None:
    def pin() -> None:
        writing.write_reasons(folder, 2, {"pinned": ["before a set"]})

    moments = 0
    while killed_at(moments, pin):
        moments += 1
        assert writing.read_reasons(folder, 2) in ({"reason": "test"}, {"pinned": ["before a set"]})
        writing.write_reasons(folder, 2, {"reason": "test"})
    assert moments >= 5 and writing.read_reasons(folder, 2) == {"pinned": ["before a set"]}


def _write(folder: Path, step: int) -> None:
    writing.write(folder, step, state(step), {"reason": "test"})


GARBAGE = (b"", b"{", b"[1]", b"null", b"\xff", b'{"best": 1, "pinned": ""}', b"[" * 70_000)


@pytest.mark.parametrize("written", GARBAGE)
def test_reasons_that_are_garbage_are_none(folder: Path, written: bytes) -> None:
    (folder / "00000002" / writing.REASONS).write_bytes(written)
    checkpoints = Checkpoints(folder, space=0)
    checkpoints.save(3, lambda: state(3), "test")
    checkpoints.wait()
    assert steps_in(folder) == [1, 3]


def test_a_state_that_torch_cannot_write_is_said_and_leaves_nothing(folder: Path) -> None:
    with pytest.raises(OSError, match="torch could not write it"):
        writing.write(folder, 3, {"odd": lambda: None}, {})
    assert sorted(path.name for path in folder.iterdir()) == ["00000001", "00000002"]


def test_nothing_is_written_by_way_of_a_link(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / ".00000003.partial").symlink_to(outside)
    (folder / "00000003").symlink_to(outside)
    _write(folder, 3)
    assert list(outside.iterdir()) == [] and not (folder / "00000003").is_symlink()
    assert steps_in(folder) == [1, 2, 3]


def test_tied_weights_lie_there_once(tmp_path: Path) -> None:
    weights = torch.rand(10_000)
    once = writing.write(tmp_path, 1, {"a": weights}, {})
    assert writing.write(tmp_path, 2, {"a": weights, "b": weights}, {}) < 1.1 * once
