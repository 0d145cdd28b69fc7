"""``tuiwb config``: the file's path, what holds and why, and a file to begin with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tuiwb.cli.main import execute

Captured = pytest.CaptureFixture[str]


def test_the_defaults_and_where_a_file_would_lie(own_world: Path, capsys: Captured) -> None:
    assert execute(["config"]) == 0
    said = capsys.readouterr()
    assert f"{own_world / 'config' / 'tuiwb' / 'config.toml'} (not there yet)" in said.out
    assert "theme     auto" in said.out and "default" in said.out
    assert "--write" in said.err


def test_write_then_change_then_read(own_world: Path, capsys: Captured) -> None:
    file = own_world / "mine.toml"
    assert execute(["--config", str(file), "config", "--write"]) == 0
    file.write_text(file.read_text().replace('#theme = "auto"', 'theme = "light"'))
    assert execute(["config", "--json"]) == 0  # the option holds for what the process starts
    facts = json.loads(capsys.readouterr().out)
    assert facts["file"] == str(file) and facts["exists"]
    assert facts["settings"]["theme"] == {"value": "light", "origin": "mine.toml"}
    assert facts["settings"]["glyphs"]["origin"] == "default"
    assert execute(["config", "--write"]) == 2
    assert "left as it is" in capsys.readouterr().err
    assert 'theme = "light"' in file.read_text()


def test_keys_of_one_s_own_are_listed(own_world: Path, capsys: Captured) -> None:
    file = own_world / "mine.toml"
    file.write_text('[keys]\nrun.pause = ["f5", "space"]\n')
    assert execute(["--config", str(file), "config"]) == 0
    assert "keys.run.pause  f5, space" in capsys.readouterr().out


def test_a_malformed_file_is_refused_by_line_and_key(own_world: Path, capsys: Captured) -> None:
    file = own_world / "mine.toml"
    file.write_text('rate = 4\ntheme = "darc"\n')
    assert execute(["--config", str(file), "config"]) == 2
    said = capsys.readouterr().err
    assert f"{file}, line 2: theme" in said and "nearest:  dark" in said
    assert execute(["--config", str(own_world / "none.toml"), "config"]) == 2
    assert "no such config file" in capsys.readouterr().err


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """``--config`` leaves its file to the processes that follow: not to other tests."""
    monkeypatch.setenv("TUIWB_CONFIG", "")
