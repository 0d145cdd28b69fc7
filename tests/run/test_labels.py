"""Tags: kept beside what the worker writes, atomically, and safe to show."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tuiwb.base.errors import UserError
from tuiwb.run.labels import MOST, change_tags, read_tags
from tuiwb.run.layout import RunPaths


def test_tags_come_and_go(paths: RunPaths) -> None:
    assert read_tags(paths) == ()
    assert change_tags(paths, add=["b", "a", "a"]) == ["a", "b"]
    assert change_tags(paths, add=["team/x.1"], drop=["b"]) == ["a", "team/x.1"]
    assert read_tags(paths) == ("a", "team/x.1")
    assert [n for n in os.listdir(paths.root) if n.startswith(".labels")] == []
    assert paths.labels.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("tag", ["", "two words", "-x", "+x", "x" * 41, "a\x1b[2J", "ü", "../x"])
def test_what_is_no_tag(paths: RunPaths, tag: str) -> None:
    with pytest.raises(UserError, match="not a tag") as refused:
        change_tags(paths, add=[tag])
    assert str(refused.value).isprintable() or "\x1b" not in str(refused.value)
    assert not paths.labels.exists()


def test_dropping_what_is_not_there_says_what_is(paths: RunPaths) -> None:
    change_tags(paths, add=["good"])
    with pytest.raises(UserError, match="has no tag bad") as refused:
        change_tags(paths, drop=["bad"])
    assert refused.value.allowed == "good"


def test_so_many_and_no_more(paths: RunPaths) -> None:
    change_tags(paths, add=[f"t{n}" for n in range(MOST)])
    with pytest.raises(UserError, match="too many"):
        change_tags(paths, add=["one-more"])
    assert len(read_tags(paths)) == MOST


@pytest.mark.parametrize(
    "rubbish", [b"", b"[]", b"\xff", b'{"tags": "good"}', b'{"tags": [1, "\\u001b[2J", "fine"]}']
)
def test_a_strangers_file(paths: RunPaths, rubbish: bytes) -> None:
    paths.labels.write_bytes(rubbish)
    assert read_tags(paths) in ((), ("fine",))
    assert "good" in change_tags(paths, add=["good"])


def test_a_link_is_not_followed(paths: RunPaths, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"tags": ["secret"]}')
    paths.labels.symlink_to(other)
    assert read_tags(paths) == ()
    change_tags(paths, add=["mine"])
    assert read_tags(paths) == ("mine",) and "secret" in other.read_text()


def test_two_at_once_lose_nothing(paths: RunPaths) -> None:
    wanted = [f"t{n:02d}" for n in range(24)]

    def add(tags: list[str]) -> None:
        for tag in tags:
            change_tags(paths, add=[tag])

    threads = [threading.Thread(target=add, args=(wanted[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(read_tags(paths)) == wanted


def test_a_folder_that_has_gone(paths: RunPaths, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot write the tags of nobody"):
        change_tags(RunPaths(tmp_path / "nobody"), add=["x"])
