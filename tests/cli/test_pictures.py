"""`show --picture`: the newest of a name as a plain frame, and words for what is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.recorded import record
from tuiwb.cli.main import execute
from tuiwb.cli.strip import strip
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


@pytest.mark.parametrize(("step", "taken"), [(50, 50), (99, 50), (100, 100), (5000, 100)])
def test_a_step_asks_for_the_newest_taken_by_then(
    run: Path, capsys: Captured, step: int, taken: int
) -> None:
    assert shown(run, "--picture", "the-answers", "--step", str(step)) == 0
    assert capsys.readouterr().out == f"the answers  step {taken}\nafter {taken}\n"


def test_a_step_before_the_first_says_which_there_are(run: Path, capsys: Captured) -> None:
    assert shown(run, "--picture", "the-answers", "--step", "49") == 2
    err = capsys.readouterr().err
    assert "by step 49" in err and "50, 100" in err


@pytest.mark.parametrize("words", [["--step", "5"], ["--discretise"], ["--strip"]])
def test_a_way_of_looking_needs_a_picture(run: Path, capsys: Captured, words: list[str]) -> None:
    assert shown(run, *words) == 2
    assert f"{words[0]} says which picture" in capsys.readouterr().err
    assert shown(run, "--picture", "list", *words) == 2


def test_discretise_shows_the_answers_alone(run: Path, capsys: Captured) -> None:
    grid = np.tile(np.linspace(-1, 1, 20, dtype=np.float32), (20, 1))
    pictures.write(run / "pictures", 100, "decision boundary", "boundary",
                   {"grid": grid, "extent": np.array([0.0, 1, 0, 1])})  # fmt: skip
    outs = []
    for words in ((), ("--discretise",)):
        assert shown(run, "--picture", "decision-boundary", *words) == 0
        outs.append(capsys.readouterr().out)
    shaded, answers = (set("".join(out.splitlines()[2:])) - {" "} for out in outs)
    assert "discrete" in outs[1] and len(answers) < len(shaded)


def test_images_of_several_steps_are_a_strip(run: Path, capsys: Captured) -> None:
    folder = run / "pictures"
    for step in range(1, 22):
        images = np.full((20, 4, 4), step / 21, np.float32)
        pictures.write(folder, step, "filters", "images", {"images": images})
    made, steps = strip(folder, "filters")
    assert steps[0] == 1 and steps[-1] == 21 and len(steps) == 8
    assert made.arrays["images"].shape == (8 * 12, 4, 4)
    # a row each, in the order of the steps
    assert np.allclose(made.arrays["images"].reshape(8, -1), np.array(steps)[:, None] / 21)
    assert shown(run, "--picture", "filters", "--strip") == 0
    assert "steps 1, 4" in capsys.readouterr().out
    assert shown(run, "--picture", "confusion", "--strip") == 2
    assert "made of images" in capsys.readouterr().err
