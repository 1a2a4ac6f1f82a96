"""Searches that a person keeps. No records, so no audit events: what is found is asked anew each time."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from eakte.errors import FieldError, InvalidInput
from eakte.models import SavedSearch
from eakte.operations.checking import line
from eakte.terms import Actor
from eakte.transaction import Transaction

MOST = 50
"""Searches of one person."""
LONGEST_QUERY = 2_000


def keep_search(tx: Transaction, *, name: str, query: str) -> None:
    """Keep a search under a name; the same name again means the new search. Raises InvalidInput naming the field."""
    name = line(name, at="name", label="Name", longest=100)
    if not query or len(query) > LONGEST_QUERY:
        raise InvalidInput(errors=[FieldError("name", "Diese Suche lässt sich nicht merken.")])
    own = select(SavedSearch).where(SavedSearch.user_id == tx.actor.user_id)
    known = tx.session.scalar(own.where(SavedSearch.name == name).with_for_update())
    if known is not None:
        known.query = query
        return
    if (tx.session.scalar(select(func.count()).select_from(own.subquery())) or 0) >= MOST:
        raise InvalidInput(errors=[FieldError("name", f"Mehr als {MOST} Suchen merkt sich eakte nicht.")])
    tx.session.add(SavedSearch(user_id=tx.actor.user_id, name=name, query=query))
    tx.session.flush()


def forget_search(tx: Transaction, search_id: uuid.UUID) -> None:
    """Keep it no longer; that of somebody else is none."""
    own = delete(SavedSearch).where(SavedSearch.id == search_id, SavedSearch.user_id == tx.actor.user_id)
    tx.session.execute(own)


def saved_searches(session: Session, actor: Actor) -> Sequence[SavedSearch]:
    """Those of the person by name."""
    own = select(SavedSearch).where(SavedSearch.user_id == actor.user_id)
    return session.scalars(own.order_by(SavedSearch.name)).all()
