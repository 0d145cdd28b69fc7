"""A mistake costs exit code 2 and a text with what, where, allowed, nearest; never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Tuiwb

WRONG = {
    "unknown preset": (["mlp-digit"], ["unknown preset 'mlp-digit'", "mlp-digits", "presets"]),
    "unknown key": (
        ["mlp-digits", "-s", "optim.lrr=0.1"],
        ["unknown key optim.lrr", "command line: optim.lrr=0.1", "nearest:  lr"],
    ),
    "unknown section": (
        ["mlp-digits", "-s", "optimizer.lr=0.1"],
        ["unknown section 'optimizer'", "nearest:  optim"],
    ),
    "not a setting": (["mlp-digits", "-s", "lr"], ["'lr'", "section.key=value"]),
    "unknown architecture": (
        ["mlp-digits", "-s", "model.name=mpl"],
        ["unknown architecture 'mpl'", "nearest:  mlp"],
    ),
    "unknown optimizer": (
        ["mlp-digits", "-s", "optim.name=adamm"],
        ["unknown optimizer 'adamm'", "nearest:  adam"],
    ),
    "wrong type": (
        ["mlp-digits", "-s", "train.steps=many"],
        ["train.steps has the wrong type", 'found:    "many"', "a whole number >= 1"],
    ),
    "out of range": (
        ["mlp-digits", "-s", "optim.lr=-1"],
        ["optim.lr is out of range", "found:    -1", "> 0 and <= 100"],
    ),
    "contradictory": (
        ["mlp-digits", "-s", "regularize.l2=0.1", "-s", "regularize.weight_decay=0.1"],
        ["two kinds of weight decay at once", "one of the two"],
    ),
    "data that the architecture cannot read": (
        ["mlp-digits", "-s", "model.name=gpt"],
        ["does not read what", "for "],
    ),
    "a setting that could drive a terminal": (
        ["mlp-digits", "-s", "model.name=\x1b[2J"],
        ["unknown architecture"],
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_spec_is_refused_before_anything_is_made(
    mistake: str, command: Tuiwb, tmp_path: Path
) -> None:
    arguments, said = WRONG[mistake]
    done = command("run", *arguments, "--runs", tmp_path / "runs")
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr
    for words in said:
        assert words in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_toml_mistake_is_shown_with_line_and_column(command: Tuiwb, tmp_path: Path) -> None:
    preset = tmp_path / "mine.toml"
    preset.write_text('[about]\ntitle = "x"\nfamily = = "y"\n')
    done = command("run", preset)
    assert done.returncode == 2
    assert f"{preset}, line 3, column 10" in done.stderr
    assert "TOML syntax error" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rnu"], "Did you mean 'run'?"),
        (["run", "mlp-digits", "--detahc"], "--detach"),
        (["run"], "Missing argument"),
        (["ctl", "a-run", "stopp"], "stop"),
        (["run", "mlp-digits", "--interval", "soon"], "--interval"),
        (["ls", "--runs"], "--runs"),
    ],
)
def test_wrong_usage(arguments: list[str], said: str, command: Tuiwb) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "error: " in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_workbench_without_a_terminal_prints_help_and_fails(tuiwb: Tuiwb) -> None:
    done = tuiwb()
    assert done.returncode == 2
    assert "Usage: tuiwb" in done.stderr
    assert "needs a terminal" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("verb", ["attach", "show", "ctl"])
def test_a_run_that_is_not_there(verb: str, command: Tuiwb, tmp_path: Path) -> None:
    more = ["stop"] if verb == "ctl" else []
    done = command(verb, "mlp-digits-0001", *more, "--runs", tmp_path / "runs")
    assert done.returncode == 2
    assert "mlp-digits-0001" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_runs_folder_that_cannot_be_written(command: Tuiwb, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = command("run", "mlp-digits", "--runs", tmp_path / "file" / "runs")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "file" / "runs") in done.stderr
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize("command", [["presets"], ["presets", "--json"], ["schema"], ["--help"]])
def test_output_into_a_closed_pipe_is_no_drama(command: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = _with_stdout(writing, command)
    finally:
        os.close(writing)
    assert done.returncode == 0
    assert done.stderr == ""


def _with_stdout(stream: int, command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tuiwb", *command],
        stdin=subprocess.DEVNULL,
        stdout=stream,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1", "nonsense"])
def test_any_locale_will_do(locale: str, tuiwb: Tuiwb, tmp_path: Path) -> None:
    for command in (["--help"], ["presets"], ["run", "nö\udcff"], ["ls"]):
        done = tuiwb(*command, LC_ALL=locale, TERM="dumb")
        assert "Traceback" not in done.stderr
        assert done.returncode == (2 if command[0] == "run" else 0)
