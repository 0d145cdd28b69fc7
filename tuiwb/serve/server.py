"""The page, the terminal's own files and a WebSocket to a workbench: that is all there is."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import textual_serve
from aiohttp import web

from tuiwb.base.errors import UserError
from tuiwb.serve.gate import gate, mark
from tuiwb.serve.tab import Tab, cells, talk, workbench_command

PAGE = Path(__file__).with_name("page.html")
STATIC = Path(textual_serve.__file__).with_name("static")
_OPEN = web.AppKey("open", set[Tab])


def application(token: str, command: Sequence[str] | None = None) -> web.Application:
    """What is served. ``command`` starts the workbench of a tab."""
    started = tuple(command or workbench_command())

    async def page(request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE)

    async def to_page(request: web.Request) -> web.StreamResponse:
        raise web.HTTPSeeOther(f"/{token}/")  # so that the page's own addresses begin with it

    async def terminal(request: web.Request) -> web.WebSocketResponse:
        link = web.WebSocketResponse(heartbeat=15)
        await link.prepare(request)
        tab = Tab(link, started)
        request.app[_OPEN].add(tab)
        try:
            width, height = (request.query.get(side) for side in ("width", "height"))
            await tab.start(cells(width, 80), cells(height, 24))
            await talk(link, tab)
        finally:
            await tab.stop()
            request.app[_OPEN].discard(tab)
        return link

    async def close_all(app: web.Application) -> None:
        await asyncio.gather(*(tab.stop() for tab in app[_OPEN]))

    app = web.Application(middlewares=[gate(token)])
    app[_OPEN] = set()
    app.on_response_prepare.append(mark)
    app.on_shutdown.append(close_all)
    app.add_routes(
        [
            web.get(f"/{token}", to_page),
            web.get(f"/{token}/", page),
            web.get(f"/{token}/ws", terminal),
            web.static(f"/{token}/static", STATIC),
        ]
    )
    return app


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; `UserError` where that cannot be."""
    where = f"{host}:{port}"
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except socket.gaierror as error:
        raise UserError(
            f"there is no host of this name: {error.strerror}", where="--host", found=host,
            allowed="127.0.0.1, an address of this machine, or 0.0.0.0 for all of them",
        ) from None  # fmt: skip
    except OverflowError:
        raise UserError(
            "there is no such port", where="--port", found=str(port), allowed="1 to 65535"
        ) from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UserError(
                f"port {port} is taken: another program listens there, or another tuiwb serve",
                where=where,
                next=f"tuiwb serve --port {port % 65535 + 1}; --port 0 takes one that is free",
            ) from None
        raise UserError(
            f"cannot listen there: {error.strerror}", where=where,
            allowed="an address of this machine, and a port from 1024 on",
        ) from None  # fmt: skip


def address(at: socket.socket, token: str) -> str:
    """What to open in a browser."""
    host, port = at.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = socket.gethostname()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/{token}/"


def serve(at: socket.socket, token: str, command: Sequence[str] | None = None) -> None:
    """Serve until an interrupt or a signal to end. Runs go on training."""
    quiet: Callable[..., None] = lambda *_: None  # noqa: E731
    web.run_app(
        application(token, command), sock=at, access_log=None, print=quiet, shutdown_timeout=10
    )
