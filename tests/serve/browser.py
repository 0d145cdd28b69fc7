"""A headless Chromium driven by its DevTools, over the WebSocket client that the server brings."""

from __future__ import annotations

import asyncio
import base64
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyte
from aiohttp import ClientSession, WSMsgType
from aiohttp.client_ws import ClientWebSocketResponse

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
SIZE = (1280, 800)
_ENOUGH = 60.0
_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run",
    "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-sync",
    "--remote-debugging-port=0", f"--window-size={SIZE[0]},{SIZE[1]}",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # there is no net
)  # fmt: skip
_KEYS = {
    "tab": (9, "Tab", ""),
    "enter": (13, "Enter", "\r"),
    "home": (36, "Home", ""),
    "ctrl+r": (82, "r", ""),
}


class Tab:
    """One page. What its WebSocket brings is shown by a terminal of our own as well, so that a test
    can read it; ``asked`` are the addresses that the page fetched."""

    def __init__(self, link: ClientWebSocketResponse) -> None:
        self._link = link
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read())
        self.asked: list[str] = []
        self.refused: list[str] = []
        self._numbers = count(1)
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)

    async def _read(self) -> None:
        async for message in self._link:
            if message.type is not WSMsgType.TEXT:
                continue
            told = message.json()
            method, given = told.get("method"), told.get("params", {})
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
            elif method == "Network.requestWillBeSent":
                self.asked.append(given["request"]["url"])
            elif method == "Log.entryAdded":
                self.refused.append(given["entry"]["text"])
            elif method == "Network.webSocketCreated":
                sides = parse_qs(urlsplit(given["url"]).query)
                self._screen.resize(int(sides["height"][0]), int(sides["width"][0]))
            elif method == "Network.webSocketFrameReceived" and given["response"]["opcode"] == 2:
                self._stream.feed(base64.b64decode(given["response"]["payloadData"]))

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask the browser for something."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._link.send_json({"id": number, "method": method, "params": params})
        told = await asyncio.wait_for(answer, _ENOUGH)
        assert "error" not in told, told
        result: dict[str, Any] = told["result"]
        return result

    async def evaluate(self, script: str) -> Any:
        """The value of a script in the page."""
        told = await self.call("Runtime.evaluate", expression=script)
        return told["result"].get("value")

    async def press(self, key: str) -> None:
        """A key, as the keyboard would."""
        code, name, text = _KEYS.get(key, (ord(key[0].upper()), key, key))
        bits = 2 if key.startswith("ctrl+") else 0
        for kind in ("keyDown" if text else "rawKeyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            await self.call(
                "Input.dispatchKeyEvent", type=kind, key=name, modifiers=bits,
                windowsVirtualKeyCode=code, **more,
            )  # fmt: skip

    @property
    def text(self) -> str:
        """What the workbench has drawn."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    async def picture(self) -> bytes:
        """What the page looks like, as PNG."""
        return base64.b64decode((await self.call("Page.captureScreenshot"))["data"])

    async def close(self) -> None:
        """Close the tab, as a person does."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.call("Page.close"), 5)
        self._reader.cancel()


async def until(fact: Callable[[], object]) -> None:
    """Wait for something to be true."""
    for _ in range(int(_ENOUGH / 0.2)):
        if fact():
            return
        await asyncio.sleep(0.2)
    raise AssertionError("it did not come about")


@asynccontextmanager
async def tab(folder: Path, address: str) -> AsyncIterator[Tab]:
    """A new browser with ``address`` open."""
    assert CHROMIUM is not None
    process = subprocess.Popen(
        [CHROMIUM, *_OPTIONS, f"--user-data-dir={folder}", "about:blank"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        told = folder / "DevToolsActivePort"
        await until(lambda: told.exists() and told.read_text().count("\n"))
        port = told.read_text().split()[0]
        async with ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                pages = [one for one in await answer.json() if one["type"] == "page"]
            async with session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0) as link:
                page = Tab(link)
                for room in ("Network", "Log", "Page"):
                    await page.call(f"{room}.enable")
                await page.call("Page.navigate", url=address)
                yield page
                page._reader.cancel()
    finally:
        process.terminate()
        process.wait(20)
