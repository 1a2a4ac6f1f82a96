"""Reading documents: who may, that it is logged, and the bytes with every block checked."""

from __future__ import annotations

import io
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import and_, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from eakte.access import Source, Want, represented_in, rule_for, why
from eakte.audit import Tag
from eakte.errors import ContentDamaged, NotAllowed, NotFound, StorageFailed
from eakte.language import _
from eakte.models import Blob, Document, DocumentLook, Dossier, ProcessingProgress, User, Version
from eakte.terms import Actor, now
from eakte.transaction import Transaction, Transactions
from indexing.words import PageWords, page_text, read_page, read_pages
from storage.blobs import BlobStore, Digests
from storage.errors import BlobDamaged, BlobMissing, StorageError
from storage.verified import VerifiedReader


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document with its current version, how far its processing is, and the name of who has it checked out."""

    document: Document
    version: Version
    progress: ProcessingProgress | None
    holder: str | None = None


@dataclass(frozen=True, slots=True)
class OpenedDocument:
    """A document that an actor reads, and what the access rule said of it: handed on to all that the same look shows.

    Attributes:
        document: the document.
        dossier: where it lies; None in an inbox.
        works: whether the actor may change what lies there: works in the open dossier, or reads the inbox.
    """

    document: Document
    dossier: Dossier | None
    works: bool


def open_document(session: Session, actor: Actor, document_id: uuid.UUID) -> OpenedDocument:
    """A document to be read. Raises NotFound when it may not be known, NotAllowed when it may be known but not read."""
    document, works = _asked(session, actor, document_id, Want.CONTENT)
    return OpenedDocument(document, session.get(Dossier, document.dossier_id) if document.dossier_id else None, works)


def readable_document(session: Session, actor: Actor, document_id: uuid.UUID, want: Want = Want.CONTENT) -> Document:
    """The document. Raises NotFound when it may not be known, NotAllowed when it may be known but not read."""
    return _asked(session, actor, document_id, want)[0]


def _asked(session: Session, actor: Actor, document_id: uuid.UUID, want: Want) -> tuple[Document, bool]:
    """A document, and whether the actor works where it lies. Raises as `readable_document`."""
    rule = rule_for(session, actor)
    known, reads, works = rule.documents(Want.METADATA), rule.documents(Want.CONTENT), rule.writable()
    if actor.user_id is None:
        known = reads = works = true()
    # An inbox is read by those only who work in it.
    works = or_(Dossier.id.is_(None), and_(Dossier.closed_on.is_(None), works))
    found = session.execute(
        select(Document, works.label("works"), reads.label("reads"))
        .outerjoin(Dossier, Dossier.id == Document.dossier_id)
        .where(Document.id == document_id, known)
    ).one_or_none()
    if found is None:
        raise NotFound
    if want is Want.CONTENT and not found[2]:
        raise NotAllowed(_("Sie sehen, dass es dieses Dokument gibt, dürfen es aber nicht lesen."))
    return found[0], found[1]


def view_document(session: Session, actor: Actor, document_id: uuid.UUID) -> DocumentView:
    """A document's metadata with its current version."""
    return view_of(session, readable_document(session, actor, document_id, Want.METADATA))


def view_of(session: Session, document: Document) -> DocumentView:
    """A document that the caller may know, with its current version."""
    found = session.execute(
        select(Version, ProcessingProgress, User.display_name)
        .join(Document, and_(Document.id == Version.document_id, Document.version == Version.number))
        .outerjoin(ProcessingProgress, ProcessingProgress.version_id == Version.id)
        .outerjoin(User, User.id == Document.checked_out_by)
        .where(Document.id == document.id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return DocumentView(document, found[0], found[1], found[2])


def current_version(session: Session, document: Document, number: int | None = None) -> Version:
    """A version by number, else the current one. Raises NotFound."""
    version = session.scalar(
        select(Version).where(Version.document_id == document.id, Version.number == (number or document.version))
    )
    if version is None:
        raise NotFound
    return version


def list_versions(session: Session, document: Document) -> Sequence[Version]:
    """All versions, newest first."""
    return session.scalars(
        select(Version).where(Version.document_id == document.id).order_by(Version.number.desc())
    ).all()


def log_look(transactions: Transactions, actor: Actor, document_id: uuid.UUID) -> None:
    """Log that a person looks into a document: once for each person, document and session, before the first byte."""
    if actor.user_id is None or actor.access_key is None:
        return
    key = (actor.access_key, document_id)
    with transactions.read() as session:
        if session.get(DocumentLook, key) is not None:
            return
    with transactions.begin(actor) as tx:
        first = tx.session.execute(
            insert(DocumentLook)
            .values(access_key=actor.access_key, document_id=document_id, at=now())
            .on_conflict_do_nothing()
            .returning(DocumentLook.document_id)
        ).one_or_none()
        if first is not None:
            tx.record(Tag.DOCUMENT_READ, document_id, _by_what_right(tx, document_id))


def note_inbox(tx: Transaction, unit_id: uuid.UUID | None) -> None:
    """Let the entry of this act name whom the actor represents, where the inbox of a unit is reached as a deputy."""
    if unit_id is not None:
        tx.act_for(represented_in(rule_for(tx.session, tx.actor), unit_id))


def _by_what_right(tx: Transaction, document_id: uuid.UUID) -> dict[str, list[str]]:
    """What the log says of a look that is none of the own unit: the mandate, the offer, for whom a deputy looks."""
    dossier = tx.session.scalar(
        select(Dossier).join(Document, Document.dossier_id == Dossier.id).where(Document.id == document_id)
    )
    if dossier is None:
        unit_id = tx.session.scalar(select(Document.inbox_unit_id).where(Document.id == document_id))
        note_inbox(tx, unit_id)
        return {}
    reasons = why(tx.session, rule_for(tx.session, tx.actor), dossier)
    if any(reason.source is Source.UNIT for reason in reasons):
        return {}
    tx.act_for(next((reason.person for reason in reasons if reason.source is Source.DEPUTY), None))
    mandates = [str(reason.row_id) for reason in reasons if reason.source is Source.MANDATE]
    offers = [str(dossier.id) for reason in reasons if reason.source is Source.OFFER]
    return {name: ids for name, ids in (("mandates", mandates), ("offered", offers)) if ids}


def digests_of(session: Session, name: str) -> Digests:
    """What was written under a name. Raises NotFound."""
    blob = session.get(Blob, name)
    if blob is None:
        raise NotFound
    return Digests(size=blob.size, sha256=blob.sha256, blocks=blob.blocks)


def all_digests(session: Session, names: Collection[str]) -> Mapping[str, Digests]:
    """What was written under each of several names, asked once."""
    rows = session.scalars(select(Blob).where(Blob.name.in_(names))) if names else ()
    return {blob.name: Digests(size=blob.size, sha256=blob.sha256, blocks=blob.blocks) for blob in rows}


@contextmanager
def opened(blobs: BlobStore, name: str, digests: Digests) -> Iterator[BinaryIO]:
    """A blob as a seekable file, each block checked before it is read. Raises ContentDamaged or StorageFailed."""
    try:
        with io.BufferedReader(VerifiedReader(blobs, name, digests), buffer_size=1 << 16) as reader:
            yield reader
    except (BlobDamaged, BlobMissing) as error:
        raise ContentDamaged(str(error)) from error
    except StorageError as error:
        raise StorageFailed(str(error)) from error


def words_of_page(blobs: BlobStore, name: str, digests: Digests, page: int) -> PageWords:
    """The word layer of one page. Raises NotFound for a page that is not there."""
    with opened(blobs, name, digests) as reader:
        try:
            return read_page(reader, page)
        except KeyError:
            raise NotFound from None


def text_of(blobs: BlobStore, name: str, digests: Digests, only: Iterable[int] | None = None) -> list[str]:
    """The text of each page, or of some by their numbers, from the word layer."""
    with opened(blobs, name, digests) as reader:
        return [page_text(page) for page in read_pages(reader, only)]
