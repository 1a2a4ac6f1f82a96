"""What cannot even be read as HTTP is answered below the application; here it gets the form of every other error."""

from __future__ import annotations

import sys

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from eakte.api.problems import unreadable

TOO_LONG = 431
"""Request Header Fields Too Large (RFC 6585 section 5)."""


class ProblemProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with problem details (RFC 9457) for broken requests and headers of more than 64 KB."""

    def send_400_response(self, msg: str) -> None:
        """Answer a request that h11 refused, and close: what follows on the connection means nothing."""
        del msg
        error = sys.exc_info()[1]
        hint = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        answer = unreadable(hint if hint == TOO_LONG else 400)
        headers = [*answer.raw_headers, (b"connection", b"close")]
        for event in (
            h11.Response(status_code=answer.status_code, headers=headers),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
