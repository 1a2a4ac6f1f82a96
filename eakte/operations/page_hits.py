"""Where the words of a question stand in a document: on which pages, and the frames around them on the page images."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from eakte.errors import ContentDamaged
from eakte.models import Version
from eakte.operations.documents import digests_of, opened, text_of
from indexing.passages import matching_words, pages_with, windows
from indexing.search import Entry
from indexing.search_errors import TermsUnreadable
from indexing.terms import terms_from_bytes
from indexing.words import PageWords, Word, page_text, read_pages
from storage.blobs import BlobStore

logger = logging.getLogger(__name__)

ROOM = 0.15
"""Space around a framed word, as a part of its height."""


@dataclass(frozen=True, slots=True)
class WordFrame:
    """The frame around a word of a page, in the page's width and height; `word` is its place in the page's words."""

    word: int
    x: float
    y: float
    width: float
    height: float


def entries_of(session: Session, blobs: BlobStore, version: Version) -> tuple[Entry, ...]:
    """The windows of a version. One damaged blob must not keep all other documents out of the index."""
    if version.terms is not None:
        try:
            with opened(blobs, version.terms, digests_of(session, version.terms)) as reader:
                return terms_from_bytes(reader.read())
        except (TermsUnreadable, ContentDamaged):
            # Damaged, or made by another version of the analyser: made anew from the word layer, which does not age.
            logger.warning("stored terms are not usable", extra={"blob": version.terms})
    if version.words is None:
        return ()
    try:
        return windows(text_of(blobs, version.words, digests_of(session, version.words)))
    except ContentDamaged:
        # The title is still found; `storage verify` names both blobs.
        logger.warning("the word layer is not usable", extra={"blob": version.words})
        return ()


def pages_found(session: Session, blobs: BlobStore, version: Version, query: str) -> Sequence[int]:
    """The pages of a version on which words of a question stand, found as the search finds them."""
    return pages_with(entries_of(session, blobs, version), query) if query else []


def frames_on(
    session: Session, blobs: BlobStore, version: Version, pages: Iterable[int], query: str
) -> Mapping[int, tuple[WordFrame, ...]]:
    """The frames on some pages of a version. Raises ContentDamaged or StorageFailed."""
    if version.words is None:
        return {}
    with opened(blobs, version.words, digests_of(session, version.words)) as reader:
        return {layer.page: frames(layer, query) for layer in read_pages(reader, pages)}


def frames(layer: PageWords, query: str) -> tuple[WordFrame, ...]:
    """The frames around the words of a page that fit a question."""
    return tuple(frame_of(layer.words[place], place) for place in matching_words(page_text(layer), query))


def frame_of(word: Word, place: int) -> WordFrame:
    """The frame around a word, with a little room so that it does not touch the letters."""
    left, top, right, bottom = word.box
    room = round(ROOM * (bottom - top), 1)
    return WordFrame(place, left - room, top - room, right - left + 2 * room, bottom - top + 2 * room)
