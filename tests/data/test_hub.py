"""Data sets of the hub, from small copies of the same layout; and without extra or network."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from tests.contracts import hub_copies
from tests.contracts.making import knobs, module
from tuiwb.base.errors import UserError
from tuiwb.data.dataset import Dataset
from tuiwb.data.hub import Place, fetched, labels_of


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hub_copies.install()
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def _load(name: str, folder: Path, **values: Any) -> Dataset:
    loaded = module("data", name).load(knobs("data", name, path=str(folder), **values))
    assert isinstance(loaded, Dataset)
    return loaded


def _bytes(part: torch.Tensor) -> set[bytes]:
    return {picture.to(torch.uint8).numpy().tobytes() for picture in part}


def test_mnist_s_layout(tmp_path: Path) -> None:
    made = hub_copies.pictures(tmp_path, "train", 60)
    data = _load("hub-images", tmp_path, scaling="none")
    assert data.signature.shape == (1, 28, 28) and data.classes == ("0", "1")
    assert _bytes(data.train.inputs) | _bytes(data.val.inputs) == {p.tobytes() for p in made}
    assert len(data.val) == 15


def test_cifar_s_layout_and_its_test_part(tmp_path: Path) -> None:
    hub_copies.pictures(tmp_path, "train", 40, 32, 3)
    tests = hub_copies.pictures(tmp_path, "test", 20, 32, 3)
    data = _load("hub-images", tmp_path, dataset="cifar10", held_out="test", scaling="none")
    assert data.signature.shape == (3, 32, 32)
    assert len(data.train) == 40 and len(data.val) == 20
    assert _bytes(data.val.inputs) == {p.tobytes() for p in tests}
    scaled = _load("hub-images", tmp_path, dataset="cifar10", held_out="test")
    assert abs(float(scaled.train.inputs.mean())) < 1e-3
    assert float(scaled.train.inputs.std()) == pytest.approx(1, abs=1e-3)


def test_an_even_draw(tmp_path: Path) -> None:
    hub_copies.pictures(tmp_path, "train", 60)
    data = _load("hub-images", tmp_path, samples=20)
    assert len(data.train) + len(data.val) == 20
    assert data.notes == ("20 of 60 samples kept, drawn evenly by data.split_seed",)


def test_speech_commands_layout(tmp_path: Path) -> None:
    hub_copies.clips(tmp_path, 24)
    data = _load("hub-speech", tmp_path, rate=8000)
    assert data.signature.kind == "wave" and data.signature.shape == (1, 8000)
    assert data.classes == ("3", "4") and len(data.train) + len(data.val) == 24
    assert float(data.train.inputs[:, :, 4100:].abs().max()) == 0, "half a second of silence"
    assert 0.5 < float(data.train.inputs.abs().max()) < 0.7


def test_wikitext_s_layout(tmp_path: Path) -> None:
    text = hub_copies.lines(tmp_path, 50)
    data = _load("hub-text", tmp_path, dataset="wikitext", context=8)
    tokens = data.train.inputs.tolist() + data.val.inputs.tolist()
    assert "".join(data.vocabulary[i] for i in tokens) == text
    few = _load("hub-text", tmp_path, dataset="wikitext", tokens="words", words=5, context=8)
    assert few.vocabulary[-1] == "<rare>" and len(few.vocabulary) == 5
    assert f"wikitext: {len(text)} characters of 50 rows" in few.notes
    assert len(_load("hub-text", tmp_path, limit=100, context=8).train) == 90


def test_names_of_classes_are_those_of_the_data_set() -> None:
    rows = hub_copies.Rows([{"label": i % 2 + 1} for i in range(8)], ["cat", "dog", "emu"])
    labels, names = labels_of(rows, "here")
    assert names == ("dog", "emu") and labels.tolist() == [0, 1] * 4


def _refused(*args: Any, **values: Any) -> str:
    with pytest.raises(UserError) as caught:
        _load(*args, **values)
    return str(caught.value)


@pytest.mark.parametrize("name", ["hub-images", "hub-speech", "hub-text"])
def test_without_the_extra(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    said = _refused(name, tmp_path)
    assert "the package datasets, which is not installed" in said
    assert "pip install 'tuiwb[hub]'" in said


def test_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    offline = ModuleType("datasets")
    offline.load_dataset = hub_copies.load_dataset  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", offline)
    with pytest.raises(UserError) as caught:
        module("data", "hub-images").load(knobs("data", "hub-images"))
    said = str(caught.value)
    assert "'mnist' could not be fetched from the Hugging Face hub" in said
    assert "ylecun/mnist" in said and "ConnectionError: Couldn't reach 'ylecun/mnist'" in said
    assert "check the network" in said and "data.path" in said and "\nmore" not in said


def test_a_folder_without_a_copy(tmp_path: Path) -> None:
    said = _refused("hub-images", tmp_path)
    assert "no parquet files" in said and "train-00000-of-00001.parquet" in said
    assert "there is no folder" in _refused("hub-images", tmp_path / "nowhere")


def test_a_copy_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "train.parquet").write_bytes(b"not parquet")
    assert "the copy of mnist cannot be read" in _refused("hub-images", tmp_path)


def test_a_copy_of_something_else(tmp_path: Path) -> None:
    hub_copies.lines(tmp_path, 30)
    said = _refused("hub-images", tmp_path)
    assert "has no column 'label'" in said and "text" in said


def test_one_class_only(tmp_path: Path) -> None:
    rows = [{"text": "a", "label": 1}] * 30
    hub_copies.write(tmp_path / "train.parquet", rows)
    assert "too few samples of a class" in _refused("hub-images", tmp_path)
    assert isinstance(
        fetched("x", Place("x"), "train", str(tmp_path))["label"][0], int | np.integer
    )
