"""Heat maps: no layer left out, nothing loud lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plots.figures import glyph_sets, heat_maps, layers, odd_layers
from tuiwb.plots import resample
from tuiwb.plots.figure import HeatMap
from tuiwb.plots.heatmap import map_geometry, paint_heatmap
from tuiwb.plots.palette import ALARM, LEVELS, LOST, RAMPS
from tuiwb.plots.scales import Scale


@pytest.mark.slow
@settings(max_examples=150)
@given(heat_maps(), st.tuples(st.integers(-1, 70), st.integers(-1, 24)), glyph_sets, st.booleans())
def test_no_shape_of_input_raises(
    figure: HeatMap, size: tuple[int, int], glyphs: str, colour: bool
) -> None:
    canvas = paint_heatmap(figure, *size, glyphs, colour)  # type: ignore[arg-type]
    assert canvas.chars.shape == (max(0, size[1]), max(0, size[0]))
    if glyphs == "ascii":
        assert canvas.text().isascii()
    if not colour:
        assert (canvas.bg == -1).all()


@given(st.integers(1, 200), st.integers(1, 60), st.integers(1, 2))
def test_every_row_is_in_exactly_one_line(rows: int, lines: int, slots: int) -> None:
    plan = resample.plan_rows(rows, lines, slots)
    named = sorted(row for part in plan.named.values() for row in part)
    assert named == list(range(rows))
    assert all(0 <= line < lines for line in plan.named)
    assert len(plan.shows) == lines * slots
    assert set(plan.shows.tolist()) == set(range(len(plan.starts)))


def test_a_name_is_not_cut_for_the_count_of_those_that_share_its_line() -> None:
    figure = layers(22)
    alone = replace(figure, rows=tuple(f"LayerNorm{i:02}" for i in range(22)))
    text = paint_heatmap(alone, 50, 14).text()
    assert "LayerNorm00 " in text and "LayerNorm20 " in text
    assert "b.0.attn +1 " in paint_heatmap(figure, 50, 14).text()


@pytest.mark.parametrize(("rows", "said"), [(6, None), (12, "1-2"), (22, "2"), (30, "2-3")])
def test_the_title_says_how_many_layers_share_a_line(rows: int, said: str | None) -> None:
    title = paint_heatmap(layers(rows), 80, 14).text().split("\n")[0]
    assert (f"{said} layers/row" in title) if said else ("layers/row" not in title)


@given(st.integers(0, 29), st.integers(0, 89), st.booleans())
def test_a_single_spike_survives_grouping_and_resampling(row: int, at: int, colour: bool) -> None:
    values = np.full((30, 90), 1e-3)
    values[row, at] = 1.0
    names = tuple(f"layer{i}" for i in range(30))
    figure = HeatMap("g", names, np.arange(90), values, v_range=(1e-3, 1))
    canvas = paint_heatmap(figure, 50, 12, colour=colour)
    body = (slice(1, 10), slice(8, 50))
    if colour:
        hottest = RAMPS["viridis"][-1]
        assert ((canvas.bg[body] == hottest) | (canvas.fg[body] == hottest)).sum() == 1
    else:
        assert (canvas.chars[body] == "█").sum() == 1


def test_infinities_zeros_and_missing_layers_look_different() -> None:
    canvas = paint_heatmap(odd_layers(), 80, 12)
    title = canvas.text().split("\n")[0]
    assert f"{LOST} 1 infinite" in title
    assert "10 zero" in title
    assert (canvas.chars[:, 14:] == LOST).any()
    assert (canvas.bg == ALARM).any()
    assert (canvas.chars == "·").any()
    at = map_geometry(odd_layers(), 80, 12)
    missing = next(line for line, rows in at.rows.named.items() if 3 in rows)
    row = canvas.bg[at.area.top + missing, at.area.left : at.area.left + at.area.width]
    cursor = at.area.column(500, at.x)
    assert cursor is not None
    assert (np.delete(row, cursor - at.area.left) == -1).all()


def test_the_cursor_puts_numbers_beside_the_map() -> None:
    figure = layers(4, cursor=500)
    rows = paint_heatmap(figure, 80, 12).text().split("\n")
    assert "at step" in rows[0]
    values = [float(row.split()[-1]) for row in rows[1:10] if "blocks" in row]
    assert len(values) == 4
    assert values == sorted(values, reverse=True)


def test_columns_take_the_largest_and_hold_between_samples() -> None:
    xs, values = np.array([0.0, 1, 2, 50, 100]), np.array([[1.0, 9, 2, 4, np.inf]])
    out = resample.columns(xs, values, Scale(0, 100), 11)
    assert out[0].tolist() == [9, 9, 9, 9, 9, 4, 4, 4, 4, 4, np.inf]
    early = resample.columns(np.array([40.0]), np.array([[3.0]]), Scale(0, 100), 11)
    assert np.isnan(early[0, :4]).all()
    assert early[0, 4] == 3
    assert np.isnan(early[0, 5:]).all()


@given(st.lists(st.floats(1e-6, 1e3), min_size=2, max_size=20))
def test_levels_rise_with_values(values: list[float]) -> None:
    grid = resample.quantise(np.sort(values)[None], Scale(1e-5, 1e2, log=True))
    assert (np.diff(grid.level[0]) >= 0).all()
    assert ((grid.level >= 0) & (grid.level < LEVELS)).all()


def test_the_colour_scale_is_shown_with_its_ends() -> None:
    title = paint_heatmap(layers(v_range=(1e-4, 10.0)), 80, 12, colour=False).text().split("\n")[0]
    assert title.endswith("1e-4 ░░░▒▒▒▓▓▓███ 10")
