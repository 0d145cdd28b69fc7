"""Errors, numbers, names and text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.base.errors import UserError, WorkerFailed, nearest
from tuiwb.base.format import count, duration, number, percent, si, size
from tuiwb.base.registry import Shelf
from tuiwb.base.text import clean, slug


def test_an_error_reads_as_lines_and_crosses_a_process_whole() -> None:
    error = UserError("x is wrong", where="a.toml", found="3", allowed="4", nearest="b", next="c")
    assert str(error).splitlines() == [
        "x is wrong",
        "  where:    a.toml",
        "  found:    3",
        "  allowed:  4",
        "  nearest:  b",
        "  next:     c",
    ]
    again = UserError.from_dict(error.as_dict())
    assert str(again) == str(error)
    assert UserError.from_dict(WorkerFailed("boom").as_dict()).exit_code == 4


def test_empty_fields_are_not_shown() -> None:
    assert str(UserError("only this")) == "only this"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("adm", "adam"), ("ADAM", "adam"), ("char_rnn", "char-rnn"), ("zzzz", None)],
)
def test_nearest(name: str, expected: str | None) -> None:
    assert nearest(name, ["adam", "sgd", "char-rnn"]) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (1.0, "1"), (0.05, "0.05"), (1234.5, "1234"), (99999.0, "1e5"),
        (1.23456e-7, "1.23e-7"), (float("nan"), "nan"), (float("-inf"), "-inf"), (None, "-"),
        (-2.5, "-2.5"), (123456789.0, "1.23e8"),
    ],
)  # fmt: skip
def test_number(value: float | None, text: str) -> None:
    assert number(value) == text


@given(st.floats(min_value=-1e300, max_value=1e300))
def test_a_number_keeps_its_value_to_three_digits(value: float) -> None:
    assert float(number(value)) == pytest.approx(value, rel=6e-3)
    assert len(number(value)) <= 10


def test_si_and_friends() -> None:
    assert si(1240) == "1.24k"
    assert si(999_999) == "1M"
    assert si(12) == "12"
    assert count(1234567) == "1 234 567"
    assert (duration(31), duration(3723), duration(90061)) == ("0:31", "1:02:03", "1d 1:01:01")
    assert (size(812), size(2_100_000_000), size(999_700)) == ("812 B", "2.1 GB", "1 MB")
    assert percent(0.008) == "0.8 %"


@given(st.text())
def test_clean_text_cannot_drive_a_terminal(text: str) -> None:
    for char in clean(text):
        assert char in "\n\t" or (ord(char) >= 32 and not 0x7F <= ord(char) < 0xA0)


def test_clean_shows_an_escape_and_cuts() -> None:
    assert clean("\x1b[31mred\x07") == "␛[31mred␇"
    assert clean("abcdef", limit=4) == "abc…"


@given(st.text())
def test_a_slug_is_a_safe_folder_name(text: str) -> None:
    name = slug(text)
    assert name not in (".", "..") and "/" not in name and name.isascii() and 0 < len(name) <= 80


def test_a_shelf_lists_components_and_not_helpers() -> None:
    shelf = Shelf("models", "architecture")
    assert "mlp" in shelf.names()
    assert "--init--" not in shelf.names()
    with pytest.raises(UserError) as caught:
        shelf.path("mpl")
    assert caught.value.nearest == "mlp"
