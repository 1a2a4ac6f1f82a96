"""Organisation units and the scopes made of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from eakte.access import INBOX
from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed
from eakte.models import AccessScope, Unit
from eakte.operations.checking import line
from eakte.terms import Level, Role
from eakte.transaction import Transaction


def create_unit(tx: Transaction, *, number: str, name: str, parent_id: uuid.UUID | None) -> Unit:
    """A new unit. Its scopes are made at once, so that nobody's rights change when the first dossier comes.

    Raises InvalidInput for a number in use or an unknown parent, NotAllowed without the role admin or registrar.
    """
    if tx.actor.user_id is not None and not tx.actor.has(Role.ADMIN, Role.REGISTRAR):
        raise NotAllowed
    number = line(number, at="number", label="Nummer", longest=50)
    if tx.session.scalar(select(Unit.id).where(Unit.number == number)):
        raise InvalidInput(errors=[FieldError("number", f"Die Organisationseinheit {number} gibt es schon.")])
    if parent_id is not None and tx.session.get(Unit, parent_id) is None:
        raise InvalidInput(errors=[FieldError("parent", "Die übergeordnete Einheit gibt es nicht.")])
    unit = Unit(number=number, name=line(name, at="name", label="Name"), parent_id=parent_id)
    tx.session.add(unit)
    tx.session.flush()
    for level in (*Level, INBOX):
        scope_number(tx, unit.id, level)
    tx.record(Tag.UNIT_CREATE, unit.id, {"number": number})
    return unit


def scope_number(tx: Transaction, unit_id: uuid.UUID, level: int) -> int:
    """The number of a unit and level (or INBOX), made when it is asked for the first time."""
    tx.session.execute(
        insert(AccessScope)
        .values(unit_id=unit_id, level=int(level))
        .on_conflict_do_nothing(index_elements=[AccessScope.unit_id, AccessScope.level])
    )
    found = tx.session.scalar(
        select(AccessScope.number).where(AccessScope.unit_id == unit_id, AccessScope.level == int(level))
    )
    if found is None:
        raise InvalidInput(errors=[FieldError("unit", "Die Organisationseinheit gibt es nicht.")])
    return found


def find_unit(session: Session, reference: str, *, at: str = "unit") -> Unit:
    """The unit of an id or number. Raises InvalidInput."""
    unit = session.scalar(select(Unit).where(Unit.number == reference))
    if unit is None:
        try:
            unit = session.get(Unit, uuid.UUID(reference))
        except ValueError:
            unit = None
    if unit is None:
        raise InvalidInput(errors=[FieldError(at, f"Die Organisationseinheit {reference[:50]} gibt es nicht.")])
    return unit


def list_units(session: Session) -> Sequence[Unit]:
    """All units by number. They are few."""
    return session.scalars(select(Unit).order_by(Unit.number)).all()
