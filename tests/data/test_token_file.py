"""Files of 16-bit tokens: mapped, checked, counted, and the same batches as from memory."""

from __future__ import annotations

from math import isclose, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.contracts.making import knobs, module
from tuiwb.base.errors import UserError
from tuiwb.data.batches import Batches
from tuiwb.data.dataset import Dataset, Part


def _load(path: Path, **values: Any) -> Dataset:
    dataset = module("data", "token-file").load(
        knobs("data", "token-file", path=str(path), **values)
    )
    assert isinstance(dataset, Dataset)
    return dataset


def _tokens(count: int = 5000, top: int = 60_000) -> np.ndarray:
    return np.random.default_rng(0).integers(top, size=count, dtype=np.uint16)


def test_both_kinds_of_file_and_a_header_hold_the_same(tmp_path: Path) -> None:
    tokens = _tokens()
    np.save(tmp_path / "a.npy", tokens)
    tokens.tofile(tmp_path / "b.bin")
    (tmp_path / "c.bin").write_bytes(b"\x01" * 1024 + tokens.tobytes())
    first, *others = (
        _load(tmp_path / name, vocabulary=0, skip=skip)
        for name, skip in (("a.npy", 0), ("b.bin", 0), ("c.bin", 1024))
    )
    for other in others:
        assert other.fingerprint == first.fingerprint
        assert torch.equal(other.train.inputs.long(), first.train.inputs.long())
    assert first.signature.vocabulary == int(tokens.max()) + 1
    assert np.array_equal(first.val.inputs.numpy(), tokens[len(first.train) :])


def test_batches_from_disk_are_those_from_memory(tmp_path: Path) -> None:
    tokens = _tokens()
    tokens.tofile(tmp_path / "t.bin")
    mapped = _load(tmp_path / "t.bin", vocabulary=60_000).train
    assert mapped.inputs.dtype == torch.uint16, "two bytes a token"
    copied = Part(torch.from_numpy(tokens[: len(mapped)].astype(np.int64)), None)
    for step in (0, 300):
        from_disk, from_memory = (Batches(p, 8, 1, 16).at(step) for p in (mapped, copied))
        assert from_disk[0].dtype == torch.int64
        assert torch.equal(from_disk[0], from_memory[0])
        assert torch.equal(from_disk[1], from_memory[1])


def test_the_file_is_never_written_to(tmp_path: Path) -> None:
    path = tmp_path / "t.bin"
    _tokens().tofile(path)
    before = path.read_bytes()
    _load(path, vocabulary=0).train.inputs.zero_()
    assert path.read_bytes() == before


def test_counting_is_a_baseline(tmp_path: Path) -> None:
    np.full(2000, 3, dtype=np.uint16).tofile(tmp_path / "t.bin")
    dataset = _load(tmp_path / "t.bin", vocabulary=7)
    assert dataset.baselines["uniform guess"] == log(7)
    assert isclose(dataset.baselines["unigram"], log((1980 + 7) / (1980 + 1)))


def test_a_limit_reads_the_beginning_alone_and_says_so(tmp_path: Path) -> None:
    tokens = _tokens()
    tokens.tofile(tmp_path / "t.bin")
    dataset = _load(tmp_path / "t.bin", vocabulary=0, limit=1000)
    assert len(dataset.train) + len(dataset.val) == 1000
    assert any("first 1000" in note for note in dataset.notes)
    assert dataset.fingerprint != _load(tmp_path / "t.bin", vocabulary=0).fingerprint


@pytest.mark.parametrize(
    ("name", "content", "values", "where", "words"),
    [
        ("t.bin", b"abc", {}, "data.path", "3 bytes"),
        ("t.bin", b"", {}, "data.path", "0 bytes"),
        ("t.bin", b"ab", {"skip": 1024}, "data.path", "1024 of them skipped"),
        ("t.npy", b"no numpy file", {}, "data.path", ""),
        ("t.bin", _tokens().tobytes(), {"vocabulary": 100}, "data.vocabulary", "token 59"),
        ("t.bin", _tokens(40).tobytes(), {"vocabulary": 0}, "data.context", "40 in the training"),
    ],
)
def test_what_cannot_be_trained_on_is_an_error_of_the_user(
    name: str, content: bytes, values: dict[str, Any], where: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as caught:
        _load(tmp_path / name, **values)
    assert caught.value.where.startswith(where)
    assert words in caught.value.found


def test_an_array_of_other_numbers_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.arange(1000))
    with pytest.raises(UserError) as caught:
        _load(tmp_path / "t.npy")
    assert "int64" in caught.value.found
