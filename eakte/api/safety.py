"""Headers that every answer has, whoever makes it: what a route sets itself stays."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""An answer of the API that somebody opens as a page can do nothing; pages say more themselves."""
TRANSPORT = ("Strict-Transport-Security", "max-age=31536000")
"""RFC 6797, only over TLS. Not for subdomains and not for preload lists: the host belongs to the municipality."""


class SafeHeaders:
    """ASGI middleware that adds the headers; `secure` says that people reach the service by TLS at the proxy."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app = app
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
                if self._secure or scope.get("scheme") == "https":
                    headers.setdefault(*TRANSPORT)
            await send(message)

        await self.app(scope, receive, sending)
