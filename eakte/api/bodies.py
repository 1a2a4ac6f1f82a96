"""How much of a request is read into memory: the framework reads a JSON body whole, before it asks who sends it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WHOLE_BODY_LIMIT = 2 * 1024 * 1024
"""Bytes of a body that is no upload. The longest sensible one names 300 documents and has fields of 20,000 letters."""


class WholeBodies:
    """ASGI middleware: 413 for a longer body, however it is sent. What is below `prefix` and no upload is watched.

    `uploads` gives the path templates of routes that take their body as a stream and count its bytes themselves.
    """

    def __init__(self, app: ASGIApp, *, prefix: str, uploads: Sequence[str]) -> None:
        self.app = app
        self._prefix = prefix
        self._streams = re.compile("|".join(re.sub(r"\\\{[^{}]*\\\}", "[^/]+", re.escape(path)) for path in uploads))

    def _watched(self, method: str, path: str) -> bool:
        """Routes of other methods read no body; what they stream listens for the end of the connection alone."""
        return (
            method in {"POST", "PUT", "PATCH"}
            and path.startswith(self._prefix)
            and not (method == "POST" and self._streams.fullmatch(path))
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; reading beyond the limit raises HTTPException where the body is read."""
        if scope["type"] != "http" or not self._watched(scope["method"], scope["path"]):
            await self.app(scope, receive, send)
            return
        said, read = Headers(scope=scope).get("content-length", ""), 0

        async def receiving() -> Message:
            nonlocal read
            if said.isdecimal() and int(said) > WHOLE_BODY_LIMIT:
                raise HTTPException(413)
            message = await receive()
            read += len(message.get("body", b""))
            if read > WHOLE_BODY_LIMIT:
                raise HTTPException(413)
            return message

        await self.app(scope, receiving, send)
