"""Who is let in, and what is said where nothing can be served."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

from tuiwb.base.errors import UserError
from tuiwb.cli.main import execute
from tuiwb.serve import gate, server

TOKEN = "a-token-of-24-characters"


@pytest_asyncio.fixture
async def client() -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(server.application(TOKEN))) as made:
        yield made


@pytest.mark.parametrize(
    "path",
    [
        "/", "/ws", "/static/js/textual.js", "/anything", f"/x/{TOKEN}/",
        f"/{TOKEN[:-1]}/", f"/{TOKEN}x/", f"/{TOKEN.upper()}/", f"/?token={TOKEN}", "/%ff%00/ws",
    ],
)  # fmt: skip
async def test_without_the_token_nothing_is_there(client: TestClient[Any, Any], path: str) -> None:
    async with client.get(path, allow_redirects=False) as answer:
        assert answer.status == 403
        assert "tuiwb serve" in await answer.text()
    with pytest.raises(WSServerHandshakeError, match="403"):
        await client.ws_connect(path)


async def test_the_page_and_its_files_come_with_it(client: TestClient[Any, Any]) -> None:
    async with client.get(f"/{TOKEN}") as answer:
        assert answer.status == 200 and answer.url.path == f"/{TOKEN}/"
        page = await answer.text()
    named = re.findall(r'(?:href|src)="([^"]+)"|url\("([^"]+)"\)', page)
    files = [one for pair in named for one in pair if one and not one.startswith("data:")]
    assert len(files) == 3
    for file in files:
        assert file.startswith("static/"), "nothing comes from elsewhere"
        async with client.get(f"/{TOKEN}/{file}") as answer:
            assert answer.status == 200
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    for other in ("static/", "static/../page.html", "static/%2e%2e/server.py", "nothing"):
        async with client.get(f"/{TOKEN}/{other}") as answer:
            assert answer.status in (403, 404)


def test_tokens_that_are_made_are_tokens_that_would_do() -> None:
    made = {gate.new_token() for _ in range(20)}
    assert len(made) == 20 and all(gate.checked(token) == token for token in made)
    for bad in ("", "short", "with a blank in it", "with/a/slash/in/it", "ä" * 20, "x" * 300):
        with pytest.raises(UserError, match="will not do"):
            gate.checked(bad)


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with server.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert execute(["serve", "--port", str(port)]) == 2
    told = capsys.readouterr()
    assert f"port {port} is taken" in told.err and f"--port {port + 1}" in told.err
    assert not told.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "no.such.host.invalid"], "no host of this name"),
        (["--host", "192.0.2.7"], "cannot listen there"),
        (["--token", "short"], "--token"),
        (["--port", "70000"], "65535"),
    ],
)
def test_what_cannot_be_is_told(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["serve", "--port", "0", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_missing_extra_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    for name in [*sys.modules]:
        if name.startswith("tuiwb.serve"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    assert execute(["serve"]) == 2
    assert "pip install 'tuiwb[serve]'" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_address_that_is_printed_is_whole(
    host: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[tuple[str, int, str]] = []

    def serve(at: socket.socket, token: str) -> None:
        served.append((*at.getsockname(), token))

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr("socket.gethostname", lambda: "gpu-box")
    assert execute(["serve", "--port", "0", "--host", host]) == 0
    told = capsys.readouterr()
    ((bound, port, token),) = served
    assert bound == host and len(token) == 32
    name = "gpu-box" if host == "0.0.0.0" else host
    assert told.out == f"http://{name}:{port}/{token}/\n"
    assert ("not encrypted" in told.err) == (host == "0.0.0.0")
