"""The process behind a tab: it hears what the browser says, and is gone when the tab is."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse
from aiohttp.test_utils import TestClient, TestServer

from tests.serve.browser import until
from tuiwb.serve import server, tab

TOKEN = "a-token-of-24-characters"
# what the web driver says and hears, and no more: D or M, a length, and so many bytes
APP = """
import json, os, signal, sys
def say(kind, text):
    os.write(1, kind + len(text).to_bytes(4, "big") + text)
print("__GANGLION__", flush=True)
say(b"D", json.dumps([os.getpid(), os.environ["COLUMNS"], os.environ["ROWS"]]).encode())
if {deaf}:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say(b"D", b"deaf")
    while True:
        os.write(1, b"D" + (65536).to_bytes(4, "big") + b"x" * 65536) if {loud} else signal.pause()
while True:
    kind, size = sys.stdin.buffer.read(1), int.from_bytes(sys.stdin.buffer.read(4), "big")
    said = sys.stdin.buffer.read(size)
    if not kind or (kind == b"M" and json.loads(said)["type"] == "quit"):
        break
    say(b"D", kind + said)
if {exits}:
    say(b"M", b'{{"type": "exit"}}')
"""
Opened = Callable[..., Any]


@asynccontextmanager
async def opened(
    query: str = "", *, deaf: bool = False, loud: bool = False, exits: bool = True
) -> AsyncIterator[tuple[ClientWebSocketResponse, list[Any]]]:
    """A tab, and the process, columns and rows that the workbench in it told first."""
    import json

    code = APP.format(deaf=deaf, loud=loud, exits=exits)
    app = server.application(TOKEN, [sys.executable, "-c", code])
    async with (
        TestClient(TestServer(app)) as client,
        client.ws_connect(f"/{TOKEN}/ws{query}", max_msg_size=0) as link,
    ):
        told = json.loads(await link.receive_bytes())
        if deaf:
            assert await link.receive_bytes() == b"deaf"
        yield link, told


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


async def test_it_hears_keys_and_sizes_and_passes_over_what_is_neither() -> None:
    async with opened("?width=90&height=30") as (link, (pid, columns, rows)):
        assert (columns, rows) == ("90", "30")
        for text in ("no json", "[]", "7", "{}", '["stdin"]', '["stdin", 7]', '["resize", 9]',
                     '["what", 1]', '["resize", {"width": 1}]', "null"):  # fmt: skip
            await link.send_str(text)
        await link.send_bytes(b"binary")
        await link.send_str('["stdin", "é"]')
        assert await link.receive_bytes() == "Dé".encode()
        await link.send_str('["resize", {"width": 1000000, "height": -4}]')
        told = await link.receive_bytes()
        assert b'"width": 1000' in told and b'"height": 10' in told
        await link.send_str('["ping", "12"]')
        assert await link.receive_str() == '["pong", "12"]'
        assert not gone(pid)


@pytest.mark.parametrize("query", ["", "?width=&height=x", "?width=80.5&height=%20"])
async def test_a_size_that_is_none_is_that_of_a_terminal(query: str) -> None:
    async with opened(query) as (_, (_, columns, rows)):
        assert (columns, rows) == ("80", "24")


async def test_it_ends_with_its_tab() -> None:
    async with opened() as (link, (pid, *_)):
        await link.close()
        await until(lambda: gone(pid))


@pytest.mark.parametrize("loud", [False, True])
async def test_one_that_hears_nothing_is_ended(loud: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tab, "PATIENCE", 0.1)
    async with opened(deaf=True, loud=loud) as (link, (pid, *_)):
        assert not gone(pid)
        asyncio.get_running_loop().call_later(0.2, link._response.close)
        await until(lambda: gone(pid))


async def test_a_workbench_that_is_left_closes_the_link() -> None:
    async with opened() as (link, (pid, *_)):
        await link.send_str('["stdin", "q"]')
        await link.receive_bytes()
        os.kill(pid, 9)
        message = await link.receive(20)
        assert message.data in (1000, 1006, None)
        await until(lambda: gone(pid))


async def test_the_server_takes_its_tabs_along(monkeypatch: pytest.MonkeyPatch) -> None:
    app = server.application(TOKEN, [sys.executable, "-c", APP.format(deaf=0, loud=0, exits=1)])
    client = TestClient(TestServer(app))
    await client.start_server()
    link = await client.ws_connect(f"/{TOKEN}/ws")
    told = await link.receive_bytes()
    pid = int(told[1:].split(b",")[0])
    await client.server.close()
    assert gone(pid)
    await client.close()
