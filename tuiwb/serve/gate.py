"""Who is let in: every address begins with the token.

In the path it comes with each request, the WebSocket's too. A cookie would not do: it is sent to
every port of this host, and so to whoever else serves something on it.
"""

from __future__ import annotations

import hmac
import re
import secrets

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from tuiwb.base.errors import UserError

_FORM = re.compile(r"[A-Za-z0-9_-]{16,256}")
_HEADERS = {
    # nothing from elsewhere, inside nothing from elsewhere, and no word of the token to elsewhere
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
        " font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_CLOSED = "tuiwb: this needs the whole address that `tuiwb serve` has printed, with its token.\n"


def new_token() -> str:
    """A token that nobody guesses: 192 random bits."""
    return secrets.token_urlsafe(24)


def checked(token: str) -> str:
    """A token that somebody chose; `UserError` where it is short, or no part of an address."""
    if not _FORM.fullmatch(token):
        raise UserError(
            "this token will not do",
            where="--token",
            found=f"{len(token)} characters",
            allowed="16 to 256 letters, digits, - and _: whoever guesses it may do what you may do",
            next="leave it out, and one is made and printed",
        )
    return token


def gate(token: str) -> Middleware:
    """Lets through what has ``token`` as the first part of its path, and answers 403 to the rest,
    be there anything behind that address or not."""
    wanted = token.encode()

    @web.middleware
    async def let_in(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.path.split("/", 2)[1]
        if not hmac.compare_digest(given.encode("utf-8", "replace"), wanted):
            return web.Response(status=403, text=_CLOSED, headers=_HEADERS)
        return await handler(request)

    return let_in


async def mark(request: web.Request, response: web.StreamResponse) -> None:
    """Put on every answer what keeps the page to itself."""
    response.headers.update(_HEADERS)
