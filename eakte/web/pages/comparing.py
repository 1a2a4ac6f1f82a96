"""Two versions of a document side by side: a page of each, with the words marked that the other has not."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.bootstrap import Backends
from eakte.errors import NotFound
from eakte.language import _
from eakte.models import Case, Document, Version
from eakte.operations.documents import digests_of, list_versions, log_look, open_document, opened, words_of_page
from eakte.operations.page_hits import frame_of
from eakte.terms import Actor
from eakte.web.pages.asking import Person, frame_in, page
from eakte.web.pages.document_pages import page_images, rects
from eakte.web.pages.document_view import asked_number, document_path
from eakte.web.rendering import stamp
from eakte.web.views import Choice, CompareView, Link, Side
from indexing.comparing import different_words
from indexing.words import PageWords, page_text, read_pages

router = APIRouter(include_in_schema=False)
MOST_PAGES = 300
"""Pages of each version whose text is read to say which differ."""


@router.get("/dokumente/{document_id}/vergleich")
def show(request: Request, actor: Person, document_id: uuid.UUID) -> Response:
    """The two newest versions unless the address names others."""
    backends = get_backends(request)
    with backends.transactions.read() as session:
        view = _view(session, backends, actor, document_id, request)
        frame = frame_in(session, request, actor, area="files")
    # Before the first byte is sent: a look that cannot be logged is none.
    log_look(backends.transactions, actor, document_id)
    return page("vergleich.html", frame=frame, view=view)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address names: two versions and a page of each."""

    document: uuid.UUID
    before: int
    after: int
    left: int
    right: int

    def address(self, *, left: int | None = None, right: int | None = None) -> str:
        """The same two versions at other pages."""
        pages = {"s": left or self.left, "t": right or self.right}
        query = {"a": self.before, "b": self.after, **pages}
        return f"/dokumente/{self.document}/vergleich?{urlencode(query)}"


def _view(session: Session, backends: Backends, actor: Actor, document_id: uuid.UUID, request: Request) -> CompareView:
    found = open_document(session, actor, document_id)
    document, dossier = found.document, found.dossier
    versions = {row.number: row for row in list_versions(session, document)}
    file_case = session.get(Case, document.case_id) if document.case_id else None
    view = CompareView(
        id=str(document.id),
        title=document.title,
        path=(
            *document_path(session, document, dossier, file_case),
            Link(document.title, f"/dokumente/{document.id}"),
        ),
        versions=tuple(Choice(str(number), _("Fassung %(number)s", number=number)) for number in versions),
    )
    if len(versions) < 2:  # noqa: PLR2004 - two are compared
        return view
    query = request.query_params
    asked = _Asked(
        document.id,
        asked_number(query.get("a"), default=document.version - 1),
        asked_number(query.get("b"), default=document.version),
        max(1, asked_number(query.get("s"), default=1)),
        max(1, asked_number(query.get("t"), default=asked_number(query.get("s"), default=1))),
    )
    if asked.before not in versions or asked.after not in versions:
        raise NotFound
    return _compared(session, backends, document, versions[asked.before], versions[asked.after], asked, view)


def _compared(
    session: Session,
    backends: Backends,
    document: Document,
    before: Version,
    after: Version,
    asked: _Asked,
    view: CompareView,
) -> CompareView:
    left, right = _side(document, before, asked.left), _side(document, after, asked.right)
    words = [_words(session, backends, before, asked.left), _words(session, backends, after, asked.right)]
    found = different_words(_texts(words[0]), _texts(words[1])) if words[0] and words[1] else None
    why_not = ""
    if found is None:
        missing = _("Eine der beiden Seiten hat keinen Text, der sich vergleichen lässt.")
        why_not = (
            missing if None in words else _("Auf einer der beiden Seiten stehen zu viele Wörter für einen Vergleich.")
        )
    gone, new, places = found or (frozenset(), frozenset(), None)
    left, right = _marked(left, words[0], gone), _marked(right, words[1], new)
    last = max(left.pages, right.pages)
    following = asked.address(left=asked.left + 1, right=asked.right + 1)
    earlier = asked.address(left=max(1, asked.left - 1), right=max(1, asked.right - 1))
    differing, more = _differing(session, backends, before, after)
    return replace(
        view,
        left=replace(
            left,
            previous=asked.address(left=asked.left - 1) if asked.left > 1 else "",
            next=asked.address(left=asked.left + 1) if asked.left < left.pages else "",
        ),
        right=replace(
            right,
            previous=asked.address(right=asked.right - 1) if asked.right > 1 else "",
            next=asked.address(right=asked.right + 1) if asked.right < right.pages else "",
        ),
        places=places,
        why_not=why_not,
        differing=tuple(Link(str(number), asked.address(left=number, right=number)) for number in differing),
        more=more,
        previous=earlier if max(asked.left, asked.right) > 1 else "",
        next=following if max(asked.left, asked.right) < last else "",
    )


def _side(document: Document, version: Version, number: int) -> Side:
    pages = page_images(document, version)
    day = stamp(version.created_at).striptags()
    detail = _("Fassung %(number)s vom %(day)s", number=version.number, day=day)
    side = Side(version.number, detail, number, len(pages))
    if number > len(pages):
        return side
    shown = pages[number - 1]
    return replace(side, image=shown.image, width=shown.width, height=shown.height)


def _words(session: Session, backends: Backends, version: Version, number: int) -> PageWords | None:
    if version.words is None:
        return None
    try:
        return words_of_page(backends.blobs, version.words, digests_of(session, version.words), number)
    except NotFound:
        return None


def _texts(layer: PageWords | None) -> list[str]:
    return [each.text for each in layer.words] if layer else []


def _marked(side: Side, layer: PageWords | None, marked: Collection[int]) -> Side:
    """The side with its text, marked where the other differs; boxes are in the extent of the words."""
    if layer is None:
        return side
    lines = []
    numbered = list(enumerate(layer.words))
    for _line, group in groupby(numbered, key=lambda each: each[1].line):
        pieces = groupby(group, key=lambda each: each[0] in marked)
        lines.append(tuple((" ".join(word.text for _index, word in words), other) for other, words in pieces))
    marks = rects(frame_of(word, number) for number, word in numbered if number in marked)
    return replace(side, width=layer.width, height=layer.height, marks=marks, text=tuple(lines))


def _differing(session: Session, backends: Backends, before: Version, after: Version) -> tuple[Sequence[int], bool]:
    """The pages whose text is not that of the same page of the other version; and whether there were more to read."""
    texts = [_page_texts(session, backends, version) for version in (before, after)]
    if not texts[0] or not texts[1]:
        return [], False
    most = max(len(texts[0]), len(texts[1]))
    padded = [each + [""] * (most - len(each)) for each in texts]
    found = [number for number, (one, other) in enumerate(zip(*padded, strict=True), start=1) if one != other]
    return found, most == MOST_PAGES


def _page_texts(session: Session, backends: Backends, version: Version) -> list[str]:
    if version.words is None:
        return []
    with opened(backends.blobs, version.words, digests_of(session, version.words)) as reader:
        return [page_text(layer) for layer in islice(read_pages(reader), MOST_PAGES)]
