"""External keys: what another system calls a dossier, case or document. Each key names one object for ever.

A system's name belongs to the account that used it first: others must not learn which keys it knows. Dossiers, cases
and documents have a number space each, so that a system may call its file and its letter 4711.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from eakte.errors import FieldError, InvalidInput, NotAllowed
from eakte.language import _
from eakte.models import Case, Document, Dossier, ExternalSystem
from eakte.operations.checking import line
from eakte.terms import Actor
from eakte.transaction import Transaction

Keyed = type[Dossier] | type[Case] | type[Document]


@dataclass(frozen=True, slots=True)
class ExternalKey:
    """A system's name and its key, as they are stored."""

    system: str
    id: str

    @classmethod
    def of(cls, system: str | None, key: str | None) -> ExternalKey | None:
        """From what was said; None where nothing was. Raises InvalidInput for half of a key."""
        if system is None and key is None:
            return None
        return cls(
            system=line(system, at="external.system", label=_("System"), longest=100),
            id=line(key, at="external.id", label=_("Schlüssel"), longest=200),
        )


def claim(tx: Transaction, kind: Keyed, key: ExternalKey) -> uuid.UUID | None:
    """Take a key for this act and return what it names already, None for a new one.

    Two acts with one key wait for each other (advisory lock, freed at the end of the act); others do not. Raises
    NotAllowed when the system belongs to another account.
    """
    if tx.actor.user_id is not None:
        tx.session.execute(
            insert(ExternalSystem).values(name=key.system, user_id=tx.actor.user_id).on_conflict_do_nothing()
        )
        _require_owner(tx.session, tx.actor, key.system)
    spelled = json.dumps([kind.__tablename__, key.system, key.id])
    number = int.from_bytes(hashlib.sha256(spelled.encode()).digest()[:8], "big", signed=True)
    tx.session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
    return find(tx.session, kind, key)


def find(session: Session, kind: Keyed, key: ExternalKey) -> uuid.UUID | None:
    """The id of what a key names."""
    return session.scalar(select(kind.id).where(kind.external_system == key.system, kind.external_id == key.id))


def asked_for(session: Session, actor: Actor, system: str | None, key: str | None) -> ExternalKey | None:
    """The key of a question. Raises NotAllowed when the system belongs to another account, InvalidInput for a half."""
    if (system is None) != (key is None):
        message = _("external_system und external_id gehören zusammen.")
        raise InvalidInput(errors=[FieldError("external_system", message)])
    wanted = ExternalKey.of(system, key)
    if wanted is not None and actor.user_id is not None:
        _require_owner(session, actor, wanted.system)
    return wanted


def _require_owner(session: Session, actor: Actor, system: str) -> None:
    owner = session.scalar(select(ExternalSystem.user_id).where(ExternalSystem.name == system))
    if owner is not None and owner != actor.user_id:
        raise NotAllowed(_("Der Name dieses Systems gehört zu einem anderen Konto."))


def named_by(kind: Keyed, key: ExternalKey) -> ColumnElement[bool]:
    """The predicate over rows of a kind that a key names."""
    return and_(kind.external_system == key.system, kind.external_id == key.id)
