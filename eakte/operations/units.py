"""Organisation units and the scopes made of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import INBOX, is_head, units_below
from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound, WrongState
from eakte.language import _, shown_day
from eakte.models import AccessScope, Unit, User
from eakte.operations.checking import line, replaced, same_revision
from eakte.terms import Level, Role
from eakte.transaction import Transaction


def create_unit(tx: Transaction, *, number: str, name: str, parent_id: uuid.UUID | None) -> Unit:
    """A new unit. Its scopes are made at once, so that nobody's rights change when the first dossier comes.

    Raises InvalidInput for a number in use or an unknown parent, WrongState for a closed one, NotAllowed without the
    role admin or registrar.
    """
    if tx.actor.user_id is not None and not tx.actor.has(Role.ADMIN, Role.REGISTRAR):
        raise NotAllowed
    number = line(number, at="number", label=_("Nummer"), longest=50)
    if tx.session.scalar(select(Unit.id).where(Unit.number == number)):
        raise InvalidInput(
            errors=[FieldError("number", _("Die Organisationseinheit %(number)s gibt es schon.", number=number))]
        )
    if parent_id is not None:
        parent = tx.session.get(Unit, parent_id)
        if parent is None:
            raise InvalidInput(errors=[FieldError("parent", _("Die übergeordnete Einheit gibt es nicht."))])
        require_open_unit(parent)
    unit = Unit(number=number, name=line(name, at="name", label=_("Name")), parent_id=parent_id)
    tx.session.add(unit)
    tx.session.flush()
    scopes = (AccessScope(founded_for_id=unit.id, unit_id=unit.id, level=int(level)) for level in (*Level, INBOX))
    tx.session.add_all(scopes)
    tx.session.flush()
    tx.record(Tag.UNIT_CREATE, unit.id, {"number": number})
    return unit


def rename_unit(tx: Transaction, unit_id: uuid.UUID, name: str, *, revision: int) -> Unit:
    """Call a unit otherwise; its number stays, because reference numbers and plans name it.

    Raises NotFound, NotAllowed without the role admin or registrar, InvalidInput, WrongState, StaleRevision.
    """
    if tx.actor.user_id is not None and not tx.actor.has(Role.ADMIN, Role.REGISTRAR):
        raise NotAllowed
    unit = tx.session.get(Unit, unit_id, with_for_update=True)
    if unit is None:
        raise NotFound
    same_revision(revision, unit.revision)
    require_open_unit(unit)
    before = replaced(unit, {"name": line(name, at="name", label=_("Name"))})
    if before:
        entry = tx.record(Tag.UNIT_CHANGE, unit.id, {"fields": ["name"]})
        tx.remember(entry, unit.id, "name", before["name"])
    return unit


def set_head(tx: Transaction, unit_id: uuid.UUID, login: str | None, *, revision: int) -> Unit:
    """Mark who heads a unit, or nobody: by the registrar or the head of a unit above, never by oneself.

    The head gives roles, excludes persons and names deputies in the unit and those below. It is a mark, not a role:
    the administrator, who keeps roles, has no hand in it. Raises NotFound, NotAllowed, InvalidInput, WrongState,
    StaleRevision.
    """
    unit = tx.session.get(Unit, unit_id, with_for_update=True)
    if unit is None:
        raise NotFound
    keeper = tx.actor.user_id is None or tx.actor.has(Role.REGISTRAR)
    if not keeper and not (unit.parent_id and is_head(tx.session, tx.actor, unit.parent_id)):
        raise NotAllowed(_("Die Leitung einer Organisationseinheit bestimmt die Registratur oder die Leitung darüber."))
    same_revision(revision, unit.revision)
    require_open_unit(unit)
    head = _head(tx, login, unit.id) if login is not None else None
    if head is not None and head.id == tx.actor.user_id:
        raise NotAllowed(_("Sich selbst macht niemand zur Leitung."))
    before = unit.head_id
    if before == (head.id if head else None):
        return unit
    unit.head_id = head.id if head else None
    unit.revision += 1
    tx.record(Tag.UNIT_HEAD, unit.id, {"before": str(before or ""), "head": str(unit.head_id or "")})
    return unit


def _head(tx: Transaction, login: str, unit_id: uuid.UUID) -> User:
    user = tx.session.scalar(select(User).where(User.login == login, User.active))
    reads = user is not None and {Role.CLERK, Role.REGISTRAR} & set(user.roles) and not user.machine
    if user is None or not reads or user.unit_id is None or unit_id not in units_below(tx.session, user.unit_id):
        message = _("Die Leitung liest Akten und arbeitet in dieser Organisationseinheit oder einer darüber.")
        raise InvalidInput(errors=[FieldError("head", message)])
    return user


def scope_number(session: Session, unit_id: uuid.UUID, level: int) -> int:
    """The number that was made for a unit and level (or INBOX), whoever has it now."""
    founded = (AccessScope.founded_for_id == unit_id, AccessScope.level == int(level))
    return session.scalars(select(AccessScope.number).where(*founded)).one()


def find_unit(session: Session, reference: str, *, at: str = "unit") -> Unit:
    """The unit of an id or number; of one that was merged, where it went. Raises InvalidInput."""
    unit = session.scalar(select(Unit).where(Unit.number == reference))
    if unit is None:
        try:
            unit = session.get(Unit, uuid.UUID(reference))
        except ValueError:
            unit = None
    if unit is None:
        raise InvalidInput(
            errors=[
                FieldError(at, _("Die Organisationseinheit %(reference)s gibt es nicht.", reference=reference[:50]))
            ]
        )
    return successor_of(session, unit)


def successor_of(session: Session, unit: Unit) -> Unit:
    """The open unit that a merged one is part of now; an open one is its own."""
    while unit.successor_id is not None:
        unit = session.get_one(Unit, unit.successor_id)
    return unit


def successors(session: Session) -> dict[uuid.UUID, uuid.UUID]:
    """For each unit the open one that it is part of now. The index still names units that were merged meanwhile."""
    went: dict[uuid.UUID, uuid.UUID | None] = {
        row[0]: row[1] for row in session.execute(select(Unit.id, Unit.successor_id))
    }

    def last(unit: uuid.UUID) -> uuid.UUID:
        following = went[unit]
        return unit if following is None else last(following)

    return {unit: last(unit) for unit in went}


def require_open_unit(unit: Unit) -> None:
    """Raise WrongState for a unit that was merged into another."""
    if unit.closed_on is not None:
        raise WrongState(
            _(
                "Die Organisationseinheit %(number)s ist seit %(closed_on)s geschlossen.",
                number=unit.number,
                closed_on=shown_day(unit.closed_on),
            )
        )


def list_units(session: Session) -> Sequence[Unit]:
    """All units by number. They are few."""
    return session.scalars(select(Unit).order_by(Unit.number)).all()
