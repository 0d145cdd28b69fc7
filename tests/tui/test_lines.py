"""Lines and what changed between two frames of them; lists and their windows; the pace."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tuiwb.plots.names import short_name
from tuiwb.tui import palette
from tuiwb.tui.follow import SLOWEST, Pace, pace
from tuiwb.tui.widgets.lines import Line, both_ends, changed, fit, in_cells, length, sides, wrap

pieces = st.lists(
    st.tuples(st.text("ab中│\n ", max_size=6), st.sampled_from([palette.DIM, palette.STRONG])),
    max_size=5,
)


def cells(line: Line) -> list[tuple[str, object]]:
    return [(char, style) for text, style in line for char in text for _ in range(cell_len(char))]


@given(pieces, st.integers(0, 20))
def test_fit_never_exceeds_its_width(line: Line, width: int) -> None:
    fitted = fit(line, width)
    assert length(fitted) <= width
    assert all(text and text.isprintable() for text, _ in fitted)


@given(st.text("ab中│é", max_size=12), st.integers(0, 9))
def test_a_cell_is_filled_whatever_is_in_it(text: str, room: int) -> None:
    shown = in_cells(text, room)
    assert cell_len(shown) == room
    assert shown.rstrip() == text.rstrip() or shown.endswith("…") or not room


@given(st.text("ab中│é", max_size=12), st.integers(0, 9))
def test_both_ends_of_a_name_are_seen(text: str, room: int) -> None:
    shown = both_ends(text, room)
    assert cell_len(shown) == room
    head, cut, tail = shown.rstrip().partition("…")
    assert text.startswith(head.rstrip()) and (not cut or text.endswith(tail))


def test_runs_of_a_sweep_can_be_told_apart() -> None:
    names = [f"mlp-digits-sweep-5-{number:04}" for number in (1, 2, 12)]
    assert [both_ends(name, 16) for name in names] == [
        "mlp-digi…-5-0001",
        "mlp-digi…-5-0002",
        "mlp-digi…-5-0012",
    ]


@given(st.lists(pieces, max_size=4), st.lists(pieces, max_size=4))
def test_outside_the_changed_spans_nothing_differs(before: list[Line], after: list[Line]) -> None:
    before, after = [fit(line, 40) for line in before], [fit(line, 40) for line in after]
    spans = changed(before, after)
    for y in range(min(len(before), len(after))):
        old, new = cells(before[y]), cells(after[y])
        covered = {x for row, x0, x1 in spans if row == y for x in range(x0, x1)}
        for x in range(max(len(old), len(new))):
            a = old[x] if x < len(old) else (" ", palette.PLAIN)
            b = new[x] if x < len(new) else (" ", palette.PLAIN)
            assert a == b or x in covered


def test_the_same_frame_changes_nothing_and_one_digit_one_cell() -> None:
    line: Line = [("step ", palette.DIM), ("811", palette.PLAIN), ("/1500", palette.DIM)]
    other: Line = [("step ", palette.DIM), ("812", palette.PLAIN), ("/1500", palette.DIM)]
    assert changed([line], [line]) == []
    assert changed([line], [other]) == [(0, 7, 8)]


def test_sides_give_way_rather_than_overlap() -> None:
    left, right = [("abcdef", palette.PLAIN)], [("xyz", palette.DIM)]
    assert length(sides(left, right, 20)) == 20
    assert sides(left, right, 8) == left


def test_layer_names_keep_what_tells_them_apart() -> None:
    assert short_name("head", 9) == "head"
    assert short_name("block1.conv", 9) == "b1.conv"
    assert short_name("blocks.0.convolution", 9) == "0.co…tion"
    assert short_name("blocks.10.attention.query", 14) == "b.10.a.query"
    names = {short_name(f"blocks.{i}.attention.value", 10) for i in range(12)}
    assert len(names) == 12


def test_late_ticks_halve_the_rate_and_calm_brings_it_back() -> None:
    one = Pace()
    for _ in range(10):
        one.tick(late=10.0)
    assert one.interval == SLOWEST
    for _ in range(200):
        one.tick(late=0.0)
    assert one.interval == one.base


def test_a_finished_run_is_never_looked_at_and_a_starting_one_often() -> None:
    one = Pace()
    assert one.rest("finished", over=True) is None
    assert one.rest("crashed", over=True, resumable=True) == SLOWEST
    assert (one.rest("starting", over=False) or 9) < (one.rest("training", over=False) or 0)


def test_a_remote_line_gets_half_the_frames() -> None:
    assert pace({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}).interval == 2 * pace({}).interval


@given(st.text("ab 中│é", max_size=40), st.integers(8, 20))
def test_a_wrapped_text_stays_in_its_cells_and_is_whole(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text("ab中│é├✗\u0301", max_size=12))
def test_in_ascii_every_character_keeps_its_cells(text: str) -> None:
    shown = palette.plain(text)
    assert shown.isascii() and len(shown) == cell_len(text)
