"""The derived index: entries from the database's truth, written by one job for many acts.

`Document.indexed_revision` says what the index shows. The job reads rows whose revision is newer, makes their entries
from stored terms and the row as it is now, puts them, and then notes what it put. A crash between the two puts the same
entries again; the index keeps the higher revision, so late jobs change nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, or_, select, update
from sqlalchemy.orm import Session

from eakte.access import INBOX
from eakte.errors import SearchUnavailable
from eakte.models import AuditEntry, Case, Document, Dossier, PlanClass, Version
from eakte.operations.dossiers import state_on
from eakte.operations.fields import searched_values
from eakte.operations.page_hits import entries_of
from eakte.operations.units import scope_number
from eakte.terms import BERLIN, CANCELLED, SYSTEM, DocumentState, today
from eakte.transaction import Transactions
from indexing.passages import describe
from indexing.search import Condition, DocumentEntries, Rebuild, SearchIndex
from indexing.search_errors import RebuildLost, SearchError
from storage.blobs import BlobStore

BATCH = 100
"""Documents of one commit of the index."""

NOWHERE = "-"
"""Facet value of inbox documents, which have no class."""


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How far the index is behind the truth.

    Attributes:
        documents: in the database.
        waiting: of these, changed and not yet in the index as they are now.
        waiting_since: when the first of them changed; None where none waits.
        indexed: documents in the index.
        condition: whether the index can answer.
        generation: the name of the index that serves.
        rebuild: the rebuild under way, perhaps left behind by a process that died.
    """

    documents: int
    waiting: int
    waiting_since: datetime | None
    indexed: int
    condition: Condition
    generation: str | None
    rebuild: Rebuild | None


def index_pending(transactions: Transactions, blobs: BlobStore, search: SearchIndex) -> int:
    """Bring the index up to date and return how many documents were written."""
    written = 0
    while batch := _next_batch(transactions, blobs):
        search.put(batch)
        _note(transactions, batch)
        written += len(batch)
    return written


def rebuild(transactions: Transactions, blobs: BlobStore, search: SearchIndex) -> Iterator[tuple[int, int]]:
    """Build the index anew beside the old one, which serves until the swap. Yields (done, total) after each batch.

    Goes on with a rebuild that was broken off: what changed since reached it as it happened. Where two work on the same
    rebuild, both fill, and whoever comes first ends it for both.
    """
    with transactions.read() as session:
        total = session.scalar(select(func.count()).select_from(Document).where(_indexable())) or 0
    under_way = search.rebuilding() or Rebuild(search.start_rebuild(), None, 0)
    generation, after, done = under_way.name, under_way.upto, under_way.done
    try:
        while True:
            with transactions.read() as session:
                rows = _rows(session, after=after, pending=False)
                batch = [_entries(session, blobs, document, version) for document, version in rows]
            if not batch:
                break
            search.fill(generation, batch)
            after = batch[-1].document
            done += len(batch)
            yield done, max(done, total)
        search.finish_rebuild(generation)
    except RebuildLost:
        if search.generation() != generation:
            raise


def status(transactions: Transactions, search: SearchIndex) -> IndexStatus:
    """Counts of truth and index. Raises SearchUnavailable when the index cannot be asked."""
    with transactions.read() as session:
        documents = session.scalar(select(func.count()).select_from(Document)) or 0
        behind = Document.indexed_revision < Document.revision
        waiting, since = session.execute(select(func.count(), func.min(_waiting_since())).where(behind)).one()
    try:
        condition = search.check()
        indexed = search.count() if condition is Condition.READY else 0
        return IndexStatus(documents, waiting, since, indexed, condition, search.generation(), search.rebuilding())
    except SearchError as error:
        raise SearchUnavailable(str(error)) from error


def _waiting_since() -> ColumnElement[datetime]:
    """Since when a document waits: its creation where it was never indexed, else its last entry in the log."""
    entries = select(func.max(AuditEntry.at)).where(AuditEntry.subject == Document.id, AuditEntry.kind == "record")
    last = func.coalesce(entries.correlate(Document).scalar_subquery(), Document.created_at)
    return case((Document.indexed_revision == 0, Document.created_at), else_=last)


def _next_batch(transactions: Transactions, blobs: BlobStore) -> list[DocumentEntries]:
    with transactions.read() as session:
        rows = _rows(session, after=None, pending=True)
        return [_entries(session, blobs, document, version) for document, version in rows]


def _indexable() -> ColumnElement[bool]:
    processed = select(Version.id).where(
        Version.document_id == Document.id, Version.number == Document.version, Version.processed_at.is_not(None)
    )
    return or_(Document.state == DocumentState.FAILED.value, processed.correlate(Document).exists())


def _rows(session: Session, *, after: uuid.UUID | None, pending: bool) -> Sequence[tuple[Document, Version]]:
    statement = (
        select(Document, Version)
        .join(Version, (Version.document_id == Document.id) & (Version.number == Document.version))
        .where(_indexable())
        .order_by(Document.id)
        .limit(BATCH)
    )
    if pending:
        statement = statement.where(Document.indexed_revision < Document.revision)
    if after is not None:
        statement = statement.where(Document.id > after)
    return [(row[0], row[1]) for row in session.execute(statement)]


def _note(transactions: Transactions, batch: Sequence[DocumentEntries]) -> None:
    ready = case(
        (Document.state == DocumentState.FAILED.value, Document.state),
        else_=DocumentState.READY.value,
    )
    with transactions.begin(SYSTEM) as tx:
        for entries in batch:
            tx.session.execute(
                update(Document)
                .where(Document.id == entries.document, Document.indexed_revision < entries.revision)
                .values(
                    indexed_revision=entries.revision,
                    # A version that came meanwhile is on its way again; then this entry does not make it ready.
                    state=case((Document.revision == entries.revision, ready), else_=Document.state),
                )
            )


def _entries(session: Session, blobs: BlobStore, document: Document, version: Version) -> DocumentEntries:
    dossier = session.get(Dossier, document.dossier_id) if document.dossier_id else None
    file_case = session.get(Case, document.case_id) if document.case_id else None
    plan_class = session.get(PlanClass, dossier.plan_class_id) if dossier else None
    day = document.received_on or document.written_on or document.sent_on
    return DocumentEntries(
        document=document.id,
        revision=document.revision,
        scope=scope_of(session, document, dossier),
        dossier=dossier.number if dossier else 0,
        case=file_case.number if file_case else 0,
        plan_class=plan_class.number if plan_class else NOWHERE,
        unit=str(dossier.unit_id if dossier else document.inbox_unit_id),
        kind=document.kind,
        state=_state(document, dossier),
        day=day or document.created_at.astimezone(BERLIN).date(),
        reference_key=dossier.reference_sort if dossier else "",
        description=describe(
            # The numbers that a dossier had before find it like the one it has.
            exact=[document.title, *([dossier.reference_number, *dossier.former_references] if dossier else [])],
            others=[
                text
                for text in (
                    document.sender,
                    document.addressee,
                    *document.further_senders,
                    *document.further_addressees,
                    version.filename,
                    dossier.title if dossier else None,
                    file_case.title if file_case else None,
                    *(text for each in (document, file_case, dossier) if each for text in searched_values(each.fields)),
                )
                if text
            ],
        ),
        entries=entries_of(session, blobs, version),
    )


def _state(document: Document, dossier: Dossier | None) -> str:
    if document.cancelled_at is not None:
        return CANCELLED
    return state_on(dossier, today()).value if dossier else NOWHERE


def scope_of(session: Session, document: Document, dossier: Dossier | None) -> int:
    """The scope that decides who finds a document: its dossier's, or that of its unit's inbox."""
    if dossier is not None:
        return dossier.scope_number
    if document.inbox_unit_id is None:
        raise ValueError("a document is in a dossier or in an inbox")
    return scope_number(session, document.inbox_unit_id, INBOX)
