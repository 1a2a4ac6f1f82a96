"""What the pages remember for one person: preferences and where they were last. No records, so no audit events."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from eakte.access import Want, rule_for
from eakte.errors import FieldError, InvalidInput
from eakte.language import _
from eakte.models import Document, Dossier, RecentDossier, UserPreference
from eakte.terms import Actor, DocumentState, now
from eakte.transaction import Transaction

THEMES = ("auto", "light", "dark")
DENSITIES = ("compact", "wide")


def preference(session: Session, user_id: uuid.UUID) -> UserPreference:
    """A person's preferences, the product's defaults where nothing was chosen."""
    found = session.get(UserPreference, user_id)
    return found or UserPreference(user_id=user_id, theme="auto", density="compact", single_keys=True)


def set_preference(tx: Transaction, *, theme: str, density: str, single_keys: bool) -> None:
    """Keep a person's preferences. Raises InvalidInput for unknown ones."""
    if theme not in THEMES or density not in DENSITIES:
        raise InvalidInput(errors=[FieldError("theme", _("Diese Darstellung gibt es nicht."))])
    values = {"theme": theme, "density": density, "single_keys": single_keys}
    statement = insert(UserPreference).values(user_id=tx.actor.user_id, **values)
    tx.session.execute(statement.on_conflict_do_update(index_elements=[UserPreference.user_id], set_=values))


def note_use(tx: Transaction, dossier_id: uuid.UUID) -> None:
    """Remember that a person opened a dossier."""
    statement = insert(RecentDossier).values(user_id=tx.actor.user_id, dossier_id=dossier_id, at=now())
    tx.session.execute(
        statement.on_conflict_do_update(
            index_elements=[RecentDossier.user_id, RecentDossier.dossier_id], set_={"at": now()}
        )
    )


def recently_used(session: Session, actor: Actor, *, limit: int) -> Sequence[tuple[Dossier, RecentDossier]]:
    """The dossiers a person opened last and may still know."""
    rows = session.execute(
        select(Dossier, RecentDossier)
        .join(RecentDossier, RecentDossier.dossier_id == Dossier.id)
        .where(RecentDossier.user_id == actor.user_id, rule_for(session, actor).dossiers(Want.METADATA))
        .order_by(RecentDossier.at.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def own_failures(session: Session, actor: Actor, *, limit: int) -> Sequence[Document]:
    """Failed documents that the person may read: the one thing on the start page that wants an act."""
    return session.scalars(
        select(Document)
        .outerjoin(Dossier, Dossier.id == Document.dossier_id)
        .where(
            Document.state == DocumentState.FAILED.value,
            Document.cancelled_at.is_(None),
            rule_for(session, actor).documents(Want.CONTENT),
        )
        .order_by(Document.id.desc())
        .limit(limit)
    ).all()
