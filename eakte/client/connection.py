"""HTTP for the client: one connection, errors as problems, repeating what may be repeated, files as streams."""

from __future__ import annotations

import json
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import httpx2

from eakte.client.problems import UNREACHABLE, EakteProblem
from eakte.language import _

API = "/api/v1"
PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each repetition."""
LONGEST_PAUSE = 30.0

Query = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class File:
    """A file to be sent: a path, bytes, or something open for reading that can be read from its start.

    `name` is what eakte shall call it; for a path its own name unless given.
    """

    content: Path | bytes | BinaryIO
    name: str | None = None
    media_type: str = "application/octet-stream"

    @classmethod
    def of(cls, given: File | Path | str) -> File:
        """A path as a file."""
        return given if isinstance(given, File) else cls(Path(given))

    @property
    def filename(self) -> str:
        """What it is called."""
        return self.name or (self.content.name if isinstance(self.content, Path) else "unbenannt")


class Connection:
    """Requests as one account; they may run side by side in several threads."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        ca: Path | None,
        timeout: float,
        pauses: Sequence[float],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        verify: ssl.SSLContext | bool = True if ca is None else ssl.create_default_context(cafile=str(ca))
        self._http = httpx2.Client(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}", "User-Agent": "eakte-client"},
            timeout=timeout,
            verify=verify,
        )
        self._pauses = tuple(pauses)
        self.sleep = sleep

    def close(self) -> None:
        """Close it."""
        self._http.close()

    def get(self, path: str, query: Query | None = None) -> Any:
        """The JSON of an address."""
        return self._send("GET", path, params=_told(query)).json()

    def get_bytes(self, path: str, query: Query | None = None) -> bytes:
        """The bytes of an address."""
        return self._send("GET", path, params=_told(query)).content

    def pages(self, path: str, query: Query | None = None) -> Iterator[Any]:
        """The items of a list, asked for page by page as they are drawn."""
        page = self.get(path, query)
        while True:
            yield from page["items"]
            if "next" not in page:
                return
            page = self.follow(page["next"])

    def follow(self, path: str) -> Any:
        """The next page of a list, at the path that the one before names."""
        return self._send("GET", path, whole=True).json()

    def post(self, path: str, body: object = None, *, revision: int | None = None) -> Any:
        """An act that is no making: repeated only where it never arrived."""
        return self._send("POST", path, json=body if body is not None else {}, headers=_match(revision)).json()

    def make(self, path: str, body: object, *, revision: int | None = None) -> Any:
        """Make something. A lost answer is asked for again under the same key, so nothing is made twice."""
        return self._send("POST", path, json=body, headers=_match(revision) | _new_key(), repeatable=True).json()

    def patch(self, path: str, body: object, *, revision: int) -> Any:
        """Change what was read in that revision."""
        return self._send("PATCH", path, json=body, headers=_match(revision)).json()

    def put(self, path: str, body: object, *, revision: int | None = None) -> Any:
        """Say how something is. Twice is once, so it may be repeated where no revision is compared."""
        return self._send("PUT", path, json=body, headers=_match(revision), repeatable=revision is None).json()

    def delete(self, path: str) -> None:
        """Take something away."""
        self._send("DELETE", path)

    def upload(
        self, path: str, metadata: Mapping[str, Any], files: Mapping[str, File], *, revision: int | None = None
    ) -> Any:
        """The metadata, then the files by the names of their parts, as a stream in constant memory."""
        with ExitStack() as stack:
            parts: list[tuple[str, Any]] = [("metadata", (None, json.dumps(metadata), "application/json"))]
            for name, file in files.items():
                content = file.content
                source = stack.enter_context(content.open("rb")) if isinstance(content, Path) else content
                parts.append((name, (file.filename, source, file.media_type)))
            headers = _match(revision) | _new_key()
            return self._send("POST", path, files=parts, headers=headers, repeatable=True).json()

    def download(self, path: str, target: Path, query: Query | None = None) -> Path:
        """The bytes of an address into a file, as a stream; the file is there whole or not at all."""
        partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        try:
            self._repeated(lambda: self._stream(path, partial, query), repeatable=True)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return target

    def _stream(self, path: str, target: Path, query: Query | None) -> httpx2.Response:
        with self._http.stream("GET", API + path, params=_told(query)) as response, target.open("wb") as file:
            if response.is_success:
                for chunk in response.iter_bytes():
                    file.write(chunk)
            else:
                response.read()
            return response

    def _send(
        self, method: str, path: str, *, repeatable: bool = False, whole: bool = False, **options: Any
    ) -> httpx2.Response:
        address = path if whole else API + path
        if not address.startswith(f"{API}/"):
            # The path of a next page: the token goes to no other place than the one it is for (`//host/…` is one).
            title = _("Das ist kein Pfad dieses Dienstes: %(path)s", path=path)
            raise EakteProblem(kind="invalid-answer", status=0, title=title)
        return self._repeated(
            lambda: self._http.request(method, address, **options), repeatable=repeatable or method == "GET"
        )

    def _repeated(self, ask: Callable[[], httpx2.Response], *, repeatable: bool) -> httpx2.Response:
        """Ask until there is an answer, as often as there are pauses. Raises EakteProblem."""
        for pause in (*self._pauses, None):
            try:
                response = ask()
            except httpx2.TransportError as error:
                never_arrived = isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout))
                if pause is None or not (repeatable or never_arrived):
                    title = _("eakte ist nicht erreichbar.")
                    raise EakteProblem(kind=UNREACHABLE, status=0, title=title, detail=str(error)) from error
                self.sleep(pause)
                continue
            if response.is_success:
                return response
            # Too many requests (429) is said before anything is done, so any request may come again.
            refused = response.status_code == httpx2.codes.TOO_MANY_REQUESTS
            again = refused or (repeatable and response.status_code == httpx2.codes.SERVICE_UNAVAILABLE)
            if pause is None or not again:
                raise EakteProblem.of(response.status_code, _json(response))
            self.sleep(max(pause, min(_seconds(response), LONGEST_PAUSE)))
        raise AssertionError  # the last round returns or raises


def _told(query: Query | None) -> dict[str, str | int]:
    """What is asked for; booleans as the service reads them, nothing for None."""
    said = {name: value for name, value in (query or {}).items() if value is not None}
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in said.items()}


def _match(revision: int | None) -> dict[str, str]:
    return {} if revision is None else {"If-Match": f'"{revision}"'}


def _new_key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def _json(response: httpx2.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return None


def _seconds(response: httpx2.Response) -> float:
    try:
        return float(response.headers.get("Retry-After", "0"))
    except ValueError:
        return 0.0
