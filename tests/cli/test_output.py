"""What is printed is JSON that any reader takes, and text that drives no terminal."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.cli import output


def test_json_is_strict(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit_json(
        {
            "nan": math.nan,
            "inf": [math.inf],
            "np": np.float32("nan"),
            "n": np.int64(3),
            "p": Path("/x"),
        }
    )
    printed = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert printed == {"nan": None, "inf": [None], "np": None, "n": 3, "p": "/x"}


def test_no_escape_gets_out(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit("\x1b[31mred\x07")
    output.say("\x1b]0;title\x07")
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
    assert "red" in captured.out


@given(st.lists(st.lists(st.text(max_size=8), min_size=3, max_size=3), max_size=5))
def test_a_grid_is_one_line_a_row(rows: list[list[str]]) -> None:
    lines = output.grid(("a", "b", "c"), rows, right=("b",)).split("\n")
    assert len(lines) == len(rows) + 1


def test_a_grid_aligns() -> None:
    assert output.grid(("run", "step"), [("a", "7"), ("bcde", "100")], right=("step",)) == (
        "run   step\na        7\nbcde   100"
    )
