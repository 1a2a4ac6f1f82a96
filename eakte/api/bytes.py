"""Sending blobs: ranges, safe headers, every block checked before it leaves."""

from __future__ import annotations

import itertools
import re
import zipfile
from collections.abc import Iterator
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from eakte.api.problems import problem
from eakte.errors import ContentDamaged, NotFound, StorageFailed
from eakte.language import _
from eakte.operations.documents import opened
from indexing.words import member
from storage.blobs import BlobStore, Digests
from storage.errors import BlobDamaged, BlobMissing, StorageError
from storage.verified import read_verified

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

SAFE_TO_SHOW = frozenset({"application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif", "text/plain"})
"""Types that a browser shows without running anything; all others are offered as a download."""

CONTENT_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Nothing in a stored file may run, load or be framed, whatever it claims to be.
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "Cache-Control": "private, no-store",
    "Accept-Ranges": "bytes",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def blob_response(
    request: Request, blobs: BlobStore, name: str, digests: Digests, *, media_type: str, filename: str
) -> Response:
    """A blob as an answer: 200, 206 for one range (RFC 9110 section 14.2), 304 for a known ETag, 416.

    A damaged first block is a problem of its own (ContentDamaged); a later one breaks the answer off before it: the
    client sees a broken transfer, never wrong bytes.
    """
    tag = f'"{digests.sha256.hex()}"'
    shown = media_type.partition(";")[0].strip().lower()
    way = "inline" if shown in SAFE_TO_SHOW else "attachment"
    headers = {
        **CONTENT_HEADERS,
        "ETag": tag,
        "Content-Disposition": f"{way}; {_file_name(filename)}",
    }
    if _known(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    span = _span(request.headers.get("range"), request.headers.get("if-range"), tag, digests.size)
    if span is None:
        answer = problem(
            request,
            kind="range",
            title=_("Die Datei hat %(size)s Byte; dieser Bereich liegt außerhalb.", size=digests.size),
            status=416,
        )
        answer.headers["Content-Range"] = f"bytes */{digests.size}"
        return answer
    start, length, partial = span
    headers["Content-Length"] = str(length)
    if partial:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{digests.size}"
    kind = shown if shown in SAFE_TO_SHOW else "application/octet-stream"
    return StreamingResponse(
        _bytes(blobs, name, digests, start, length),
        status_code=206 if partial else 200,
        headers=headers,
        media_type=f"{kind}; charset=utf-8" if kind == "text/plain" else kind,
    )


def page_image(blobs: BlobStore, name: str, digests: Digests, page: int, *, fixed: bool) -> Response:
    """One page image out of its archive. `fixed`: the address names a version, whose bytes never change."""
    with opened(blobs, name, digests) as reader, zipfile.ZipFile(reader) as archive:
        try:
            content = archive.read(member(page, "webp"))
        except KeyError:
            raise NotFound from None
    headers = {**CONTENT_HEADERS, "Cache-Control": "private, max-age=3600" if fixed else "private, no-cache"}
    del headers["Accept-Ranges"]  # of the archive, not of the page
    return Response(content, media_type="image/webp", headers=headers)


def _bytes(blobs: BlobStore, name: str, digests: Digests, start: int, length: int) -> Iterator[bytes]:
    """The bytes; the first block is read at once, so that a fault is told before the answer begins."""
    try:
        blocks = read_verified(blobs, name, digests, start, length)
        first = next(blocks, b"")
    except (BlobDamaged, BlobMissing) as error:
        raise ContentDamaged(str(error)) from error
    except StorageError as error:
        raise StorageFailed(str(error)) from error
    return itertools.chain((first,), blocks)


def _file_name(name: str) -> str:
    """The name twice, as RFC 6266 section 4.3 advises: plain for those who know only that, and as it is called."""
    plain = "".join(letter if letter.isascii() and letter not in '"\\%' else "_" for letter in name)
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _known(given: str, tag: str) -> bool:
    """Whether If-None-Match names the tag; a weak one counts as well (RFC 9110 section 13.1.2)."""
    return given.strip() == "*" or tag in [part.strip().removeprefix("W/") for part in given.split(",")]


def _span(given: str | None, if_range: str | None, tag: str, size: int) -> tuple[int, int, bool] | None:
    """(start, length, partial); None when the range lies outside. Several ranges are answered with the whole."""
    match = _RANGE.fullmatch(given.strip()) if given else None
    if match is None or match[0] == "bytes=-" or (if_range is not None and if_range.strip() != tag):
        return 0, size, False
    first, last = match[1], match[2]
    if not first:
        length = min(int(last), size)
        return (size - length, length, True) if length else None
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if start >= size or end < start:
        return None
    return start, end - start + 1, True
