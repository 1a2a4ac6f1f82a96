"""A way to PostgreSQL that keeps one kind of answer back: that of the COMMIT of an act that spoke a certain word."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

_COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"
"""CommandComplete of the protocol, section 55.7 of PostgreSQL's manual."""


class Withholding:
    """A TCP proxy. A connection on which `word` was sent gets everything but the news of its commit."""

    def __init__(self, target: str, word: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 5432)
        self._word = word.encode()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = parts._replace(
            netloc=f"{parts.username}:{parts.password}@127.0.0.1:{self._listening.getsockname()[1]}",
            query="sslmode=disable",
        ).geturl()
        self.withheld = threading.Semaphore(0)
        """Released for each commit of which nobody was told."""
        self._open: list[socket.socket] = []

    def run(self) -> None:
        """Take connections until closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listening.accept()
                server = socket.create_connection(self._target)
                self._open += [client, server]
                spoken = threading.Event()
                threading.Thread(target=self._forward, args=(client, server, spoken), daemon=True).start()
                threading.Thread(target=self._back, args=(server, client, spoken), daemon=True).start()

    def close(self) -> None:
        """End everything."""
        self._listening.close()
        for each in self._open:
            each.close()

    def _forward(self, client: socket.socket, server: socket.socket, spoken: threading.Event) -> None:
        seen = b""
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                seen = (seen + data)[-len(data) - len(self._word) :]
                if self._word in seen:
                    spoken.set()
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _back(self, server: socket.socket, client: socket.socket, spoken: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                # The answer to COMMIT comes alone: the driver sends nothing behind it before it has arrived.
                if spoken.is_set() and _COMMITTED in data:
                    self.withheld.release()
                    return
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def withholding(target: str, word: str) -> Iterator[Withholding]:
    """The proxy while the block runs."""
    proxy = Withholding(target, word)
    threading.Thread(target=proxy.run, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()
