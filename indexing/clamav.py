"""Asking a ClamAV daemon about bytes while they pass by: the client's side of INSTREAM (clamd(8)).

Knows the daemon's address and its protocol, nothing about files, people or settings. Only one answer counts as clean:
`stream: OK` after the last byte. Silence, a lost connection and every other word are errors, so an absent, slow or
broken daemon lets nothing pass.
"""

import re
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote, urlsplit

from indexing.errors import IndexingError

_LENGTH: Final = struct.Struct(">I")
_PIECE: Final = 1 << 20
_ANSWER_BYTES: Final = 4096
_CONNECT_SECONDS: Final = 5.0
_FOUND: Final = re.compile(r"stream: (.{1,200}) FOUND")
_TOO_LONG: Final = "size limit exceeded"
_NOT_LOOKED_AT: Final = "Heuristics.Limits.Exceeded"
"""What clamd "finds" with `AlertExceedsMax yes` in a file that is larger or deeper than it looks."""

# The test file that every scanner must report (EICAR, 2006), in two parts: this module shall not be reported itself.
_TEST_FILE: Final = (rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$", rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*")


class ScanFailed(IndexingError):
    """Die Virenprüfung ist nicht erreichbar oder hat nicht geantwortet."""


class NotScanned(ScanFailed):
    """Die Datei ist größer oder tiefer verschachtelt, als die Virenprüfung sie prüft."""


class Infected(ScanFailed):
    """In der Datei wurde Schadsoftware gefunden.

    Attributes:
        signature: What the scanner calls it: printable, at most 200 characters.
    """

    def __init__(self, signature: str) -> None:
        super().__init__(signature)
        self.signature = signature


class Clamd:
    """A ClamAV daemon at ``tcp://host:port`` or ``unix:///path``; one connection a scan, safe in many threads.

    Args:
        url: Its address; ValueError for any other form.
        seconds: How long the daemon may take for one step: to take a piece, and to judge once all has been sent. Its
            own limit for judging (``MaxScanTime``) is 120 seconds.
    """

    def __init__(self, url: str, *, seconds: float = 150.0) -> None:
        parts = urlsplit(url)
        self._unix = unquote(parts.path) if parts.scheme == "unix" and not parts.netloc else ""
        self._tcp = (parts.hostname or "", parts.port or 0) if parts.scheme == "tcp" else ("", 0)
        if not self._unix and not all(self._tcp):
            raise ValueError(f"neither tcp://host:port nor unix:///path: {url}")
        self._seconds = seconds

    def version(self) -> str:
        """Program, signatures and their day, as the daemon says it. Raises ScanFailed."""
        with self._connected() as line:
            self._say(line, b"zVERSION\0")
            return self._answer(line)

    def prove(self) -> None:
        """Have the EICAR test file found; raises ScanFailed where it is not, as by a daemon without signatures."""
        try:
            for _ in self.passing(_TEST_FILE):
                pass
        except Infected:
            return
        raise ScanFailed("the EICAR test file was not found")

    def passing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the chunks on while the daemon sees them too; ends without an error only when it called them clean.

        Whoever draws must draw to the end before the bytes count: the verdict comes after the last one. What the
        chunks' own iterator raises passes through.

        Raises:
            Infected: Something was found.
            NotScanned: The daemon does not look at files of this size (``StreamMaxLength``, ``MaxFileSize``, …).
            ScanFailed: No answer, or one that is none.
        """
        with self._connected() as line:
            self._say(line, b"zINSTREAM\0")
            for chunk in chunks:
                for start in range(0, len(chunk), _PIECE):  # an empty one would end the stream
                    piece = chunk[start : start + _PIECE]
                    self._say(line, _LENGTH.pack(len(piece)) + piece)
                yield chunk
            self._say(line, _LENGTH.pack(0))
            _judge(self._answer(line))

    def _connected(self) -> socket.socket:
        try:
            if not self._unix:
                return socket.create_connection(self._tcp, _CONNECT_SECONDS)
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(_CONNECT_SECONDS)
            try:
                line.connect(self._unix)
            except OSError:
                line.close()
                raise
        except OSError as error:
            raise ScanFailed(str(error)) from error
        return line

    def _say(self, line: socket.socket, data: bytes) -> None:
        line.settimeout(self._seconds)
        try:
            line.sendall(data)
        except OSError as error:
            # It says why it hangs up (the stream is too long), and that can still be read.
            said = self._said(line)
            kind = NotScanned if _TOO_LONG in said else ScanFailed
            raise kind(f"{error} {said}".strip()) from error

    def _answer(self, line: socket.socket) -> str:
        if said := self._said(line):
            return said
        raise ScanFailed("no answer")

    def _said(self, line: socket.socket) -> str:
        """One answer, up to its NUL, as one printable line; empty where none came in time."""
        deadline = time.monotonic() + self._seconds
        data = b""
        while b"\0" not in data and len(data) < _ANSWER_BYTES:
            line.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                piece = line.recv(_ANSWER_BYTES)
            except OSError:
                return ""
            if not piece or time.monotonic() > deadline:
                return ""
            data += piece
        text = data.partition(b"\0")[0].decode("utf-8", "replace")
        return "".join(character for character in text if character.isprintable())


def _judge(said: str) -> None:
    if said == "stream: OK":
        return
    found = _FOUND.fullmatch(said)
    if found and not found[1].startswith(_NOT_LOOKED_AT):
        raise Infected(found[1])
    if found or _TOO_LONG in said:
        raise NotScanned(said)
    raise ScanFailed(f"unexpected answer: {said[:200]}")
