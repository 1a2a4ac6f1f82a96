"""The word layer: every word of a page with its box, its confidence and the line it stands in.

On disk it is one ZIP a document version with one member a page (``00001.json``), so that a page is read without the
others. A page's ``width`` and ``height`` are the coordinate system of its boxes, origin at the upper left; a page
image of any size has the same proportions, so boxes scale.
"""

import json
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, Final

from indexing.errors import BadWords

PAGE_BYTES: Final = 16 << 20
"""Longest JSON of a page that is read back; a page of small print has about 150 kB."""

MAX_WORDS: Final = 60_000
MAX_EXTENT: Final = 200_000
MAX_WORD_LENGTH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Word:
    """One word.

    Attributes:
        text: Without white space or control characters, at least one character.
        box: x0, y0, x1, y1 in the page's coordinate system, x0 < x1, y0 < y1.
        confidence: 0 to 100 as the recogniser judged, None for text that came with the file.
        line: Running number of the text line on the page, from 0; a new line starts where it changes.
    """

    text: str
    box: tuple[int, int, int, int]
    confidence: int | None
    line: int


@dataclass(frozen=True, slots=True)
class PageWords:
    """The words of one page in reading order.

    Attributes:
        page: Number from 1.
        width: Extent of the coordinate system.
        height: The same, downwards.
        words: In reading order.
        turned: Degrees clockwise (0, 90, 180, 270) by which the page as received was turned to stand upright; boxes,
        width
            and height are those of the upright page.
    """

    page: int
    width: int
    height: int
    words: tuple[Word, ...]
    turned: int = 0


def page_text(page: PageWords) -> str:
    """The plain text: words joined by spaces, lines by line feeds."""
    return "\n".join(
        " ".join(word.text for word in line) for _, line in groupby(page.words, key=lambda word: word.line)
    )


def cleaned(text: str) -> str:
    """A word's text without white space, control and unassigned characters, cut to the longest that is kept."""
    if text.isprintable() and " " not in text:  # almost every word; a blank is the only white space that is printable
        return text[:MAX_WORD_LENGTH]
    kept = (character for character in text if not character.isspace() and unicodedata.category(character)[0] != "C")
    return "".join(kept)[:MAX_WORD_LENGTH]


def to_json(page: PageWords) -> bytes:
    """The page as one JSON object in UTF-8."""
    words = [
        {"text": word.text, "box": list(word.box), "confidence": word.confidence, "line": word.line}
        for word in page.words
    ]
    shape = {"page": page.page, "width": page.width, "height": page.height, "words": words}
    if page.turned:
        shape["turned"] = page.turned
    return json.dumps(shape, ensure_ascii=False, separators=(",", ":")).encode()


def from_json(untrusted_data: bytes, page: int) -> PageWords:
    """Check and take a page's JSON, whoever wrote it.

    Args:
        untrusted_data: The JSON.
        page: The number the page must have.

    Raises:
        BadWords: It is not a page of words within the bounds of this module.
    """
    if len(untrusted_data) > PAGE_BYTES:
        raise BadWords("page too long")
    try:
        untrusted = json.loads(untrusted_data)
        words = untrusted["words"]
        if not isinstance(words, list) or len(words) > MAX_WORDS or _whole(untrusted["page"], page, page) != page:
            raise BadWords("words")
        width = _whole(untrusted["width"], 1, MAX_EXTENT)
        height = _whole(untrusted["height"], 1, MAX_EXTENT)
        turned = _whole(untrusted.get("turned", 0), 0, 270)
        if turned % 90:
            raise BadWords("turned")
        return PageWords(page, width, height, tuple(_word(entry, width, height) for entry in words), turned)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadWords(f"{type(error).__name__}: {error}"[:200]) from error


def _word(untrusted: Any, width: int, height: int) -> Word:
    text, confidence = untrusted["text"], untrusted["confidence"]
    if not isinstance(text, str) or not text or cleaned(text) != text:
        raise BadWords("text")
    untrusted_x0, untrusted_y0, untrusted_x1, untrusted_y1 = untrusted["box"]
    x0 = _whole(untrusted_x0, 0, width - 1)
    y0 = _whole(untrusted_y0, 0, height - 1)
    box = (x0, y0, _whole(untrusted_x1, x0 + 1, width), _whole(untrusted_y1, y0 + 1, height))
    line = _whole(untrusted["line"], 0, MAX_WORDS)
    return Word(text, box, None if confidence is None else _whole(confidence, 0, 100), line)


def _whole(untrusted: Any, low: int, high: int) -> int:
    if type(untrusted) is not int or not low <= untrusted <= high:
        raise BadWords(f"number outside {low} to {high}")
    return untrusted


def clipped(box: tuple[float, float, float, float], width: int, height: int) -> tuple[int, int, int, int]:
    """The box in whole numbers, inside the page and at least one unit wide and high."""
    x0 = min(max(int(box[0]), 0), width - 1)
    y0 = min(max(int(box[1]), 0), height - 1)
    return x0, y0, min(max(round(box[2]), x0 + 1), width), min(max(round(box[3]), y0 + 1), height)


def member(page: int, suffix: str) -> str:
    """The name of a page's member in the ZIPs of words and of images."""
    return f"{page:05}.{suffix}"


def write_words(path: Path, pages: Iterable[PageWords]) -> None:
    """Write the word layer of a document, pages in their order; an iterator is drawn page by page."""
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for page in pages:
            # A fixed time, so that the same words are the same bytes.
            entry = zipfile.ZipInfo(member(page.page, "json"))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, to_json(page))


def read_page(zip_file: BinaryIO, page: int) -> PageWords:
    """Read one page from a word layer.

    Raises:
        KeyError: The layer has no such page.
        BadWords: The layer is damaged.
    """
    try:
        with zipfile.ZipFile(zip_file) as archive:
            return _read(archive, page)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise BadWords(str(error)) from error


def read_pages(zip_file: BinaryIO, only: Iterable[int] | None = None) -> Iterator[PageWords]:
    """Read the pages of a word layer in their order.

    Args:
        zip_file: The layer.
        only: The numbers of the pages to read; those that the layer has not are left out.

    Raises:
        BadWords: The layer is damaged.
    """
    try:
        with zipfile.ZipFile(zip_file) as archive:
            last = len(archive.infolist())
            for page in range(1, last + 1) if only is None else sorted(only):
                if 1 <= page <= last:
                    yield _read(archive, page)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise BadWords(str(error)) from error


def _read(archive: zipfile.ZipFile, page: int) -> PageWords:
    return from_json(_bytes(archive, page), page)


def _bytes(archive: zipfile.ZipFile, page: int) -> bytes:
    with archive.open(member(page, "json")) as file:
        return file.read(PAGE_BYTES + 1)
