"""Curves and heat maps against brute force: no row is left out, however the file is summarised."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuiwb.run.decimate import Envelope
from tuiwb.run.pyramid import BLOCK
from tuiwb.run.segment import Segment
from tuiwb.run.table import TableWriter
from tuiwb.run.tables import Tables
from tuiwb.run.tableview import TableView

LAYERS = 3
DTYPE = np.dtype(
    [
        ("step", "<i8"),
        ("time", "<f8"),
        ("loss", "<f4"),
        ("count", "<i4"),
        ("grad", "<f4", (LAYERS,)),
    ]
)
ODD = [math.nan, math.inf, -math.inf, 0.0, -0.0, 3e38, -3e38, 1e-45]
slow_ok = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def rows_from(
    seed: int, rows: int, odd: float, stride: int = 1, shuffle: bool = False
) -> np.ndarray[Any, np.dtype[Any]]:
    chance = np.random.default_rng(seed)
    table = np.zeros(rows, DTYPE)
    table["step"] = np.cumsum(chance.integers(1, stride + 1, rows))
    table["time"] = table["step"] * 0.5
    if shuffle and rows:
        chance.shuffle(table["time"])
        table["time"][chance.random(rows) < 0.05] = math.nan
        table["time"][chance.random(rows) < 0.02] = math.inf
    table["count"] = chance.integers(-(2**31), 2**31, rows)
    for column, shape in (("loss", (rows,)), ("grad", (rows, LAYERS))):
        values = chance.normal(size=shape)
        table[column] = np.where(chance.random(shape) < odd, chance.choice(ODD, shape), values)
    return table


def first_at_least(x: np.ndarray[Any, Any], edge: float) -> int:
    return next((i for i, v in enumerate(x) if math.isfinite(v) and v >= edge), len(x))


def brute_buckets(
    xs: Sequence[np.ndarray[Any, Any]], buckets: int, lo: float | None, hi: float | None
) -> tuple[list[list[tuple[int, int]]], list[tuple[int, int]]] | None:
    """For each bucket the (part, row) pairs in it; and all pairs within the range."""
    finite = np.concatenate([x[np.isfinite(x)] for x in xs]) if xs else np.empty(0)
    if lo is None or hi is None:
        if not len(finite):
            return None
        lo = float(finite.min()) if lo is None else lo
        hi = float(finite.max()) if hi is None else hi
    if lo > hi:
        return None
    edges = np.linspace(lo, hi, buckets + 1)
    edges[-1] = np.nextafter(hi, np.inf)
    inside: list[list[tuple[int, int]]] = [[] for _ in range(buckets)]
    every = []
    for part, x in enumerate(xs):
        begins = [first_at_least(x, edge) for edge in edges]
        for k in range(buckets):
            inside[k] += [(part, row) for row in range(begins[k], begins[k + 1])]
        every += [(part, row) for row in range(begins[0], begins[-1])]
    return inside, every


def brute_envelope(
    xs: Sequence[np.ndarray[Any, Any]],
    ys: Sequence[np.ndarray[Any, Any]],
    buckets: int,
    lo: float | None,
    hi: float | None,
) -> list[tuple[float, float, float, float, int]]:
    found = brute_buckets(xs, buckets, lo, hi)
    if found is None:
        return []
    inside, every = found
    if len(every) <= buckets:
        pairs = [(float(xs[p][r]), float(ys[p][r])) for p, r in every if math.isfinite(xs[p][r])]
        pairs.sort(key=lambda pair: pair[0])
        return [
            (x, y, y, y, 0) if math.isfinite(y) else (x, math.nan, math.nan, math.nan, 1)
            for x, y in pairs
        ]
    entries = []
    for members in inside:
        at = [float(xs[p][r]) for p, r in members if math.isfinite(xs[p][r])]
        values = [float(ys[p][r]) for p, r in members]
        good = [v for v in values if math.isfinite(v)]
        if at:
            entries.append(
                (
                    min(at) / 2 + max(at) / 2,
                    min(good, default=math.nan),
                    max(good, default=math.nan),
                    math.fsum(good) / len(good) if good else math.nan,
                    len(values) - len(good),
                )
            )
    return entries


def assert_same(curve: Envelope, expected: list[tuple[float, float, float, float, int]]) -> None:
    assert len(curve) == len(expected)
    for k, name in enumerate(("x", "low", "high", "mean", "nonfinite")):
        column = np.array([entry[k] for entry in expected], float)
        scale = {"rtol": 1e-9, "atol": 1e-6 if name == "mean" else 0.0}
        got = getattr(curve, name)
        if name == "mean":  # a sum of huge opposite values cancels
            scale["atol"] = 1e-9 * float(np.nanmax(np.abs([curve.low, curve.high]), initial=1.0))
        np.testing.assert_allclose(got, column, err_msg=name, **scale)


def view_of(folder: Path, *parts: np.ndarray[Any, np.dtype[Any]]) -> TableView:
    for rows in parts:
        with TableWriter(folder, "t", DTYPE) as table:
            table.append(rows)
    segments = [Segment(path) for path in sorted(folder.glob("t.*.npy"))]
    return TableView("t", [(segment, segment.rows) for segment in segments])


SHAPES = st.tuples(
    st.integers(0, 2**32 - 1),  # seed
    st.sampled_from([0, 1, 5, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 700]),
    st.sampled_from([0.0, 0.0, 0.1, 0.9, 1.0]),  # share of odd values
    st.sampled_from([1, 7]),  # stride of steps
)


@slow_ok
@given(
    SHAPES,
    st.lists(SHAPES, max_size=2),
    st.sampled_from([1, 2, 3, 10, 64, 300]),
    st.sampled_from(["step", "time"]),
    st.sampled_from(["loss", "count"]),
    st.none() | st.tuples(st.floats(-50, 900), st.floats(0, 900)),
    st.booleans(),
)
def test_the_envelope_is_the_brute_force_one(
    tmp_path_factory: pytest.TempPathFactory,
    first: tuple[int, int, float, int],
    more: list[tuple[int, int, float, int]],
    buckets: int,
    x: str,
    column: str,
    window: tuple[float, float] | None,
    shuffle: bool,
) -> None:
    parts = [
        rows_from(seed, rows, odd, stride, shuffle) for seed, rows, odd, stride in (first, *more)
    ]
    view = view_of(tmp_path_factory.mktemp("t"), *parts)
    lo, hi = (None, None) if window is None else (window[0], window[0] + window[1])
    curve = view.envelope(column, buckets, x, lo, hi)
    xs, ys = [rows[x].astype(float) for rows in parts], [rows[column] for rows in parts]
    assert_same(curve, brute_envelope(xs, ys, buckets, lo, hi))
    assert len(curve) <= buckets
    assert np.all(np.diff(curve.x) >= 0)
    assert view.envelope(column, buckets, x, lo, hi) is curve or not len(curve)


@slow_ok
@given(SHAPES, st.sampled_from([1, 3, 40, 300]), st.none() | st.floats(0, 500))
def test_the_matrix_is_the_brute_force_one(
    tmp_path_factory: pytest.TempPathFactory,
    shape: tuple[int, int, float, int],
    buckets: int,
    lo: float | None,
) -> None:
    rows = rows_from(*shape)
    x, values = view_of(tmp_path_factory.mktemp("t"), rows).matrix("grad", buckets, lo)
    found = brute_buckets([rows["step"].astype(float)], buckets, lo, None)
    inside, every = found or ([], [])
    groups = [[pair] for pair in every] if len(every) <= buckets else [g for g in inside if g]
    assert values.shape == (LAYERS, len(groups)) and x.shape == (len(groups),)
    for k, group in enumerate(groups):
        steps = [int(rows["step"][r]) for _, r in group]
        assert x[k] == (min(steps) + max(steps)) / 2
        for layer in range(LAYERS):
            good = [float(v) for _, r in group if math.isfinite(v := rows["grad"][r][layer])]
            np.testing.assert_array_equal(values[layer, k], max(good, default=math.nan))


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 300), min_size=1, max_size=8))
def test_following_gives_what_opening_gives(
    tmp_path_factory: pytest.TempPathFactory, seed: int, pieces: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("t")
    rows = rows_from(seed, sum(pieces), 0.1)
    tables, done = Tables(folder), 0
    with TableWriter(folder, "t", DTYPE) as writer:
        for piece in pieces:
            writer.append(rows[done : done + piece])
            done += piece
            followed = tables.poll()["t"]
            opened = Tables(folder).poll()["t"]
            for buckets, hi in ((7, 1000), (64, 700), (64, None)):
                for column in ("loss", "count"):
                    for a, b in zip(
                        vars(followed.envelope(column, buckets, lo=0, hi=hi)).values(),
                        vars(opened.envelope(column, buckets, lo=0, hi=hi)).values(),
                        strict=True,
                    ):
                        np.testing.assert_array_equal(a, b)
                for a, b in zip(
                    followed.matrix("grad", buckets, 0, hi),
                    opened.matrix("grad", buckets, 0, hi),
                    strict=True,
                ):
                    np.testing.assert_array_equal(a, b)


def test_an_old_view_stays_as_it_was(tmp_path: Path) -> None:
    rows = rows_from(1, 1000, 0.0)
    with TableWriter(tmp_path, "t", DTYPE) as writer:
        tables = Tables(tmp_path)
        writer.append(rows[:500])
        old = tables.poll()["t"]
        expected = old.envelope("loss", 10)
        writer.append(rows[500:])
        assert tables.poll()["t"].envelope("loss", 10).x[-1] > expected.x[-1]
        again = TableView("t", old.parts).envelope("loss", 10)
    assert old.rows == 500 and old.last("step") == rows["step"][499]
    for a, b in zip(vars(again).values(), vars(expected).values(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_budget_gives_the_curve_so_far_and_polls_complete_it(tmp_path: Path) -> None:
    rows = rows_from(3, 200_000, 0.0)
    view_of(tmp_path, rows)
    tables = Tables(tmp_path)
    view = tables.poll()["t"]
    part = view.envelope("loss", 50, budget_s=0.0)
    assert 0 < part.x[-1] < rows["step"][-1] / 2  # one chunk of about a megabyte
    while not tables.catch_up(lambda: True):
        more = view.envelope("loss", 50, budget_s=0.0)
        assert more.x[-1] >= part.x[-1]
    whole = view.envelope("loss", 50, budget_s=0.0)
    assert whole.high.max() == rows["loss"].max() and whole.low.min() == rows["loss"].min()


def test_columns_summarised_to_different_rows_agree(tmp_path: Path) -> None:
    rows = rows_from(3, 200_000, 0.0)
    view = view_of(tmp_path, rows)
    view.envelope("loss", 50)  # step and loss to the end
    part = view.envelope("count", 50, budget_s=0.0)
    assert np.all(np.isfinite(part.low)) and 0 < len(part) < 50
    assert_same(
        view.envelope("count", 50),
        brute_envelope([rows["step"].astype(float)], [rows["count"]], 50, None, None),
    )


def test_what_is_not_there_is_empty(tmp_path: Path) -> None:
    view = view_of(tmp_path, rows_from(1, 100, 0.0))
    for curve in (
        view.envelope("nothing", 10),
        view.envelope("loss", 10, x="nothing"),
        view.envelope("grad", 10),
        view.envelope("loss", 10, x="grad"),
        view.envelope("loss", 0),
        view.envelope("loss", 10, lo=5, hi=4),
        view.envelope("loss", 10, lo=math.nan, hi=4),
        view.envelope("loss", 10, lo=1e6, hi=2e6),
        TableView("none", ()).envelope("loss", 10),
    ):
        assert len(curve) == 0
    assert view.matrix("loss", 10)[1].shape == (0, 0)
    assert view.matrix("grad", 10, lo=1e6, hi=2e6)[1].shape == (LAYERS, 0)
    assert TableView("none", ()).last("loss") is None
    assert len(TableView("none", ()).tail(5)) == 0


def test_random_bytes_as_rows_never_raise(tmp_path: Path) -> None:
    with TableWriter(tmp_path, "t", DTYPE) as table:
        table.append(np.random.default_rng(5).bytes(DTYPE.itemsize * 1000))
    (view,) = Tables(tmp_path).poll().values()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x in ("step", "time", "loss"):
            view.envelope("loss", 50, x)
            view.envelope("time", 50, x)
            view.matrix("grad", 50, x=x)
            view.row_at(3, x)
