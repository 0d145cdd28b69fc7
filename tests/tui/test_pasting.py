"""What is pasted, told from what is typed."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.tui.pasting import AT_ONCE, BEGIN, END, LOST, Pasted, Pastes
from tuiwb.tui.terminal import PASTED


def sorted_out(chunks: Iterable[str], pause: float = 0.01) -> list[str | Pasted]:
    """Everything that comes of ``chunks``, typed text in one piece up to the next paste."""
    pastes, now, found = Pastes(), 10.0, list[str | Pasted]()
    for chunk in chunks:
        now += pause
        for piece in pastes.sort(chunk, now):
            if isinstance(piece, str) and found and isinstance(found[-1], str):
                found[-1] += piece
            else:
                found.append(piece)
    return found


@given(
    st.text("ab\r~[2", max_size=300),
    st.integers(3, len(BEGIN)),
    st.lists(st.integers(1, 40), min_size=1, max_size=40),
)
def test_a_marked_paste_is_one_whatever_pieces_it_comes_in(
    body: str, cut: int, sizes: list[int]
) -> None:
    chunks, rest = [f"j{BEGIN[:cut]}"], f"{BEGIN[cut:]}{body}{END}k"
    while rest:
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(rest[:size])
        rest = rest[size:]
    assert sorted_out(chunks) == ["j", Pasted(body), "k"]


@given(st.lists(st.text("abq\r\t", min_size=1, max_size=AT_ONCE - 1), max_size=20))
def test_what_fingers_type_is_typed(chunks: list[str]) -> None:
    assert "".join(p for p in sorted_out(chunks) if isinstance(p, str)) == "".join(chunks)


def test_keys_with_codes_of_their_own_are_keys_however_many() -> None:
    held = "\x1b[B" * 400  # an arrow that repeats over a line that stood still
    assert sorted_out([held]) == [held] and sorted_out(["\x1b"]) == ["\x1b"]


@pytest.mark.parametrize("size", [200, 1024, 4096])
def test_a_megabyte_without_marks_is_as_much_as_a_field_takes(size: int) -> None:
    text = "qD\r" * 350_000
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    found = sorted_out([*chunks])
    assert all(isinstance(piece, Pasted) for piece in found), "no letter of it is a command"
    assert "".join(p.text for p in found if isinstance(p, Pasted)) == text[:PASTED]
    assert sorted_out([text[:size], "q"], pause=1.0)[-1] == "q", "what is typed later is typed"


def test_a_paste_that_never_ends_does_not_hold_the_keys_for_ever() -> None:
    pastes = Pastes()
    assert pastes.sort(f"{BEGIN}half", 1.0) == []
    assert pastes.sort(" more", 1.0 + LOST / 2) == []
    assert pastes.sort("q", 1.1 + 1.5 * LOST) == [Pasted("half more"), "q"]
