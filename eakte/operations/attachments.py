"""What was inside a document becomes documents of their own (docs/adr/0009-attachments.md).

They lie where their source lies, inherit what is known of it, and are filed in the very transaction that makes the
source readable: so a run that comes twice, or dies, files all of them once or none.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from eakte.access import Want, rule_for
from eakte.audit import Tag
from eakte.errors import FileInfected, TooLarge
from eakte.language import _
from eakte.models import Document, Dossier, Version
from eakte.operations.filing import Stored, digest_details, insert_version, store_original, title_from
from eakte.operations.queueing import enqueue_processing
from eakte.operations.screening import Screen
from eakte.terms import BERLIN, Actor, DocumentKind, DocumentState
from eakte.transaction import Transaction
from indexing.media import UNKNOWN, ZIP
from indexing.readings import Allowance, Letter, Part
from storage.blobs import BlobStore

MOST_INSIDE = 200
"""Documents that come out of one mail or archive."""

MOST_TOGETHER = 500
"""Documents that come out of one upload, mails inside mails counted together. Workers that read several of them at the
same time may go a little beyond."""

DEEPEST = 3
"""How many times something is taken out of what was taken out itself."""

LONGEST_TITLE = 300
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Relations:
    """The document that one was inside of, and those that were inside of it, as far as an actor may know them."""

    source: Document | None
    attachments: Sequence[Document]


def allowance(session: Session, document: Document) -> Allowance:
    """What may still be taken out of a document, seen from the upload that it goes back to."""
    root, depth, archives = document, 0, True
    while root.source_id is not None and depth < DEEPEST:
        root = session.get_one(Document, root.source_id)
        depth += 1
        kinds = select(Version.media_type).where(Version.document_id == root.id)
        archives = archives and ZIP not in session.scalars(kinds).all()
    if depth >= DEEPEST:
        return Allowance(parts=0, archives=False)
    return Allowance(parts=max(0, min(MOST_INSIDE, MOST_TOGETHER - _descendants(session, root.id))), archives=archives)


def _descendants(session: Session, root: uuid.UUID) -> int:
    inside = select(Document.id).where(Document.source_id == root).cte(recursive=True)
    deeper = aliased(Document)
    inside = inside.union_all(select(deeper.id).where(deeper.source_id == inside.c.id))
    return session.scalar(select(func.count()).select_from(inside)) or 0


def store_parts(
    blobs: BlobStore, parts: Sequence[Part], *, screen: Screen | None, limit: int
) -> tuple[list[Stored], tuple[str, ...]]:
    """Write the bytes of what was inside; without rows they are orphans, swept later.

    Returns them with German sentences about those that were left out: what a scanner refuses does not keep its mail,
    which passed, from being read. Raises ScannerUnavailable where it does not answer: then the run is repeated.
    """
    stored, left_out = [], []
    for part in parts:
        try:
            stored.append(
                store_original(
                    blobs,
                    _chunks(part.path),
                    screen=screen,
                    filename=part.filename,
                    media_type=UNKNOWN,
                    limit=limit,
                )
            )
        except FileInfected:
            left_out.append(_("Eine enthaltene Datei wurde nicht abgelegt: Sie enthält Schadsoftware."))
        except TooLarge:
            left_out.append(_("Eine enthaltene Datei wurde nicht abgelegt: Sie ist zu groß."))
    return stored, tuple(dict.fromkeys(left_out))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def file_parts(tx: Transaction, source: Document, version: int, stored: Sequence[Stored]) -> None:
    """File what was inside a document beside it, one entry in the log for each.

    The source is locked by the caller, so it stays where it is. Its dossier may have been closed since it was filed:
    what was inside of it belongs there all the same.
    """
    beside = [place for place in (source.dossier_id, source.case_id, source.inbox_unit_id) if place]
    for position, each in enumerate(stored, 1):
        document = Document(
            id=each.document_id,
            dossier_id=source.dossier_id,
            case_id=source.case_id,
            inbox_unit_id=source.inbox_unit_id,
            title=title_from(each.filename)[:LONGEST_TITLE],
            kind=source.kind,
            received_on=source.received_on,
            sent_on=source.sent_on,
            written_on=source.written_on,
            sender=source.sender,
            addressee=source.addressee,
            fields={},
            source_id=source.id,
            source_version=version,
            source_position=position,
            version=1,
            state=DocumentState.RECEIVED.value,
            created_by=source.created_by,
        )
        insert_version(tx, document, each)
        details = {"source": str(source.id), "position": position, **digest_details(each)}
        tx.record(Tag.DOCUMENT_FILE, document.id, details, subjects=[*beside, source.id])
        enqueue_processing(tx, document.id, 1)


def describe(document: Document, filename: str, letter: Letter) -> dict[str, str | None]:
    """Take over what a mail says of itself where nobody has said anything, and return what stood there before.

    A title counts as unsaid while it is the one that the file's name gave.
    """
    said: dict[str, object] = {}
    if letter.subject and document.title == title_from(filename):
        said["title"] = letter.subject[:LONGEST_TITLE]
    if letter.sender and document.sender is None:
        said["sender"] = letter.sender[:LONGEST_TITLE]
    if letter.addressee and document.addressee is None:
        said["addressee"] = letter.addressee[:LONGEST_TITLE]
    if letter.sent_at is not None:
        day = letter.sent_at.astimezone(BERLIN).date()
        if document.written_on is None:
            said["written_on"] = day
        if document.sent_on is None and document.kind == DocumentKind.OUTGOING.value:
            said["sent_on"] = day
    before = {name: None if (value := getattr(document, name)) is None else str(value) for name in said}
    for name, value in said.items():
        setattr(document, name, value)
    fields = document.fields or {}
    if letter.message_id and "message_id" not in fields:
        before["fields"] = json.dumps(fields, ensure_ascii=False)
        document.fields = {**fields, "message_id": letter.message_id}
    return before


def relations(session: Session, actor: Actor, document: Document) -> Relations:
    """Source and attachments of a document that the caller may read; cancelled attachments are left out."""
    visible = rule_for(session, actor).documents(Want.METADATA)
    known = select(Document).outerjoin(Dossier, Dossier.id == Document.dossier_id).where(visible)
    source = None
    if document.source_id is not None:
        source = session.scalar(known.where(Document.id == document.source_id))
    inside = known.where(Document.source_id == document.id, Document.cancelled_at.is_(None))
    order = (Document.source_version.desc(), Document.source_position)
    return Relations(source, session.scalars(inside.order_by(*order).limit(MOST_INSIDE)).all())
