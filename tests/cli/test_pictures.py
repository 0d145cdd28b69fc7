"""`show --picture`: the newest of a name as a plain frame, and words for what is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.recorded import record
from tuiwb.cli.main import execute
from tuiwb.run import pictures

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run with a text of two steps and a matrix."""
    path = record(tmp_path)
    for step in (50, 100):
        pictures.write(path / "pictures", step, "the answers", "text", {"text": f"after {step}"})
    values = np.diag([46.0, 44.0])
    pictures.write(path / "pictures", 100, "confusion", "matrix", {"values": values})
    return path


def shown(run: Path, *words: str) -> int:
    return execute(["show", "--runs", str(run.parent), *words])


@pytest.mark.parametrize("name", ["the-answers", "the answers"])
def test_the_newest_picture_is_printed_and_nothing_else(
    run: Path, capsys: Captured, name: str
) -> None:
    assert shown(run, "--picture", name) == 0
    out = capsys.readouterr().out
    assert out == "the answers  step 100\nafter 100\n"


def test_a_frame_fits_the_terminal(
    run: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("LINES", "12")
    assert shown(run, "--picture", "confusion") == 0
    rows = capsys.readouterr().out.splitlines()
    assert max(map(len, rows)) <= 40 and len(rows) <= 12
    assert "46" in "".join(rows) and "\x1b" not in "".join(rows)


def test_list_says_which_there_are(run: Path, capsys: Captured) -> None:
    assert shown(run, "--picture", "list") == 0
    rows = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert rows[1:] == [["confusion", "matrix", "100"], ["the-answers", "text", "100"]]
    assert shown(run, "--picture", "list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["title"] for one in listed] == ["confusion", "the answers"]


def test_what_is_not_there_is_said(run: Path, capsys: Captured) -> None:
    assert shown(run, "--picture", "confusions") == 2
    err = capsys.readouterr().err
    assert "no picture 'confusions'" in err and "confusion, the-answers, list" in err
    (run / "pictures" / "00000200-confusion.npz").write_bytes(b"PK")
    assert shown(run, "--picture", "confusion") == 2
    assert "damaged" in capsys.readouterr().err
    assert shown(run, "--picture", "list") == 0
    assert "damaged" in capsys.readouterr().out


def test_a_run_without_pictures(tmp_path: Path, capsys: Captured) -> None:
    record(tmp_path)
    assert execute(["show", "--runs", str(tmp_path), "--picture", "x"]) == 2
    assert "has no pictures" in capsys.readouterr().err
