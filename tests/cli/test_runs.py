"""`ls` and `show` on runs that finished, crashed, are half gone, too new, or no runs at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tuiwb
from tests.cli.recorded import VAL_ACCURACY, record
from tuiwb.base.format import number
from tuiwb.cli.main import execute
from tuiwb.spec import resolve

Captured = pytest.CaptureFixture[str]
PACE = ["steps", "seconds", "steps_per_s", "samples_per_s"]
PACE += ["unit", "device", "memory", "device_memory"]
KEYS = ["run", "path", "preset", "state", *PACE, "metrics", "expect", "findings", "studies"]
KEYS += ["parent", "tags", "notes"]


def promised() -> float | None:
    """What the preset of the recorded run promises."""
    expect = resolve("mlp-digits").spec.about.expect
    assert expect is not None
    return expect.at_least


def test_ls_as_json(tmp_path: Path, capsys: Captured) -> None:
    path = record(tmp_path)
    (tmp_path / "odd").mkdir()
    (tmp_path / "file").write_text("not a run")
    assert execute(["ls", "--json", "--runs", str(tmp_path)]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    uid = json.loads((path / "meta.json").read_text())["uid"]
    assert run | {"started": 0, "ended": 1} == {
        "id": "mlp-digits-0001",
        "state": "finished",
        "words": "finished at step 100: the end",
        "preset": "mlp-digits",
        "step": 100,
        "steps": 100,
        "started": 0,
        "ended": 1,
        "loss": pytest.approx(0.23),
        "path": str(path),
        "uid": uid,
        "parent": None,
        "tags": [],
        "note": "",
    }


def test_ls_in_words(tmp_path: Path, capsys: Captured) -> None:
    record(tmp_path, state=None)
    assert execute(["--runs", str(tmp_path), "ls"]) == 0
    assert "crashed at step 100" in capsys.readouterr().out


def test_ls_of_nothing(tmp_path: Path, capsys: Captured) -> None:
    assert execute(["ls", "--runs", str(tmp_path / "none")]) == 0
    assert capsys.readouterr().out == ""
    assert execute(["ls", "--json", "--runs", str(tmp_path / "none")]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_show_a_finished_run(tmp_path: Path, capsys: Captured) -> None:
    record(tmp_path)
    assert execute(["show", "--runs", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "finished at step 100" in out
    assert f"val_accuracy  0.999   target >= {number(promised())}: met" in out
    assert "loss" in out and "gradient norm" in out
    assert "\x1b" not in out, "not a terminal: no colours"


def test_show_a_crashed_run_with_its_last_words(tmp_path: Path, capsys: Captured) -> None:
    record(tmp_path, state=None)
    assert execute(["show", "mlp", "--plot", "", "--runs", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "crashed at step 100" in out
    assert "Segmentation fault" in out


def test_show_as_json(tmp_path: Path, capsys: Captured) -> None:
    record(tmp_path)
    assert execute(["show", "--json", "--runs", str(tmp_path)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert list(shown) == KEYS
    assert shown["samples_per_s"] == pytest.approx(6400)
    assert shown["steps_per_s"] == pytest.approx(100, rel=0.02)
    assert shown["expect"] == {
        "metric": "val_accuracy",
        "target": promised(),
        "value": pytest.approx(VAL_ACCURACY),
        "met": True,
    }


@pytest.mark.parametrize(
    "plot", ["loss", "gradients", "evaluation", "lr", "layers", "activations", "loss,layers"]
)
def test_every_plot_is_drawn(plot: str, tmp_path: Path, capsys: Captured) -> None:
    record(tmp_path)
    assert execute(["show", "--plot", plot, "--runs", str(tmp_path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 10


def test_an_unknown_plot(tmp_path: Path, capsys: Captured) -> None:
    record(tmp_path)
    assert execute(["show", "--plot", "losss", "--runs", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "unknown plot 'losss'" in captured.err
    assert "nearest:  loss" in captured.err


def _empty(path: Path) -> None:
    for file in sorted(path.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()


def _newer(path: Path) -> None:
    meta = json.loads((path / "meta.json").read_text())
    (path / "meta.json").write_text(json.dumps(meta | {"format": 99}))


def _not_a_run(path: Path) -> None:
    _empty(path)
    (path / "notes.txt").write_text("hello")


@pytest.mark.parametrize(
    ("damage", "said"),
    [(_empty, "empty"), (_newer, "newer"), (_not_a_run, "not a run")],
)
@pytest.mark.parametrize("command", [["show"], ["attach"], ["ctl"]])
def test_what_is_not_a_run_is_refused(
    damage: object, said: str, command: list[str], tuiwb: Tuiwb, tmp_path: Path
) -> None:
    path = record(tmp_path)
    damage(path)  # type: ignore[operator]
    done = tuiwb(*command, path, *(["stop"] if command == ["ctl"] else []))
    assert done.returncode == 2
    assert said in done.stderr or command == ["attach"]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "gone", ["spec.toml", "meta.json", "journal.jsonl", "tables", "worker.log"]
)
def test_a_half_deleted_run_shows_what_is_left(gone: str, tmp_path: Path, capsys: Captured) -> None:
    path = record(tmp_path)
    if gone == "tables":
        _empty(path / "tables")
        (path / "tables").rmdir()
    else:
        (path / gone).unlink()
    assert execute(["show", str(path)]) == 0
    assert path.name in capsys.readouterr().out
    assert execute(["ls", "--json", "--runs", str(tmp_path)]) == 0


def test_a_run_that_is_over_takes_no_commands(tmp_path: Path, capsys: Captured) -> None:
    record(tmp_path)
    assert execute(["ctl", "mlp-digits-0001", "stop", "--runs", str(tmp_path)]) == 2
    assert "is over" in capsys.readouterr().err


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (60, 16), (300, 80)])
def test_any_size_of_terminal_will_do(
    size: tuple[int, int], tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path)
    monkeypatch.setenv("COLUMNS", str(size[0]))
    monkeypatch.setenv("LINES", str(size[1]))
    assert execute(["show", "--runs", str(tmp_path)]) == 0
    plots = capsys.readouterr().out.split(str(tmp_path))[-1].splitlines()[1:]
    assert plots and max(map(len, plots)) <= max(20, size[0])


@pytest.mark.slow
def test_ascii_alone_where_the_locale_asks_for_it(tuiwb: Tuiwb, tmp_path: Path) -> None:
    record(tmp_path)
    for environment in ({"LC_ALL": "C"}, {"TERM": "dumb"}, {"PYTHONIOENCODING": "latin-1"}):
        done = tuiwb("show", "--runs", tmp_path, **environment)
        assert done.returncode == 0
        assert done.stdout.isascii(), environment
        assert "?" not in done.stdout


def test_open_run(tmp_path: Path) -> None:
    import tuiwb

    path = record(tmp_path)
    view = tuiwb.open_run(path)
    assert view.status.state == "finished"
    assert view.tables["steps"].rows == 100
