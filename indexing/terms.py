"""The terms of a document as a blob, so that its index entry can be rewritten without reading its text again."""

import json
import struct
import zlib
from collections.abc import Sequence

from indexing.search import Entry
from indexing.search_errors import TermsUnreadable

ANALYSER_VERSION = 1
"""Grows whenever `indexing.german` or `indexing.passages.windows` makes other terms of the same text."""

MAX_TERMS_BYTES = 256 * 2**20
"""Bytes of a blob after decompression, at most: about 30,000 full pages."""

_HEADER = struct.Struct(">4sH")
_MAGIC = b"eaTm"


def terms_to_bytes(entries: Sequence[Entry]) -> bytes:
    """Pack the windows of a document.

    Raises:
        ValueError: larger than `MAX_TERMS_BYTES`.
    """
    body = json.dumps(
        [[e.page, e.stems, e.pieces] for e in entries], ensure_ascii=False, separators=(",", ":")
    ).encode()
    if len(body) > MAX_TERMS_BYTES:
        raise ValueError(f"The terms of the document take {len(body)} bytes; {MAX_TERMS_BYTES} are the limit.")
    return _HEADER.pack(_MAGIC, ANALYSER_VERSION) + zlib.compress(body, 6)


def terms_from_bytes(blob: bytes) -> tuple[Entry, ...]:
    """Unpack what `terms_to_bytes` made.

    Raises:
        TermsUnreadable: damaged, too large, or made by another version of the analyser.
    """
    if len(blob) < _HEADER.size:
        raise TermsUnreadable("The stored terms are cut off.")
    magic, version = _HEADER.unpack_from(blob)
    if magic != _MAGIC:
        raise TermsUnreadable("These are no stored terms.")
    if version != ANALYSER_VERSION:
        raise TermsUnreadable(f"The stored terms are of version {version}, this is version {ANALYSER_VERSION}.")
    reader = zlib.decompressobj()
    try:
        body = reader.decompress(blob[_HEADER.size :], MAX_TERMS_BYTES)
        if not reader.eof:
            raise TermsUnreadable("The stored terms are cut off or too large.")
        return tuple(Entry(int(page), str(stems), str(pieces)) for page, stems, pieces in json.loads(body))
    except (zlib.error, ValueError, TypeError) as error:
        raise TermsUnreadable("The stored terms are damaged.") from error
