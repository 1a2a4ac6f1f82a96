"""Searches that a person keeps, and what is new in them. No records, so no audit events: all is asked anew."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from eakte.errors import FieldError, InvalidInput, NotFound
from eakte.language import _
from eakte.models import Document, SavedSearch, Version
from eakte.operations.checking import line
from eakte.operations.searching import Found, Question, find
from eakte.terms import Actor, DocumentState, now
from eakte.transaction import Transaction
from indexing.search import SearchIndex, Sort
from storage.blobs import BlobStore

MOST = 50
"""Searches of one person."""
LONGEST_QUERY = 2_000
MOST_NEW = 100
"""New hits that are counted; where there are more, that is what is said."""


def keep_search(tx: Transaction, *, name: str, query: str) -> None:
    """Keep a search under a name; the same name again means the new search. Raises InvalidInput naming the field."""
    name = line(name, at="name", label=_("Name"), longest=100)
    if not query or len(query) > LONGEST_QUERY:
        raise InvalidInput(errors=[FieldError("name", _("Diese Suche lässt sich nicht merken."))])
    own = select(SavedSearch).where(SavedSearch.user_id == tx.actor.user_id)
    known = tx.session.scalar(own.where(SavedSearch.name == name).with_for_update())
    seen = _all_found_until(tx.session)
    if known is not None:
        known.query, known.seen_at = query, seen
        return
    if (tx.session.scalar(select(func.count()).select_from(own.subquery())) or 0) >= MOST:
        raise InvalidInput(
            errors=[FieldError("name", _("Mehr als %(most)s Suchen merkt sich eakte nicht.", most=MOST))]
        )
    tx.session.add(SavedSearch(user_id=tx.actor.user_id, name=name, query=query, seen_at=seen))
    tx.session.flush()


def forget_search(tx: Transaction, search_id: uuid.UUID) -> None:
    """Keep it no longer; that of somebody else is none."""
    own = delete(SavedSearch).where(SavedSearch.id == search_id, SavedSearch.user_id == tx.actor.user_id)
    tx.session.execute(own)


def saved_searches(session: Session, actor: Actor) -> Sequence[SavedSearch]:
    """Those of the person by name."""
    own = select(SavedSearch).where(SavedSearch.user_id == actor.user_id)
    return session.scalars(own.order_by(SavedSearch.name)).all()


def look_at_search(tx: Transaction, search_id: uuid.UUID) -> SavedSearch:
    """One of the person, about to be opened: what it finds now is new no more. Raises NotFound."""
    own = select(SavedSearch).where(SavedSearch.id == search_id, SavedSearch.user_id == tx.actor.user_id)
    row = tx.session.scalar(own.with_for_update())
    if row is None:
        raise NotFound
    row.seen_at = _all_found_until(tx.session)
    return row


def count_new(
    session: Session, blobs: BlobStore, search: SearchIndex, actor: Actor, question: Question, *, since: datetime
) -> int:
    """How many of the documents that the actor finds came after a moment, up to MOST_NEW: one question.

    The last ones filed are looked at. A filter instead would find other things: where few documents fit all words, a
    search also takes those that fit some. Raises SearchUnavailable, InvalidInput.
    """
    asked = replace(question, sort=Sort.ADDED.value, after=None, limit=MOST_NEW, quote=False)
    return sum(_came(hit) > since for hit in find(session, blobs, search, actor, asked).hits)


def _came(hit: Found) -> datetime:
    """From when on a document could be found: once its first version was read, else when it was filed."""
    first = hit.version.processed_at if hit.version.number == 1 else None
    return first or hit.document.created_at


def _all_found_until(session: Session) -> datetime:
    """The moment until which whatever was read is in the index too; what is on its way there will be new."""
    on_its_way = (
        select(func.min(Version.processed_at))
        .join(Document, (Document.id == Version.document_id) & (Document.version == Version.number))
        .where(Document.indexed_revision < Document.revision, Document.indexed_revision == 0)
        # Of the many that wait for being read during an import none needs a look.
        .where(Document.state != DocumentState.RECEIVED.value)
    )
    oldest = session.scalar(on_its_way)
    return min(now(), oldest - timedelta(microseconds=1)) if oldest else now()
