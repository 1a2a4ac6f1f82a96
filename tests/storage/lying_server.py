"""A proxy in front of a real S3 server that tells one lie, or keeps silent, and otherwise hands everything on."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class Truth:
    """What the real server answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(slots=True)
class Lies:
    """What is to be told instead.

    Attributes:
        applies: which requests are lied about, by method and path with query.
        tell: makes of the truth what is sent; None breaks the connection off instead.
        before: the real server is not asked at all.
        times: how many requests are lied about; the others get the truth.
        bytes_sent: how much of the body is sent before the connection breaks.
        hang: keep silent until the test ends.
        drip: send the body a byte at a time, as slowly as `hang` allows.
        told: how many lies were told.
    """

    applies: Callable[[str, str], bool] = lambda _method, _path: False
    tell: Callable[[Truth], Truth | None] | None = None
    before: bool = False
    times: int = 1_000_000
    bytes_sent: int | None = None
    hang: bool = False
    drip: bool = False
    told: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def lie_now(self, method: str, path: str) -> bool:
        with self.lock:
            if not self.applies(method, path) or self.told >= self.times:
                return False
            self.told += 1
            return True


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lies: Lies
    target: str

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        lie = self.lies.lie_now(self.command, self.path)
        if lie and self.lies.hang:
            self.lies.over.wait()
            self.close_connection = True
            return
        truth = Truth(200, [], b"") if lie and self.lies.before else self._ask(body)
        told: Truth | None = truth
        if lie and self.lies.tell is not None:
            told = self.lies.tell(truth)
        if told is None:
            self._break_off()
            return
        self.send_response_only(told.status)
        for name, value in told.headers:
            self.send_header(name, value)
        self.end_headers()
        self._send(told.body, lie=lie)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815 - the names that the library calls

    def _ask(self, body: bytes) -> Truth:
        connection = http.client.HTTPConnection(self.target, timeout=60)
        # The signature covers the Host that the client sees: its header goes on as it is.
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        content = answer.read()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() != "transfer-encoding"]
        if "content-length" not in {name.lower() for name, _value in kept} and answer.status not in {204, 304}:
            kept.append(("Content-Length", str(len(content))))
        connection.close()
        return Truth(answer.status, kept, content)

    def _send(self, body: bytes, *, lie: bool) -> None:
        if lie and self.lies.drip:
            for number in range(len(body)):
                if self.lies.over.wait(0.05):
                    return
                self.wfile.write(body[number : number + 1])
                self.wfile.flush()
        elif lie and self.lies.bytes_sent is not None:
            self.wfile.write(body[: self.lies.bytes_sent])
            self._break_off()
        else:
            self.wfile.write(body)

    def _break_off(self) -> None:
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def lying_proxy(target: str) -> Iterator[tuple[str, Lies]]:
    """`host:port` of a proxy in front of another `host:port`, and its lies, to be changed while it runs."""
    lies = Lies()
    handler = type("Handler", (_Proxy,), {"lies": lies, "target": target})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", lies
    finally:
        lies.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
