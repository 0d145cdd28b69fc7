"""The config file: what it may say, and what is said of one that is malformed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuiwb.base.errors import UserError
from tuiwb.tui import actions
from tuiwb.tui.config import Config, line_of, load, place, read_config, template
from tuiwb.tui.panes import PANES
from tuiwb.tui.settings import Settings


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, own_world: Path) -> Path:
    path = place()
    path.parent.mkdir(parents=True)
    return path


def test_without_a_file_the_defaults_hold() -> None:
    found = load()
    assert found == Config(place()) and found.problem is None
    assert found.settings.panes == PANES and found.origin("theme") == "default"


def test_where_it_lies(own_world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place() == own_world / "config" / "tuiwb" / "config.toml"
    monkeypatch.setenv("TUIWB_CONFIG", "/somewhere/else.toml")
    assert place() == Path("/somewhere/else.toml")
    assert "no such config file" in str(load().problem)


def test_every_setting(file: Path) -> None:
    file.write_text(
        'theme = "light"\nglyphs = "ascii"\nrate = 2\npanes = ["doctor", "loss", "system.cpu"]\n'
        '[keys]\nrun.pause = "p"\n"run.picture" = ["space", "f5"]\nrun.note = []\n'
    )
    found = load()
    assert found.problem is None
    settings = found.settings
    assert (settings.theme, settings.glyphs, settings.rate) == ("light", "ascii", 2.0)
    assert settings.panes == ("doctor", "loss", "system.cpu")
    keys = {action.id: action.keys for action in found.actions}
    assert keys["run.pause"] == ("p",) and keys["run.picture"] == ("space", "f5")
    assert keys["run.note"] == () and keys["run.stop"] == ("X",)
    assert found.origin("theme") == "config.toml"


MALFORMED = {
    "theme = dark": ("line 1", "theme = dark"),
    '\ntheme = "blak"': ("line 2: theme", '"blak"', "dark, light", "ansi16"),
    '# no\n\nthem = "dark"': ("line 3: them", "no such setting", "theme"),
    "rate = 200": ("line 1: rate", "200", "<= 20"),
    'rate = "fast"': ("line 1: rate", '"fast"', "a number"),
    'panes = ["los"]': ("line 1: panes", "los", "nearest:  loss"),
    'panes = ["loss", "loss"]': ("line 1: panes", "twice"),
    "panes = []": ("no pane",),
    'theme = ["dark"]': ("line 1: theme", '["dark"]'),
    "keys = 3": ("line 1: keys", "[keys]"),
    '[keys]\nrun.pasue = "p"': ("line 2: keys.run.pasue", "nearest:  run.pause"),
    '[keys]\nrun.pause = "spcae"': ("line 2: keys.run.pause", "spcae", "nearest:  space"),
    '[keys.run]\n\npause = "hyper+p"': ("line 3: keys.run.pause", "hyper+p"),
    "[keys]\nrun.pause = 3": ("line 2: keys.run.pause", "3"),
    '[keys]\nrun.pause = "p"': ("line 2: keys.run.pause", "run.pause", "run.picture", "two things"),
    '[keys]\nrun.note = "?"': ("run.note", "anywhere.help"),
}


@pytest.mark.parametrize("text", MALFORMED, ids=lambda text: text.strip().replace("\n", " "))
def test_what_is_malformed_is_told_by_line_and_key(file: Path, text: str) -> None:
    file.write_text(text)
    found = load()
    assert found.settings == Config(file).settings and found.actions == actions.ACTIONS
    said = str(found.problem)
    for words in (str(file), *MALFORMED[text]):
        assert words in said, said
    with pytest.raises(UserError):
        read_config(file)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a" * 200_000, b"[" * 3000, b"theme"])
def test_no_file_is_too_odd(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    found = load()
    assert found.problem is not None and found.settings == Config(file).settings


def test_a_folder_in_its_place(file: Path) -> None:
    file.mkdir()
    assert "cannot read" in str(load().problem)


def test_the_template_is_the_defaults_line_by_line(file: Path) -> None:
    file.write_text(template())
    assert read_config(file) == Config(file)
    lines = [line[1:] for line in template().splitlines() if line[:1] == "#" and line[:2] != "# "]
    settings = len(Settings.__struct_fields__)
    assert len(lines) == settings + len(actions.ACTIONS)
    head, keys = lines[:settings], lines[settings:]
    file.write_text("\n".join([*head, "[keys]", *keys]))
    found = read_config(file)
    assert found.settings == Config(file).settings and found.actions == actions.ACTIONS


def test_lines_are_found_however_a_key_is_spelt() -> None:
    text = 'a = 1\n# b = 2\n[ keys ] # those\n"run.x" = "y"\nrun . y = "z"\n[keys.run]\nz="a"\n'
    assert [line_of(text, key) for key in ("a", "b", "keys.run.x", "keys.run.y", "keys.run.z")] == [
        1, None, 4, 5, 7,
    ]  # fmt: skip
