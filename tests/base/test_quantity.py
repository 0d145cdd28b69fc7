"""Times and sizes as they are typed."""

from __future__ import annotations

import pytest

from tuiwb.base.errors import UserError
from tuiwb.base.quantity import bytes_of, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30d", 30 * 86_400), ("12h", 43_200), ("90min", 5400), ("1.5h", 5400), ("2w", 1_209_600),
     (" 5 s ", 5), ("0d", 0)],
)  # fmt: skip
def test_times(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2e9), ("1.5gb", 1.5e9), ("500 MB", 5e8), ("10kB", 1e4), ("3G", 3e9), ("7B", 7)],
)
def test_sizes(text: str, size: float) -> None:
    assert bytes_of(text) == size


@pytest.mark.parametrize(
    "text", ["", "d", "30", "-3d", "3x", "5m", "1e9d", "inf d", "nan", "3d3d", "9" * 13 + "d", "٣d"]
)
def test_nonsense_is_no_time(text: str) -> None:
    with pytest.raises(UserError, match="cannot read") as refused:
        seconds_of(text, "--older-than")
    assert "30d" in refused.value.allowed and refused.value.where == "--older-than"


@pytest.mark.parametrize("text", ["", "GB", "2", "-2GB", "2XB", "2 d", "1\x1bGB"])
def test_nonsense_is_no_size(text: str) -> None:
    with pytest.raises(UserError, match="cannot read") as refused:
        bytes_of(text)
    assert "2GB" in refused.value.allowed and "\x1b" not in str(refused.value)
