"""The pages of a document as its page shows them: images with the words of a question framed, or a stretch of text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from eakte.bootstrap import Backends
from eakte.models import Document, Version
from eakte.operations.documents import digests_of, text_of
from eakte.operations.page_hits import WordFrame, frames_on
from eakte.web.views import Page, Rect, TextPage, TextStretch

FRAMED_PAGES = 10
"""Pages whose words are framed at once; those of others are fetched when a person comes near them."""
TEXT_PAGES = 20
"""Pages whose text is shown at once."""


def page_images(
    document: Document,
    version: Version,
    query: str = "",
    found: Sequence[int] = (),
    framed: Mapping[int, Sequence[WordFrame]] | None = None,
) -> tuple[Page, ...]:
    """The pages of a version; `found` have words of the question, and those of some are `framed` already."""
    if version.images is None:
        return ()
    framed = framed or {}
    later = set(found) - framed.keys()
    base = f"/api/v1/documents/{document.id}/pages"
    older = {} if version.number == document.version else {"v": version.number}
    suffix = f"?{urlencode(older)}" if older else ""
    asking = f"?{urlencode({**older, 'q': query})}"
    sizes = version.page_sizes or []
    return tuple(
        Page(
            number=number,
            image=f"{base}/{number}/image{suffix}",
            words=f"{base}/{number}/words{asking if number in later else suffix}",
            width=width,
            height=height,
            found=number in later or bool(framed.get(number)),
            hits=rects(framed.get(number, ())),
        )
        for number, (width, height) in enumerate(zip(sizes[::2], sizes[1::2], strict=True), start=1)
    )


def framed_from(
    session: Session, backends: Backends, version: Version, query: str, found: Sequence[int], page: int
) -> Mapping[int, Sequence[WordFrame]]:
    """The frames on the first pages with words of the question from a page on."""
    first = min(bisect_left(found, page), max(len(found) - FRAMED_PAGES, 0))
    near = found[first : first + FRAMED_PAGES]
    return frames_on(session, backends.blobs, version, near, query) if near else {}


def rects(frames: Iterable[WordFrame]) -> tuple[Rect, ...]:
    """Frames as the page draws them."""
    return tuple(Rect(each.x, each.y, each.width, each.height) for each in frames)


def text_stretch(session: Session, backends: Backends, version: Version, page: int) -> TextStretch:
    """The text of the stretch of pages that holds a page."""
    if version.words is None:
        return TextStretch()
    count = len(version.page_sizes or []) // 2
    first = (page - 1) // TEXT_PAGES * TEXT_PAGES + 1
    last = min(first + TEXT_PAGES - 1, count)
    numbers = range(first, last + 1)
    texts = text_of(backends.blobs, version.words, digests_of(session, version.words), numbers)
    return TextStretch(
        tuple(
            TextPage(number, tuple(line for line in text.split("\n") if line.strip()))
            for number, text in zip(numbers, texts, strict=True)
        ),
        earlier=(first - TEXT_PAGES, first - 1) if first > 1 else None,
        later=(last + 1, min(last + TEXT_PAGES, count)) if last < count else None,
    )
