"""A folder of pictures of one's own: sizes, modes, and files that are no pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.contracts.making import knobs, module
from tuiwb.base import progress
from tuiwb.base.errors import UserError
from tuiwb.data.dataset import Dataset
from tuiwb.spec import resolve


def _load(folder: Path, **values: Any) -> Dataset:
    values = {"scaling": "none", "size": 8, **values}
    loaded = module("data", "image-folder").load(
        knobs("data", "image-folder", path=str(folder), **values)
    )
    assert isinstance(loaded, Dataset)
    return loaded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten red and ten blue pictures."""
    for name, colour in (("blue", (0, 0, 255)), ("red", (255, 0, 0))):
        (tmp_path / name).mkdir()
        for number in range(10):
            Image.new("RGB", (12 + number, 20), colour).save(tmp_path / name / f"{number}.png")
    return tmp_path


def _pictures(data: Dataset) -> torch.Tensor:
    return torch.cat((data.train.inputs, data.val.inputs))


def test_classes_are_folders_and_pictures_have_one_size(folder: Path) -> None:
    data = _load(folder)
    assert data.classes == ("blue", "red")
    assert data.signature.shape == (3, 8, 8)
    for x, y in zip(data.train.inputs, data.train.targets, strict=True):  # type: ignore[arg-type]
        expected = torch.tensor([0.0, 0.0, 255.0] if y == 0 else [255.0, 0.0, 0.0])
        assert torch.equal(x, expected[:, None, None].expand(3, 8, 8))
    assert data.notes == (f"{folder.name}: 20 pictures in 2 classes", "classes: blue 10, red 10")
    assert _load(folder, channels="grey").signature.shape == (1, 8, 8)
    assert float(_load(folder, scaling="unit").train.inputs.max()) == 1


def test_the_middle_square_is_cut_out(folder: Path) -> None:
    wide = np.zeros((8, 24), np.uint8)
    wide[:, 8:16] = np.arange(64).reshape(8, 8)
    for number in range(10):
        Image.fromarray(wide).save(folder / "red" / f"{number}.png")
    data = _load(folder, channels="grey")
    reds = data.train.inputs[data.train.targets == 1]
    assert torch.equal(reds[0, 0], torch.arange(64.0).view(8, 8))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "CMYK", "I;16", "RGB"])
def test_every_mode_of_a_picture_is_read(folder: Path, mode: str) -> None:
    white = Image.new("L", (9, 9), 255)
    if mode == "I;16":
        made = Image.fromarray(np.full((9, 9), 65535, np.uint16))
    else:
        made = white.convert("RGB").convert(mode)
    name = "white.tif" if mode in ("CMYK", "I;16") else "white.png"
    for file in (folder / "red").iterdir():
        file.unlink()
    for number in range(3):
        made.save(folder / "red" / f"{number}{name}")
    data = _load(folder)
    reds = _pictures(data)[torch.cat((data.train.targets, data.val.targets)) == 1]  # type: ignore[arg-type]
    assert (reds == 255).all() and len(reds) == 3


def test_what_is_transparent_is_white(folder: Path) -> None:
    for number in range(10):
        Image.new("RGBA", (9, 9), (0, 0, 0, 0)).save(folder / "red" / f"{number}.png")
    data = _load(folder)
    assert (data.train.inputs[data.train.targets == 1] == 255).all()


def test_broken_pictures_are_named_skipped_and_counted(folder: Path) -> None:
    (folder / "red" / "3.png").write_bytes(b"not a picture")
    whole = (folder / "blue" / "4.png").read_bytes()
    (folder / "blue" / "4.png").write_bytes(whole[: len(whole) // 2])
    (folder / "blue" / "notes.txt").write_text("passed by")
    (folder / "blue" / ".hidden.png").write_text("passed by")
    data = _load(folder)
    assert len(_pictures(data)) == 18
    assert "2 pictures cannot be read and are left out: blue/4.png, red/3.png" in data.notes
    with pytest.raises(UserError) as caught:
        _load(folder, broken="refuse")
    assert "blue/4.png" in caught.value.what and "OSError" in caught.value.found
    assert "data.broken = skip" in caught.value.next


def test_a_picture_that_promises_too_many_pixels_is_broken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.new("RGB", (10, 11)).save(folder / "red" / "3.png")
    with pytest.raises(UserError, match=r"a file cannot be read: .*"):
        _load(folder, broken="refuse")


def test_of_many_an_even_draw_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    heard: list[str] = []
    with progress.telling(heard.append):
        data = _load(folder, samples=12)
    assert len(_pictures(data)) == 12
    assert "12 of them read, drawn evenly by data.split_seed" in data.notes
    assert "reading pictures: 12 of 12" in heard


def _refused(folder: Path, **values: Any) -> str:
    with pytest.raises(UserError) as caught:
        _load(folder, **values)
    return str(caught.value)


def test_folders_without_two_classes(tmp_path: Path, folder: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    said = _refused(empty)
    assert "fewer than two" in said and "0 folders" in said and "empty/cat/1.png" in said
    (empty / "cat").mkdir()
    (empty / "loose.png").write_bytes(b"")
    said = _refused(empty)
    assert "1 folders, none with pictures, 1 pictures outside" in said
    assert "there is no folder" in _refused(tmp_path / "nowhere")
    assert "is not a folder" in _refused(folder / "red" / "1.png")


def test_parts_are_not_taken_for_classes(tmp_path: Path) -> None:
    for part in ("train", "test"):
        (tmp_path / "set" / part / "cat").mkdir(parents=True)
    said = _refused(tmp_path / "set")
    assert "parts of a data set, not classes" in said and "data.val_share" in said


def test_a_class_of_one_picture(folder: Path) -> None:
    for number in range(9):
        (folder / "red" / f"{number}.png").write_bytes(b"broken")
    said = _refused(folder)
    assert "the class 'red' has 1 pictures" in said and "9 pictures cannot be read" in said


def test_too_many_for_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tuiwb.data import folders

    monkeypatch.setattr(folders, "MOST_BYTES", 2000)
    said = _refused(folder)
    assert "do not fit into memory" in said and "data.samples = 10 reads" in said


def test_without_pillow(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    said = _refused(folder)
    assert "Pillow, which is not installed" in said and "pip install 'tuiwb[images]'" in said


def test_a_path_is_asked_for_before_torch_is_loaded() -> None:
    with pytest.raises(UserError, match=r"needs data\.path"):
        resolve("cnn-digits", ["data.name=image-folder"])
