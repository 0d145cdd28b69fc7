"""The process behind an open tab: a workbench that draws into the browser, and ends with it."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from tuiwb.client.process import environment

PATIENCE = 5.0
"""Seconds in which a workbench whose tab was closed may end by itself."""
_LARGEST = 1000


def workbench_command(more: Sequence[str] = ()) -> list[str]:
    """``python -m tuiwb.tui`` with this interpreter; -P as in `worker_command`."""
    return [sys.executable, "-P", "-m", "tuiwb.tui", *more]


def cells(text: str | None, default: int) -> int:
    """A width or height that a browser told: a number that a terminal may have."""
    try:
        return max(10, min(int(text or ""), _LARGEST))
    except ValueError:
        return default


class Tab(AppService):
    """textual-serve's link between a browser and a process, but for how that begins and ends."""

    def __init__(self, socket: web.WebSocketResponse, command: Sequence[str]) -> None:
        async def write_bytes(data: bytes) -> None:
            await socket.send_bytes(data)

        async def write_str(text: str) -> None:
            await socket.send_str(text)

        async def close() -> None:
            await socket.close()

        super().__init__(
            "",
            write_bytes=write_bytes,
            write_str=write_str,
            close=close,
            download_manager=DownloadManager(),
        )
        self._arguments = tuple(command)
        self._ending: asyncio.Task[None] | None = None

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        env = super()._build_environment(width, height)
        env |= {"TERM": "xterm-256color", "PYTHONUTF8": "1"}  # wherever the server was started
        if (home := environment().get("PYTHONPATH")) is not None:
            env["PYTHONPATH"] = home
        return env

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        # no shell: nothing here is to be quoted, and it is the workbench itself that is ended
        self._process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height),
        )
        self._stdin = self._process.stdin
        return self._process

    async def run(self) -> None:
        """Hand on what the workbench draws until it ends, however it does; the page says so."""
        await super().run()
        await self.remote_close()

    async def stop(self) -> None:
        """End the workbench; one that does not end by itself is ended."""
        self._ending = self._ending or asyncio.create_task(self._end())
        await asyncio.shield(self._ending)  # whoever asks, and is not waited for any more

    async def _end(self) -> None:
        process, task = self._process, self._task
        if process is None or task is None:
            return
        await self.send_meta({"type": "quit"})
        for end in (process.terminate, process.kill, lambda: None):
            # who waits reads on: a full pipe would keep it from ending
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(_drained(process, task), PATIENCE)
                break
            with suppress(ProcessLookupError):
                end()
        if not task.cancel() and not task.cancelled():
            task.exception()  # the browser was gone in the midst of a word: nothing to tell


async def _drained(process: Process, task: asyncio.Task[None]) -> None:
    await asyncio.wait({task})
    assert process.stdout is not None
    while await process.stdout.read(1 << 16):
        pass
    await process.wait()


async def talk(socket: web.WebSocketResponse, tab: Tab) -> None:
    """Hand on what the browser says until it is gone; what it should not say is passed over."""
    async for message in socket:
        try:
            kind, *rest = message.json()
            if kind == "stdin":
                await tab.send_bytes(rest[0].encode())
            elif kind == "resize":
                size = rest[0]
                await tab.set_terminal_size(
                    cells(str(size["width"]), 80), cells(str(size["height"]), 24)
                )
            elif kind == "ping":
                await socket.send_json(["pong", rest[0]])
            elif kind in ("blur", "focus"):
                await (tab.blur() if kind == "blur" else tab.focus())
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            continue
