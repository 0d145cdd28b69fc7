"""A space is what its text says, on the knobs of its preset, or an error that says why not."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from tuiwb.base.errors import UserError
from tuiwb.search.space import Axis, Space, parse
from tuiwb.spec import resolve


def axis(text: str) -> Axis:
    (only,) = parse([text], "mlp-digits").axes
    return only


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("optim.lr=log:1e-4:1e-1", Axis("optim.lr", (), 1e-4, 0.1, log=True)),
        ("regularize.dropout=float:0:0.5", Axis("regularize.dropout", (), 0, 0.5)),
        ("model.width=int:16:256", Axis("model.width", (), 16, 256, whole=True)),
        ("model.width=int:16:256:log", Axis("model.width", (), 16, 256, log=True, whole=True)),
        ("model.width=log:16:256", Axis("model.width", (), 16, 256, log=True, whole=True)),
        ("model.width=32,64,128", Axis("model.width", ("32", "64", "128"))),
        (" optim.lr = 0.1, 0.01 ", Axis("optim.lr", ("0.1", "0.01"))),
        ("model.activation=relu,tanh", Axis("model.activation", ("relu", "tanh"))),
        ("model.hidden=[64],[64,64]", Axis("model.hidden", ("[64]", "[64,64]"))),
        ("optim.name=adam", Axis("optim.name", ("adam",))),
    ],
)
def test_forms(text: str, read: Axis) -> None:
    assert axis(text) == read


@pytest.mark.parametrize(
    ("text", "said", "nearest"),
    [
        ("optim.lrr=log:1e-4:1", "unknown key optim.lrr", "lr"),
        ("optim.lrr=1,2", "unknown key optim.lrr", "lr"),
        ("optimm.lr=log:1e-4:1", "unknown section 'optimm'", "optim"),
        ("model.activation=relu,tahn", "is not one of the choices", "tanh"),
        ("optim.lr=log:1e-4:1e9", "optim.lr is out of range", ""),
        ("model.width=0,64", "model.width is out of range", ""),
        ("model.width=int:-3:64", "model.width is out of range", ""),
        ("model.width=8.5,9", "model.width has the wrong type", ""),
        ("model.width=float:8.5:9.5", "takes whole numbers", ""),
        ("optim.lr=log:1:0.1", "the range of optim.lr is empty", ""),
        ("optim.lr=log:1:1", "the range of optim.lr is empty", ""),
        ("regularize.dropout=log:0:0.5", "cannot begin at 0", ""),
        ("optim.lr=log:1e-4", "cannot read the range", ""),
        ("optim.lr=log:a:b", "cannot read the range", ""),
        ("optim.lr=log:nan:inf", "cannot read the range", ""),
        ("optim.lr=int:1:2:3", "cannot read the range", ""),
        ("model.activation=log:1:2", "model.activation takes no range", ""),
        ("optim.lr=lgo:1e-4:1", "unknown scale 'lgo' of optim.lr", "log"),
        ("model.width=16:64", "model.width has no scale", "log:16:64"),
        ("optim.lr=", "cannot read the range", ""),
        ("optim.lr", "cannot read the range", ""),
        ("=1,2", "cannot read the range", ""),
        ("optim.lr=0.1,,0.2", "optim.lr has an empty value", ""),
        ("optim.lr=0.1,0.1", "optim.lr has the same value twice", ""),
    ],
)
def test_a_mistake_is_said(text: str, said: str, nearest: str) -> None:
    with pytest.raises(UserError) as error:
        parse([text], "mlp-digits")
    assert said in error.value.what
    assert error.value.nearest == nearest
    assert text in error.value.where


def test_a_space_needs_knobs_and_each_of_them_once() -> None:
    with pytest.raises(UserError, match="nothing to search"):
        parse([], "mlp-digits")
    with pytest.raises(UserError, match=r"optim\.lr is named twice"):
        parse(["optim.lr=0.1,1", "optim.lr=log:1e-3:1"], "mlp-digits")


def test_values_may_need_those_of_another_knob() -> None:
    """Heads share a width: 30 goes with 5 of them and not with the preset's four."""
    parse(["model.width=30,60", "model.heads=5,6"], "gpt-char")
    with pytest.raises(UserError, match="width 30 cannot be shared") as alone:
        parse(["model.width=30,64", "optim.lr=0.1,1"], "gpt-char")
    assert alone.value.where == "--space model.width=30,64"
    # each of these goes with the preset's, and none with any of the others
    with pytest.raises(UserError, match="the space contradicts itself") as error:
        parse(["model.width=60,20", "model.heads=8,16"], "gpt-char")
    assert "none of 4 combinations" in error.value.found


def test_a_grid_is_as_fine_as_its_budget_and_even() -> None:
    space = parse(["optim.lr=log:1e-4:1", "model.width=int:16:64", "init.name=he,xavier"],
                  "mlp-digits")  # fmt: skip
    grid = space.grid(27)
    assert len(grid) == 18  # 3 x 3 x 2; 4 x 4 x 2 were too many
    assert len({tuple(point.values()) for point in grid}) == 18
    assert list(dict.fromkeys(point["optim.lr"] for point in grid)) == ["0.0001", "0.01", "1.0"]
    assert {point["model.width"] for point in grid} == {"16", "40", "64"}
    for point in grid:
        assert resolve("mlp-digits", space.settings(dict(point))).get("optim.lr") > 0
    assert len(space.grid(32)) == 32
    assert len(space.grid(2)) == 2  # the middle of each range
    with pytest.raises(UserError, match="does not fit into so few trials"):
        space.grid(1)


def test_points_keep_to_their_ends_and_whole_numbers_are_whole() -> None:
    lr = Axis("optim.lr", (), 1e-5, 1.0, log=True)
    for count in range(2, 12):
        points = [float(point) for point in lr.points(count)]
        assert (points[0], points[-1], len(points)) == (1e-5, 1.0, count)
        ratios = [b / a for a, b in pairwise(points)]
        assert all(math.isclose(ratio, ratios[0], rel_tol=1e-9) for ratio in ratios)
    few = Axis("model.width", (), 1, 3, whole=True).points(9)
    assert few == ("1", "2", "3")
    assert Space((lr,)).settings({"optim.lr": 0.25}) == ("optim.lr=0.25",)
