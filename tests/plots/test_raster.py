"""Dots: every sample lit, an unbroken curve unbroken, a gap a gap."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.plots.raster import CELL, Track, characters, fill, pack

unit = st.floats(0, 1)
samples = st.lists(st.tuples(unit, unit | st.just(float("nan"))), min_size=1, max_size=25)
grids = st.tuples(st.integers(1, 40), st.integers(1, 24))


def dots_of(points: list[tuple[float, float]], columns: int, rows: int) -> np.ndarray:
    x, y = np.array(sorted(points, key=lambda point: point[0])).T
    top, bottom = Track(x, np.isfinite(y), columns).spans(y[None], y[None], rows)
    dots: np.ndarray = fill(top, bottom, rows)[0]
    return dots


@given(samples, grids)
def test_every_samples_dot_is_lit(points: list[tuple[float, float]], grid: tuple[int, int]) -> None:
    columns, rows = grid
    dots = dots_of(points, columns, rows)
    for x, y in points:
        if np.isfinite(y):
            assert dots[round((1 - y) * (rows - 1)), round(x * (columns - 1))]


@given(st.lists(st.tuples(unit, unit), min_size=1, max_size=25), grids)
def test_an_unbroken_curve_is_connected(
    points: list[tuple[float, float]], grid: tuple[int, int]
) -> None:
    columns, rows = grid
    dots = dots_of(points, columns, rows)
    lit = np.flatnonzero(dots.any(axis=0))
    assert (np.diff(lit) == 1).all()
    for left, right in pairwise(lit):
        a, b = np.flatnonzero(dots[:, left]), np.flatnonzero(dots[:, right])
        assert a.min() <= b.max() + 1
        assert b.min() <= a.max() + 1
    for column in lit:
        rows_lit = np.flatnonzero(dots[:, column])
        assert (np.diff(rows_lit) == 1).all()


def test_nothing_is_drawn_across_a_gap() -> None:
    points = [(0.0, 0.5), (0.2, 0.5), (0.5, float("nan")), (0.8, 0.5), (1.0, 0.5)]
    dots = dots_of(points, 41, 9)
    assert dots[4].nonzero()[0].tolist() == [*range(9), *range(32, 41)]


@given(samples)
def test_nan_alone_lights_nothing(points: list[tuple[float, float]]) -> None:
    assert not dots_of([(x, float("nan")) for x, _ in points], 10, 10).any()


def test_a_steep_line_shares_the_climb_between_neighbours() -> None:
    dots = dots_of([(0, 0), (1, 1)], 2, 10)
    assert dots[:, 0].sum() == dots[:, 1].sum() == 5


def test_a_band_is_textured_inside_and_whole_at_its_edges() -> None:
    top, bottom = np.full((1, 10), 2), np.full((1, 10), 9)
    dots = fill(top, bottom, 12, np.array([True]))[0]
    assert dots[2].all()
    assert dots[9].all()
    assert dots[3:9].sum() == 30
    assert not dots[:2].any()


@given(st.integers(0, 2**32), st.sampled_from(["braille", "quadrant"]))
def test_packing_loses_no_dot(seed: int, glyphs: str) -> None:
    across, down = CELL[glyphs]  # type: ignore[index]
    dots = np.random.default_rng(seed).random((1, 3 * down, 5 * across)) < 0.5
    bits = pack(dots, glyphs)  # type: ignore[arg-type]
    assert bits.shape == (1, 3, 5)
    assert sum(int(b).bit_count() for b in bits.ravel()) == dots.sum()
    codes = characters(bits, glyphs)  # type: ignore[arg-type]
    assert ((codes == ord(" ")) == (bits == 0)).all()


def test_known_cells() -> None:
    dots = np.zeros((1, 4, 2), dtype=bool)
    dots[0, 0, 0] = dots[0, 3, 1] = True
    assert chr(characters(pack(dots, "braille"), "braille")[0, 0, 0]) == "⢁"
    corner = np.array([[[True, False], [False, True]]])
    assert chr(characters(pack(corner, "quadrant"), "quadrant")[0, 0, 0]) == "▚"
