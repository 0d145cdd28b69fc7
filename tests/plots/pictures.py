"""Pictures for the tests of their painters: as tasks make them, and as strangers might."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

KINDS = (
    "bars", "boundary", "contour", "images", "lines", "matrix", "parallel", "scatter", "slices",
    "text",
)  # fmt: skip


def _images() -> dict[str, Any]:
    y, x = np.indices((8, 8)) - 3.5
    distance = np.hypot(x, y)
    rings = [np.clip(1.5 - abs(distance - radius), 0, 1) for radius in (1, 2, 3, 4)]
    return {"images": np.array(rings * 2, np.float32), "columns": np.asarray(4)}


def _matrix() -> dict[str, Any]:
    values = np.diag([46.0, 44, 41, 45]) + np.eye(4, k=1) * 3
    names = np.array(["cat", "dog", "a long name", "ü"])
    return {"values": values.astype(np.float32), "rows": names, "columns": names}


def _attention() -> dict[str, Any]:
    values = np.exp(-np.abs(np.subtract.outer(np.arange(24), np.arange(24))) / 3.0)
    letters = np.array(list("the cat sat on the mat. "))
    return {"values": values, "rows": letters, "columns": letters, "scale": np.asarray("linear")}


def _scatter() -> dict[str, Any]:
    angle = np.arange(60) * math.tau / 30
    radius = np.where(np.arange(60) < 30, 1.0, 2.0)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return {"points": points, "groups": np.arange(60) // 30, "names": np.array(["inner", "outer"])}


def _boundary() -> dict[str, Any]:
    y, x = np.mgrid[1:-1:30j, -1:1:30j]
    points = np.array([[0.0, 0.0], [0.9, 0.9], [-0.9, -0.9], [0.2, 0.1]])
    return {
        "grid": (1 - 2 * np.hypot(x, y)).astype(np.float32),
        "extent": np.array([-1.0, 1, -1, 1]),
        "points": points,
        "labels": np.array([1, 0, 0, 0]),
        "neurons": np.stack([x, y, x * y, -x])[:, ::3, ::3],
        "names": np.array([f"layer 1, unit {i + 1}" for i in range(4)]),
    }


def _lines() -> dict[str, Any]:
    x = np.arange(24.0)
    values = np.stack([np.sin(x / 3), np.sin(x / 3) + 0.3])
    values[0, 16:] = np.nan
    values[1, :16] = np.nan
    return {"x": x, "values": values, "names": np.array(["seen", "forecast"])}


def _bars() -> dict[str, Any]:
    values = np.array([3.0, -1.5, 0, 2.25, math.nan, 0.5])
    return {"values": values, "names": np.array(["age", "bmi", "sex", "bp", "s1", "a long name"])}


def _trials() -> dict[str, Any]:
    """Twelve trials over a learning rate, a width and a choice; one has no result."""
    place = np.arange(12)
    lr, width, choice = 10.0 ** (-4 + place / 4), 16 + 7 * (place * 5 % 12), place % 2
    values = (np.log10(lr) + 2) ** 2 + 0.1 * choice
    values[3] = math.nan
    return {
        "points": np.stack([lr, width, choice], axis=1),
        "values": values,
        "names": np.array(["optim.lr", "model.width", "init.name", "val_loss"]),
        "logs": np.array([1, 0, 0]),
        "choices": np.array(["", "", "he|xavier"]),
        "falling": np.asarray(1),
    }


def _text() -> dict[str, Any]:
    text = "the model wrote this line, which is longer than the pane\n\n\x1b[2Jand this one"
    return {"text": np.asarray(text)}


GALLERY: dict[str, tuple[str, dict[str, Any]]] = {
    "images": ("images", _images()),
    "matrix": ("matrix", _matrix()),
    "attention": ("matrix", _attention()),
    "scatter": ("scatter", _scatter()),
    "boundary": ("boundary", _boundary()),
    "lines": ("lines", _lines()),
    "bars": ("bars", _bars()),
    "text": ("text", _text()),
    "parallel": ("parallel", _trials()),
    "slices": ("slices", _trials()),
    "contour": ("contour", _trials()),
}
"""What it shows -> kind and arrays of a good picture."""

odd = st.sampled_from([0.0, 1.0, -1.0, math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324])
shapes = st.lists(st.integers(0, 7), max_size=4).map(tuple)


@st.composite
def arrays(draw: st.DrawFn) -> Any:
    """Any array that an ``.npz`` without pickles can hold."""
    shape = draw(shapes)
    count = math.prod(shape)
    match draw(
        st.sampled_from(["f4", "f8", "f2", "i8", "u8", "u1", "?", "U3", "S3", "c8", "M8[s]"])
    ):
        case "U3":
            flat = draw(st.lists(st.text(max_size=3), min_size=count, max_size=count))
            return np.array(flat, dtype="U3").reshape(shape)
        case "f4" | "f8" | "f2" as dtype:
            flat = draw(st.lists(odd | st.floats(-9, 9), min_size=count, max_size=count))
            with np.errstate(all="ignore"):
                return np.array(flat).astype(dtype).reshape(shape)
        case "i8" | "u8" as dtype:
            top = np.iinfo(dtype).max
            flat = draw(
                st.lists(st.sampled_from([0, 1, 2, 9, top]), min_size=count, max_size=count)
            )
            return np.array(flat, dtype=dtype).reshape(shape)
        case dtype:
            return np.zeros(shape, dtype)


@st.composite
def strange(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A picture of some kind with arrays missing, exchanged for any others, or added."""
    kind, good = draw(st.sampled_from(sorted(GALLERY.values(), key=lambda one: sorted(one[1]))))
    given = dict(good)
    for name in draw(st.lists(st.sampled_from(sorted(good)), max_size=3)):
        given.pop(name, None)
        if draw(st.integers(0, 3)):
            given[name] = draw(arrays())
    return draw(st.sampled_from([kind, kind, kind, *KINDS, "", "\x1b[2J"])), given
