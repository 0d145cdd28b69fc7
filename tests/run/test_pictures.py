"""Pictures on the disk: what is written is read, and whatever else lies there is no picture."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuiwb.run import pictures

IMAGES = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def stored(folder: Path, step: int = 7, name: str = "first filters") -> Path:
    return pictures.write(folder, step, name, "images", {"images": IMAGES, "names": ["a", "ü"]})


def packed(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return path


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array)
    return file.getvalue()


def header(descr: str, shape: str) -> bytes:
    """An array of which there is only the header."""
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


NAMED = {"_name": npy(np.asarray("x")), "_kind": npy(np.asarray("images"))}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = stored(tmp_path / "pictures")
    assert path.name == "00000007-first-filters.npz"
    assert os.listdir(path.parent) == [path.name], "nothing half-written is left"
    found = pictures.read(path)
    assert found is not None
    assert (found.step, found.name, found.kind) == (7, "first filters", "images")
    assert set(found.arrays) == {"images", "names"}
    assert np.array_equal(found.arrays["images"], IMAGES)
    assert found.arrays["names"].tolist() == ["a", "ü"]


def test_names_cannot_drive_a_terminal_nor_leave_the_folder(tmp_path: Path) -> None:
    path = stored(tmp_path / "pictures", name="../../\x1b[2Jx")
    assert path.parent == tmp_path / "pictures"
    found = pictures.read(path)
    assert found is not None and "\x1b" not in found.name


@pytest.mark.parametrize("length", [0, 1, 30, 200, -40, -1])
def test_a_torn_file_is_no_picture(tmp_path: Path, length: int) -> None:
    path = stored(tmp_path)
    path.write_bytes(path.read_bytes()[:length])
    assert pictures.read(path) is None


@settings(max_examples=60)
@given(st.data())
def test_no_damage_raises(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = stored(tmp_path_factory.mktemp("damaged"))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    pictures.read(path)


def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    path = stored(tmp_path)
    link = tmp_path / "00000008-link.npz"
    link.symlink_to(path)
    pipe = tmp_path / "00000009-pipe.npz"
    os.mkfifo(pipe)
    assert pictures.read(link) is None
    assert pictures.read(pipe) is None, "and nobody waits for a writer"
    assert pictures.read(tmp_path / "00000010-gone.npz") is None


def test_what_unpacks_to_more_than_the_limit_is_not_opened(tmp_path: Path) -> None:
    bomb = npy(np.zeros(pictures.MAX_BYTES + 1, np.uint8))
    path = packed(tmp_path / "00000001-bomb.npz", **NAMED, images=bomb)
    assert path.stat().st_size < 1 << 20
    assert pictures.read(path) is None


@pytest.mark.parametrize(
    ("descr", "shape"),
    [("<f8", "(1000000000000,)"), ("<f8", "(3,)"), ("<U0", "(1000000000,)"), ("<U0", "(9, 9, 9)")],
)
def test_an_array_that_claims_more_than_it_brings_is_not_made(
    tmp_path: Path, descr: str, shape: str
) -> None:
    path = packed(tmp_path / "00000001-claim.npz", **NAMED, images=header(descr, shape))
    assert pictures.read(path) is None


def test_pickles_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "00000001-x.npz", **NAMED, images=header("|O", "(1,)") + b"\x80\x04N.")
    assert pictures.read(path) is None


def test_a_picture_without_a_name_is_none(tmp_path: Path) -> None:
    assert pictures.read(packed(tmp_path / "00000001-x.npz", a=npy(IMAGES))) is None
    assert pictures.read(packed(tmp_path / "odd-x.npz", **NAMED)) is None
    assert pictures.read(packed(tmp_path / "00000001-x.npz", **NAMED)) is not None


def test_the_newest_of_each_name(tmp_path: Path) -> None:
    for step, name in ((90, "b"), (100, "b"), (99_999_999, "a-1"), (123_456_789, "a-1")):
        stored(tmp_path, step, name)
    for odd in ("readme.npz", "12.npz", "²-x.npz", ".00000001-a.npz.partial", "00000500-b.txt"):
        (tmp_path / odd).write_text("")
    newest = pictures.latest(tmp_path)
    assert [(name, path.name) for name, path in newest.items()] == [
        ("a-1", "123456789-a-1.npz"),
        ("b", "00000100-b.npz"),
    ]
    assert pictures.latest(tmp_path / "none") == {}
