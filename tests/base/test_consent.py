"""Code that is not ours runs only after it was allowed: finding it runs nothing, and the list of
what is allowed holds one file with one content."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tuiwb.base import consent
from tuiwb.base.errors import UserError
from tuiwb.base.source import locate

TELLTALE = "open({told!r}, 'w').close()\n"


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """What appears when any of the modules in ``tmp_path`` is run."""
    told = tmp_path / "it-ran"
    text = TELLTALE.format(told=str(told))
    (tmp_path / "their_nets.py").write_text(text)
    (tmp_path / "their_package").mkdir()
    for name in ("__init__", "inner"):
        (tmp_path / "their_package" / f"{name}.py").write_text(text)
    return told


@pytest.fixture
def list_of_allowed(own_world: Path) -> Path:
    return own_world / "state" / "tuiwb" / "allowed.json"


def test_finding_a_module_runs_neither_it_nor_its_package(tmp_path: Path, told: Path) -> None:
    assert locate("their_nets", tmp_path).path == str(tmp_path / "their_nets.py")
    inner = locate("their_package.inner", tmp_path)
    assert inner.path == str(tmp_path / "their_package" / "inner.py")
    assert not told.exists() and not [name for name in sys.modules if name.startswith("their_")]


@pytest.mark.parametrize("name", ["no_such", "their_package.no_such", "their_nets.sub"])
def test_what_is_not_there_is_named(name: str, tmp_path: Path, told: Path) -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        locate(name, tmp_path)
    assert caught.value.name == name and not told.exists()


def test_what_is_installed_comes_before_what_lies_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("")
    (tmp_path / "sys.py").write_text("")
    assert locate("json", tmp_path).path == json.__file__
    assert locate("sys", tmp_path).path == "built-in"


def test_allowed_is_one_file_with_one_content(tmp_path: Path, told: Path) -> None:
    source = locate("their_nets", tmp_path)
    assert consent.asks("their_nets:Net", tmp_path) == source
    consent.allow(source)
    consent.allow(locate("their_package.inner", tmp_path))
    assert consent.asks("their_nets:Other", tmp_path) is None

    (tmp_path / "their_nets.py").write_text("import os\n")
    changed = consent.asks("their_nets:Net", tmp_path)
    assert changed is not None
    with pytest.raises(UserError) as refused:
        consent.require(changed, "their_nets:Net")
    assert "changed since you allowed it" in refused.value.found

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "their_nets.py").write_text(TELLTALE.format(told=str(told)))
    assert consent.asks("their_nets:Net", elsewhere) is not None


def test_a_package_that_changes_is_asked_about_anew(tmp_path: Path, told: Path) -> None:
    consent.allow(locate("their_package.inner", tmp_path))
    assert consent.asks("their_package.inner:Net", tmp_path) is None
    (tmp_path / "their_package" / "__init__.py").write_text("evil = 1\n")
    assert consent.asks("their_package.inner:Net", tmp_path) is not None


@pytest.mark.parametrize(
    ("value", "enough"),
    [
        ("their_nets", True),
        ("other, their_nets", True),
        ("their", False),
        ("their_nets.deeper", False),
        ("", False),
        (",", False),
    ],
)
def test_the_environment_allows_by_name(
    value: str, enough: bool, tmp_path: Path, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(consent.ALLOW, value)
    assert (consent.asks("their_nets:Net", tmp_path) is None) is enough


def test_the_environment_allows_what_is_in_a_package(
    tmp_path: Path, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(consent.ALLOW, "their_package")
    assert consent.asks("their_package.inner:Net", tmp_path) is None


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", "{}", '{"code": 3}', '{"code": ["x"]}', "[" * 100_000]
)
def test_a_damaged_list_allows_nothing_and_is_mended(
    text: str, tmp_path: Path, told: Path, list_of_allowed: Path
) -> None:
    list_of_allowed.parent.mkdir(parents=True)
    list_of_allowed.write_text(text)
    assert consent.asks("their_nets:Net", tmp_path) is not None
    consent.allow(locate("their_nets", tmp_path))
    assert consent.asks("their_nets:Net", tmp_path) is None


def test_the_list_is_for_its_owner_alone(tmp_path: Path, told: Path, list_of_allowed: Path) -> None:
    before = os.umask(0)
    try:
        consent.allow(locate("their_nets", tmp_path))
    finally:
        os.umask(before)
    assert list_of_allowed.stat().st_mode & 0o777 == 0o600
    assert list_of_allowed.parent.stat().st_mode & 0o777 == 0o700


def test_a_place_that_cannot_be_written_is_said(
    tmp_path: Path, told: Path, own_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_world / "state").write_text("a file")
    with pytest.raises(UserError, match="cannot remember") as caught:
        consent.allow(locate("their_nets", tmp_path))
    assert "TUIWB_ALLOW=their_nets" in caught.value.next


def test_names_of_our_own_components_are_not_asked_about() -> None:
    assert consent.asks("mlp") is None and consent.asks("") is None and consent.asks(3) is None
