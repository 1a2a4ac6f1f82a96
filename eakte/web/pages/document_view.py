"""What the page of a document shows: its pages with the words of a question marked, properties, versions, proof."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from fastapi import Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eakte.bootstrap import Backends
from eakte.language import _, ngettext
from eakte.models import Case, Document, Dossier, PlanClass, User, Version
from eakte.operations.attachments import relations
from eakte.operations.documents import (
    DocumentView as FoundDocument,
)
from eakte.operations.documents import (
    current_version,
    list_versions,
    open_document,
    view_of,
)
from eakte.operations.page_hits import pages_found
from eakte.terms import Actor, DocumentState
from eakte.web.pages.document_marks import acts, edit_form, marks
from eakte.web.pages.document_pages import framed_from, page_images, text_stretch
from eakte.web.pages.history import entry_of_filing, sentences
from eakte.web.pages.tree import class_address
from eakte.web.rendering import size as size_words
from eakte.web.views import (
    DocumentView,
    Link,
    Neighbours,
    Processing,
    Proof,
    Property,
    VersionRow,
)
from eakte.web.words import word

HISTORY = 5


def document_view(
    session: Session, backends: Backends, actor: Actor, document_id: uuid.UUID, request: Request, *, as_text: bool
) -> DocumentView:
    """The document as the address asks for it: version, page, question, form. Raises NotFound, NotAllowed."""
    asked = request.query_params
    opened = open_document(session, actor, document_id)
    document, dossier = opened.document, opened.dossier
    found = view_of(session, document)
    number = asked_number(asked.get("v"), default=document.version)
    version = found.version if number == document.version else current_version(session, document, number)
    query = asked.get("q", "").strip()[:500]
    file_case = session.get(Case, document.case_id) if document.case_id else None
    words = pages_found(session, backends.blobs, version, query)
    count = len(version.page_sizes or []) // 2
    current = min(asked_number(asked.get("s"), default=0) or next(iter(words), 1), max(count, 1))
    framed = {} if as_text else framed_from(session, backends, version, query, words, current)
    related = relations(session, actor, document)
    possible = acts(actor, opened)
    return DocumentView(
        id=str(document.id),
        title=document.title,
        path=document_path(session, document, dossier, file_case),
        pages=page_images(document, version, query, words, framed),
        properties=_properties(document, version, dossier, file_case, related.source),
        attachments=tuple(Link(each.title, f"/dokumente/{each.id}") for each in related.attachments),
        warnings=tuple(version.warnings or ()),
        current=current,
        query=query,
        version=version.number,
        versions=_version_rows(session, document, may_restore=possible.add_version is not None),
        neighbours=_neighbours(session, document, file_case),
        proof=_proof(session, document, version),
        history=sentences(session, document.id, limit=HISTORY),
        history_href=f"/akten/{dossier.id}/verlauf" if dossier else "",
        processing=_processing(found),
        rendition=version.rendition_state,
        rendition_reason=version.rendition_reason or "",
        filename=version.filename,
        size=version.size,
        text=text_stretch(session, backends, version, current) if as_text else None,
        marks=marks(session, actor, document),
        acts=possible,
        edit=edit_form(document) if possible.edit and asked.get("bearbeiten") else None,
    )


def document_path(
    session: Session, document: Document, dossier: Dossier | None, file_case: Case | None
) -> tuple[Link, ...]:
    """The way to where a document lies."""
    if dossier is None:
        return (Link(_("Posteingang"), f"/posteingang/{document.id}"),)
    row = session.get_one(PlanClass, dossier.plan_class_id)
    links = [
        Link(f"{row.number} {row.title}", class_address(row)),
        Link(f"{dossier.reference_number} {dossier.title}", f"/akten/{dossier.id}"),
    ]
    if file_case is not None:
        links.append(Link(f"{file_case.ordinal} {file_case.title}", f"/akten/{dossier.id}"))
    return tuple(links)


def _properties(
    document: Document, version: Version, dossier: Dossier | None, file_case: Case | None, source: Document | None
) -> tuple[Property, ...]:
    rows: list[Any] = [Property(_("Betreff"), document.title), Property(_("Art"), word(document.kind, "kind"))]
    for label, value in ((_("Absender"), document.sender), (_("Empfänger"), document.addressee)):
        if value:
            rows.append(Property(label, value))
    for label, day in (
        (_("Schreiben vom"), document.written_on),
        (_("Eingegangen"), document.received_on),
        (_("Abgesandt"), document.sent_on),
    ):
        if day:
            rows.append(Property(label, day))
    if source is not None:
        rows.append(Property(_("Anlage zu"), Link(source.title, f"/dokumente/{source.id}")))
    if dossier is not None:
        rows.append(Property(_("Akte"), Link(dossier.reference_number, f"/akten/{dossier.id}")))
    if file_case is not None:
        rows.append(Property(_("Vorgang"), f"{file_case.ordinal} {file_case.title}"))
    rows.append(Property(_("Text"), word(version.text_state, "text"), version.text_reason or ""))
    return tuple(rows)


def _version_rows(session: Session, document: Document, *, may_restore: bool) -> tuple[VersionRow, ...]:
    rows = list_versions(session, document)
    people = session.scalars(select(User).where(User.id.in_({row.created_by for row in rows})))
    names: dict[uuid.UUID | None, str] = {user.id: user.display_name for user in people}
    return tuple(
        VersionRow(
            number=row.number,
            at=row.created_at,
            detail=", ".join(_version_detail(row, names.get(row.created_by, ""))),
            href=f"/dokumente/{document.id}?v={row.number}",
            current=row.number == document.version,
            comment=row.comment or "",
            may_restore=may_restore and row.number != document.version,
        )
        for row in rows
    )


def _version_detail(version: Version, who: str) -> Iterator[str]:
    if who:
        yield who
    yield size_words(version.size)
    if version.pages:
        yield ngettext("%(num)s Seite", "%(num)s Seiten", version.pages)
    if version.restored_from:
        yield _("wie Fassung %(number)s", number=version.restored_from)


def _neighbours(session: Session, document: Document, file_case: Case | None) -> Neighbours | None:
    """Where the document stands among those of its case, else of its dossier, newest first like the list."""
    if document.dossier_id is None or document.cancelled_at is not None:
        return None
    place = (
        Document.case_id == document.case_id
        if document.case_id
        else (Document.dossier_id == document.dossier_id) & Document.case_id.is_(None)
    )
    place &= Document.cancelled_at.is_(None)
    newer = select(Document.id).where(place, Document.id > document.id)
    older = select(Document.id).where(place, Document.id < document.id)
    before, after, before_it, after_it = session.execute(
        select(
            newer.order_by(Document.id).limit(1).scalar_subquery(),
            older.order_by(Document.id.desc()).limit(1).scalar_subquery(),
            select(func.count()).select_from(newer.subquery()).scalar_subquery(),
            select(func.count()).select_from(older.subquery()).scalar_subquery(),
        )
    ).one()
    return Neighbours(
        position=before_it + 1,
        count=before_it + 1 + after_it,
        place=_("Vorgang %(number)s", number=file_case.ordinal) if file_case else _("der Akte"),
        previous=f"/dokumente/{before}" if before else "",
        next=f"/dokumente/{after}" if after else "",
    )


def _proof(session: Session, document: Document, version: Version) -> Proof:
    """What says that the bytes are those that came in: every block is compared whenever it is read."""
    entry = entry_of_filing(session, document.id)
    return Proof(intact=True, checked=None, digest=version.sha256.hex(), entry=entry.number if entry else None)


def _processing(found: FoundDocument) -> Processing | None:
    document, progress = found.document, found.progress
    match document.state:
        case DocumentState.RECEIVED.value:
            return Processing("received")
        case DocumentState.PROCESSING.value:
            done, total = (progress.done, progress.total) if progress else (0, 0)
            return Processing("processing", done, total)
        case DocumentState.FAILED.value:
            return Processing("failed", reason=document.state_reason or "", may_retry=True)
        case _:
            return None


def asked_number(text: str | None, *, default: int) -> int:
    """A number in an address; what is none is the default."""
    return int(text) if text and text.isdecimal() and len(text) < 7 else default  # noqa: PLR2004 - pages have 6 digits
