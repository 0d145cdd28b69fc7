"""Checkpoints are whole or not there, and a damaged one says so."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.engine.recorder import trained
from tuiwb.base.errors import UserError
from tuiwb.engine.checkpoint import KEEP, Checkpoints, load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    trained(tmp_path, "logreg-cancer", "train.steps=5", "train.eval_every=0")
    return tmp_path / "checkpoints"


def test_one_flipped_byte_is_found(folder: Path) -> None:
    file = folder / "00000005" / "state.pt"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        load(folder / "00000005")


def test_a_missing_one_is_a_clear_error(folder: Path) -> None:
    with pytest.raises(UserError, match="cannot read a checkpoint"):
        load(folder / "00000009")


def test_a_checkpoint_executes_nothing(folder: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (print, ("executed",))

    import hashlib

    target = folder / "00000005"
    torch.save({"model": Evil()}, target / "state.pt")
    digest = hashlib.sha256((target / "state.pt").read_bytes()).hexdigest()
    (target / "sha256").write_text(digest)
    with pytest.raises(UserError, match=r"(?s)damaged.*Weights only"):
        load(target)


def test_old_ones_go_but_the_first_the_best_and_the_newest_stay(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "kept")
    for step in range(1, 11):
        checkpoints.save(step, dict, "test", best=step == 4)
        checkpoints.wait()
    kept = sorted(int(p.name) for p in (tmp_path / "kept").iterdir())
    assert kept == sorted({1, 4, *range(11 - KEEP, 11)})


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    checkpoints = Checkpoints(tmp_path / "kept")
    checkpoints.save(1, dict, "test")
    checkpoints.wait()
    (written,) = checkpoints.finished()
    assert written.error is not None and written.error.errno == 28
    assert list((tmp_path / "kept").iterdir()) == []
