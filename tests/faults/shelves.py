"""How the checker reads blobs past the product: as files, or from an S3 server with requests signed here.

Imports nothing of eakte, of its engines, and no S3 library: what signs the product's requests may be what is wrong.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from xml.etree import ElementTree as ET


class Shelf(Protocol):
    """Where blobs lie."""

    def read(self, name: str) -> bytes | None:
        """The bytes of a blob; None when there is none."""

    def names(self, prefix: str) -> list[str]:
        """The names that begin so, in order."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Blobs as files; `path` is where their names begin."""

    path: Path

    def read(self, name: str) -> bytes | None:
        """See `Shelf.read`."""
        path = self.path / name
        return path.read_bytes() if path.is_file() else None

    def names(self, prefix: str) -> list[str]:
        """See `Shelf.names`."""
        files = (path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file())
        return sorted(name for name in files if name.startswith(prefix))


@dataclass(frozen=True, slots=True)
class Bucket:
    """Blobs on an S3 server: `s3://KEY:SECRET@HOST:PORT/BUCKET` without TLS."""

    url: str

    def read(self, name: str) -> bytes | None:
        """See `Shelf.read`. Raises AssertionError for any answer but the blob or its absence."""
        status, content = self._get(f"/{quote(name)}", "")
        if status == http.client.NOT_FOUND and b"<Code>NoSuchKey</Code>" in content:
            return None
        assert status == http.client.OK, f"{status} for {name}: {content[:300]!r}"
        return content

    def names(self, prefix: str) -> list[str]:
        """See `Shelf.names`."""
        found: list[str] = []
        after = ""
        while True:
            query = {"list-type": "2", "prefix": prefix, "start-after": after}
            status, content = self._get("/", urlencode(sorted(query.items()), quote_via=quote, safe=""))
            assert status == http.client.OK, f"{status} for the list: {content[:300]!r}"
            root = ET.fromstring(content)  # noqa: S314 - of a server that the test started
            found += [key.text or "" for key in root.iterfind("{*}Contents/{*}Key")]
            if root.findtext("{*}IsTruncated") != "true":
                return sorted(found)
            after = found[-1]

    def _get(self, path: str, query: str) -> tuple[int, bytes]:
        parts = urlsplit(self.url)
        host = f"{parts.hostname}:{parts.port}"
        whole = f"{parts.path}{path}"
        headers = _signed(host, whole, query, parts.username or "", parts.password or "")
        connection = http.client.HTTPConnection(host, timeout=60)
        try:
            connection.request("GET", f"{whole}?{query}" if query else whole, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def _signed(host: str, path: str, query: str, key: str, secret: str) -> dict[str, str]:
    """The headers of a GET by AWS Signature Version 4, straight from its description."""
    assert parse_qsl(query, keep_blank_values=True) == sorted(parse_qsl(query, keep_blank_values=True))
    at = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    day, nothing = at[:8], hashlib.sha256(b"").hexdigest()
    headers = {"host": host, "x-amz-content-sha256": nothing, "x-amz-date": at}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"GET\n{path}\n{query}\n{lines}\n{names}\n{nothing}"
    scope = f"{day}/us-east-1/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signing = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        signing = hmac.digest(signing, part.encode(), "sha256")
    signature = hmac.digest(signing, text.encode(), "sha256").hex()
    credential = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": credential}
