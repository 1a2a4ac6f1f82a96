"""Multipart uploads taken as a stream: the metadata first, then the file, nothing buffered, nothing on disk.

FastAPI would parse a form before any dependency runs, so that somebody without a token could fill the disk before being
told 401. Here the caller checks first and then pulls the body piece by piece.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio.from_thread
from fastapi import Request
from pydantic import BaseModel, ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from eakte.errors import FieldError, InvalidInput
from eakte.language import _, msgid
from eakte.malformed import sentence_of

METADATA_LIMIT = 256 * 1024
"""Bytes of the metadata part."""

BROKEN_OFF = msgid("Die Übertragung brach ab; es wurde nichts gespeichert.")

Said = TypeVar("Said", bound=BaseModel)

HEADER_LIMIT = 16 * 1024
"""Bytes of all headers of a part together; the longest file name has a few hundred."""


def body_chunks(request: Request) -> Iterator[bytes]:
    """The body of a request, pulled from a worker thread. Raises InvalidInput when the client goes away."""
    stream = request.stream().__aiter__()
    while True:
        try:
            chunk = anyio.from_thread.run(_next_of, stream)
        except StopAsyncIteration:
            return
        except ClientDisconnect:
            raise InvalidInput(_(BROKEN_OFF)) from None
        if chunk:
            yield chunk


async def _next_of(stream: AsyncIterator[bytes]) -> bytes:
    return await anext(stream)


@dataclass(frozen=True, slots=True)
class FilePart:
    """The head of a part with a file: its name in the form, and name and type of the file as sent."""

    name: str
    filename: str
    media_type: str


class Multipart:
    """A multipart body: the part `metadata` (JSON object), then files. Raises InvalidInput for every other form.

    `next_file` and `chunks` take turns: the bytes of a file are drawn before the next one is asked for.
    """

    def __init__(self, content_type: str, chunks: Iterator[bytes], *, metadata_limit: int = METADATA_LIMIT) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise InvalidInput(_("Erwartet wird multipart/form-data mit dem Teil metadata und der Datei."))
        self._events: deque[tuple[str, Any]] = deque()
        self._headers: dict[str, str] = {}
        self._header_name = b""
        self._header_value = b""
        self._header_bytes = 0
        self._chunks = chunks
        self._parser = MultipartParser(
            boundary,
            callbacks={
                "on_part_begin": self._on_part_begin,
                "on_header_field": lambda data, start, end: self._on_header(data[start:end], name=True),
                "on_header_value": lambda data, start, end: self._on_header(data[start:end], name=False),
                "on_header_end": self._on_header_end,
                "on_headers_finished": lambda: self._events.append(("part", dict(self._headers))),
                "on_part_data": lambda data, start, end: self._events.append(("data", data[start:end])),
                "on_part_end": lambda: self._events.append(("end", None)),
            },
        )
        self.metadata = self._read_metadata(metadata_limit)

    def next_file(self) -> FilePart | None:
        """The head of the next part; None after the last one."""
        for kind, value in self._pull():
            if kind == "part":
                _disposition, options = parse_options_header(value.get("content-disposition", ""))
                filename = options.get(b"filename", b"").decode("utf-8", "replace")
                media_type = value.get("content-type", "application/octet-stream")[:200]
                return FilePart(_part_name(value), filename, media_type)
        return None

    def chunks(self) -> Iterator[bytes]:
        """The bytes of the file whose head came last.

        They end only when the part is complete, so a broken transfer is an error for whoever stores it, never a shorter
        file.
        """
        for kind, value in self._pull():
            if kind == "data":
                yield value
            elif kind == "end":
                return
        raise InvalidInput(_(BROKEN_OFF))

    def _read_metadata(self, limit: int) -> dict[str, Any]:
        content = bytearray()
        name = None
        for kind, value in self._pull():
            if kind == "part":
                name = _part_name(value)
                if name != "metadata":
                    break
            elif kind == "data":
                content += value
                if len(content) > limit:
                    message = _("Die Angaben sind länger als %(size)s KB.", size=limit // 1024)
                    raise InvalidInput(errors=[FieldError("metadata", message)])
            elif kind == "end":
                return _json_object(bytes(content))
        raise InvalidInput(errors=[FieldError("metadata", _("Der erste Teil muss metadata heißen (JSON)."))])

    def _pull(self) -> Iterator[tuple[str, Any]]:
        """Events in order; more of the body is read only when they run out."""
        while True:
            while self._events:
                yield self._events.popleft()
            chunk = next(self._chunks, None)
            if chunk is None:
                return
            try:
                self._parser.write(chunk)
            except FormParserError:
                raise InvalidInput(_("Der Aufbau der Anfrage (multipart/form-data) ist nicht lesbar.")) from None

    def _on_part_begin(self) -> None:
        self._headers.clear()
        self._header_bytes = 0

    def _on_header(self, piece: bytes, *, name: bool) -> None:
        self._header_bytes += len(piece)
        if self._header_bytes > HEADER_LIMIT:
            raise InvalidInput(_("Der Kopf eines Teils der Anfrage ist länger als 16 KB."))
        if name:
            self._header_name += piece
        else:
            self._header_value += piece

    def _on_header_end(self) -> None:
        # Latin-1 keeps every byte; parse_options_header turns it back, and the words in it are UTF-8 (RFC 7578 5.1).
        self._headers[self._header_name.decode("latin-1").lower()] = self._header_value.decode("latin-1")
        self._header_name = self._header_value = b""


class Upload(Multipart):
    """A body with exactly one file, in the part `file`. `chunks` may be drawn once."""

    def __init__(self, content_type: str, chunks: Iterator[bytes]) -> None:
        super().__init__(content_type, chunks)
        head = self.next_file()
        if head is None or head.name != "file":
            raise InvalidInput(errors=[FieldError("file", _("Der zweite Teil muss file heißen."))])
        self.filename, self.media_type = head.filename, head.media_type

    def chunks(self) -> Iterator[bytes]:
        """The bytes of the file."""
        yield from super().chunks()
        # Looked for to the end: a second file would otherwise be dropped and its sender told that all is well.
        if self.next_file() is not None:
            raise InvalidInput(errors=[FieldError("file", _("Nur eine Datei je Anfrage; es wurde nichts abgelegt."))])


def parsed(kind: type[Said], metadata: dict[str, Any]) -> Said:
    """The metadata as a model. Raises InvalidInput naming the places (`documents[2].received_on`)."""
    try:
        return kind.model_validate(metadata)
    except ValidationError as error:
        raise InvalidInput(
            errors=[FieldError(_place(each["loc"]), sentence_of(each)) for each in error.errors(include_url=False)]
        ) from None


def _place(steps: tuple[int | str, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _part_name(headers: dict[str, str]) -> str:
    _disposition, options = parse_options_header(headers.get("content-disposition", ""))
    return options.get(b"name", b"").decode("utf-8", "replace")


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InvalidInput(errors=[FieldError("metadata", _("metadata ist kein JSON-Objekt."))])
    return value
