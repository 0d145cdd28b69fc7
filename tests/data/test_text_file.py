"""A text of one's own: characters and words, and the byte that is not UTF-8."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contracts.making import knobs, module
from tuiwb.base.errors import UserError
from tuiwb.data import text_file
from tuiwb.data.dataset import Dataset

TEXT = "Älteres über Öl.\n" * 40 + "\U0001f600 the end, twice: the end"


def _load(folder: Path, text: str | bytes, **values: Any) -> Dataset:
    path = folder / "own.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    loaded = module("data", "text-file").load(knobs("data", "text-file", path=str(path), **values))
    assert isinstance(loaded, Dataset)
    return loaded


def _text(data: Dataset, between: str = "") -> str:
    tokens = data.train.inputs.tolist() + data.val.inputs.tolist()
    return between.join(data.vocabulary[i] for i in tokens)


@pytest.mark.parametrize("block", [1, 2, 3, 1 << 20])
def test_characters_are_the_text(
    tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a block of the file ends within a character."""
    monkeypatch.setattr(text_file, "_BLOCK", block)
    assert _text(_load(tmp_path, TEXT, context=8)) == TEXT


def test_line_ends_and_a_byte_order_mark_are_made_one(tmp_path: Path) -> None:
    data = _load(tmp_path, "\ufeffa\r\nb\rc\n" * 30, context=4)
    assert _text(data).replace("\ufeff", "") == "a\nb\nc\n" * 30


def test_words(tmp_path: Path) -> None:
    data = _load(tmp_path, "to be, or not to be.\n" * 30 + "rare\n", tokens="words", context=4)
    assert _text(data, " ").startswith("to be , or not to be . \n to be")
    assert data.vocabulary[-1] == "rare" and len(data.vocabulary) == 8
    assert data.vocabulary[:2] == ("be", "to") and data.baselines["bigram"] > 0
    few = _load(tmp_path, "to be, or not to be.\n" * 30, tokens="words", words=3, context=4)
    assert few.vocabulary == ("be", "to", "<rare>")
    assert "150 words are not among the 3 most frequent: <rare>" in few.notes


def test_a_seed_turns_the_text_at_a_line(tmp_path: Path) -> None:
    text = "".join(f"line {i}\n" for i in range(100))
    turned = _text(_load(tmp_path, text, context=8, split_seed=1))
    assert turned != text and sorted(turned.splitlines()) == sorted(text.splitlines())


def test_of_a_long_file_the_beginning_is_read(tmp_path: Path) -> None:
    data = _load(tmp_path, TEXT, limit=100, context=8)
    assert _text(data) == TEXT[:100]
    assert "only the first 100 characters are read (data.limit)" in data.notes
    assert not any("only" in note for note in _load(tmp_path, TEXT, context=8).notes)


WRONG: dict[str, tuple[bytes, dict[str, Any], list[str]]] = {
    "latin-1": (
        b"ab\n\nc\xc3\xa4" * 4 + b"caf\xe9 au lait",
        {},
        ["own.txt is not UTF-8", "byte 31, line 9", "byte 0xe9", "iconv -f latin1"],
    ),
    "cut within a character": (b"abc\xe2\x82", {}, ["byte 3, line 1", "unexpected end"]),
    "UTF-16": ("text".encode("utf-16"), {}, ["byte 0", "UTF-16 text", "iconv -f utf-16"]),
    "empty": (b"", {}, ["holds no text"]),
    "blank": (b" \n \n", {}, ["holds no text"]),
    "shorter than a sample": (b"a short text", {"context": 64}, ["shorter than one sample", "64"]),
}


@pytest.mark.parametrize("block", [2, 1 << 20])
@pytest.mark.parametrize("mistake", WRONG)
def test_what_is_wrong_is_told(
    mistake: str, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_file, "_BLOCK", block)
    text, values, said = WRONG[mistake]
    with pytest.raises(UserError) as caught:
        _load(tmp_path, text, **values)
    for part in said:
        assert part in str(caught.value), str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no file"):
        module("data", "text-file").load(knobs("data", "text-file", path=str(tmp_path / "x.txt")))
