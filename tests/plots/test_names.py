"""Names in little room: they fit, and go on telling layers apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tuiwb.plots.names import middle, short_names

paths = st.lists(st.text("ab.0é", min_size=1, max_size=14), min_size=1, max_size=12, unique=True)


@given(paths, st.integers(1, 20))
def test_names_fit(names: list[str], room: int) -> None:
    short = short_names(names, room)
    assert len(short) == len(names)
    assert all(len(text) <= room for text in short)


def test_what_all_have_in_common_is_left_out() -> None:
    names = [f"model.encoder.layer{i}.attention" for i in range(3)]
    assert short_names(names, 17) == tuple(f"layer{i}.attention" for i in range(3))
    assert short_names(names, 40) == tuple(names)
    assert short_names(["model.encoder.out"], 9) == ("m.e.out",)


def test_layers_that_would_look_alike_are_numbered() -> None:
    names = [f"a.verylongname{letter}ofalayer" for letter in "xyz"]
    assert len(set(short_names(names, 8))) == 3


def test_both_ends_are_seen() -> None:
    assert middle("convolution", 7) == "con…ion"
    assert middle("convolution", 11) == "convolution"
    assert [len(middle("convolution", n)) for n in range(1, 5)] == [1, 2, 3, 4]
