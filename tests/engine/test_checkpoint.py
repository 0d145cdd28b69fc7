"""Checkpoints are whole or not there, and a damaged one says so."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.engine.recorder import trained
from tuiwb.base.errors import UserError
from tuiwb.engine.checkpoint import load


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
