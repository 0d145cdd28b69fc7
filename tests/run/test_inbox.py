"""Commands: none lost, none twice, rubbish put aside."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tuiwb.base.errors import UserError
from tuiwb.run.inbox import MAX_COMMAND, MOST, REFUSED, TOLD, Command, done, post, take
from tuiwb.run.layout import RunPaths


def test_commands_come_in_order_and_stay_until_done(paths: RunPaths) -> None:
    ids = [post(paths, "set", {"n": n}, by="tui") for n in range(20)]
    for _ in range(2):
        taken = take(paths)
        assert [c.id for c in taken] == ids
        assert [c.args["n"] for c in taken] == list(range(20))
        assert {(c.command, c.by) for c in taken} == {("set", "tui")}
    for command in taken[:5]:
        done(command)
        done(command)
    assert [c.id for c in take(paths)] == ids[5:]


def test_several_clients_at_once(paths: RunPaths) -> None:
    def send(by: str) -> None:
        for n in range(25):
            post(paths, "set", {"n": n}, by=by)

    clients = [threading.Thread(target=send, args=(name,)) for name in "abcd"]
    seen = []
    for client in clients:
        client.start()
    while any(client.is_alive() for client in clients) or take(paths):
        for command in take(paths):
            seen.append(command)
            done(command)
    assert len({c.id for c in seen}) == len(seen) == 100
    assert os.listdir(paths.inbox) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 50_000,
        b"{}",
        b'{"id": 1, "command": "stop"}',
        b'{"id": "x", "command": "stop", "args": []}',
        b'{"id": "x", "command": "stop", "time": "now"}',
        b'{"id": "x", "command": "' + b"x" * MAX_COMMAND + b'"}',
    ],
)
def test_rubbish_is_put_aside_once_and_said(paths: RunPaths, data: bytes) -> None:
    (paths.inbox / "00000000000000000001-0123456789ab.json").write_bytes(data)
    (paths.inbox / "note.txt").write_bytes(b"hello\x1b[31m")
    (paths.inbox / ".00000000000000000001-0123456789ab.json").write_bytes(b"{")  # being written
    id = post(paths, "stop")
    warnings: list[str] = []
    for _ in range(2):
        assert [c.id for c in take(paths, warnings.append)] == [id]
    assert len(warnings) == 2
    assert all("is refused: " in text and "\x1b" not in text for text in warnings)
    assert (paths.inbox / REFUSED / "note.txt").read_bytes() == b"hello\x1b[31m"


def test_links_pipes_and_folders_are_rubbish(paths: RunPaths) -> None:
    name = "0000000000000000000{}-0123456789ab.json"
    (paths.inbox / name.format(1)).symlink_to("/etc/hostname")
    os.mkfifo(paths.inbox / name.format(2))
    (paths.inbox / name.format(3)).mkdir()
    warnings: list[str] = []
    assert take(paths, warnings.append) == []
    assert len(warnings) == 3


def test_a_flood_is_taken_in_portions_and_told_in_a_few_lines(paths: RunPaths) -> None:
    for n in range(3 * MOST):
        (paths.inbox / f"{n:020d}.tmp").write_bytes(b"\0" * n)
    id = post(paths, "stop")
    looks: list[list[str]] = []
    found: list[Command] = []
    while not found:
        warnings: list[str] = []
        found = take(paths, warnings.append)
        looks.append(warnings)
    assert [command.id for command in found] == [id]
    assert [len(warnings) for warnings in looks] == [TOLD + 1] * 3 + [0]
    assert f"{MOST - TOLD} more files are refused" in looks[0][-1]
    assert sorted(os.listdir(paths.inbox)) == [REFUSED, found[0].path.name]
    assert len(os.listdir(paths.inbox / REFUSED)) == 3 * MOST


def test_rubbish_is_not_put_aside_through_a_link(paths: RunPaths, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (paths.inbox / REFUSED).symlink_to(outside)
    (paths.inbox / "note.txt").write_text("rubbish")
    warnings: list[str] = []
    assert take(paths, warnings.append) == [] == warnings
    assert os.listdir(outside) == []


def test_no_inbox(paths: RunPaths) -> None:
    paths.inbox.rmdir()
    assert take(paths) == []
    with pytest.raises(UserError, match="cannot send 'stop' to mlp-0001: No such file"):
        post(paths, "stop")


def test_a_command_is_small(paths: RunPaths) -> None:
    with pytest.raises(ValueError, match="more than"):
        post(paths, "set", {"x": "y" * MAX_COMMAND})
    assert os.listdir(paths.inbox) == []
