"""Who may give which role: those that read, the registrar or the head of the unit; never the administrator.

An administrator keeps accounts, and so could let anybody in: therefore no role that reads, no unit and no level comes
from there, nobody changes one's own roles, and nobody both administers and reads (records, "Who may do what").
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import update
from sqlalchemy.orm import Session

from eakte.access import headed_units
from eakte.errors import FieldError, NotAllowed
from eakte.language import _
from eakte.models import Unit, User
from eakte.operations.checking import allowed
from eakte.terms import Actor, Level, Role
from eakte.transaction import Transaction

READING = frozenset({Role.CLERK, Role.REGISTRAR, Role.ARCHIVE, Role.APPROVER, Role.AUDITOR})
"""Roles that read content or decide over it; an administrator gives none of them, in no way."""

BY_HEAD = frozenset({Role.CLERK, Role.APPROVER})
"""What the head of a unit gives in it. The others reach beyond the unit: registrar, archive, auditor."""

BY_ADMIN = frozenset({Role.ADMIN, Role.STATION})
"""What an administrator gives."""


def may_grant(
    session: Session, actor: Actor, roles: Collection[Role], *, unit_id: uuid.UUID | None, level: Level
) -> bool:
    """Whether the actor may give these roles (or take them) in this unit up to this level."""
    roles = set(roles)
    if actor.user_id is None or (actor.has(Role.REGISTRAR) and not actor.has(Role.ADMIN)):
        return True
    heads = unit_id is not None and roles <= BY_HEAD and level <= actor.level
    if heads and unit_id in headed_units(session, actor.user_id):
        return True
    return actor.has(Role.ADMIN) and roles <= BY_ADMIN


def require_may_grant(tx: Transaction, roles: Collection[Role], *, unit_id: uuid.UUID | None, level: Level) -> None:
    """Raise NotAllowed where the actor may not give these roles (or take them) in this unit up to this level."""
    if not may_grant(tx.session, tx.actor, roles, unit_id=unit_id, level=level):
        raise NotAllowed(
            _("Rollen, die Inhalte lesen, vergibt die Registratur oder die Leitung der Organisationseinheit.")
        )


def roles_to_give(session: Session, actor: Actor) -> frozenset[Role]:
    """The roles that the actor may give somewhere; where exactly, `may_grant` says."""
    if may_grant(session, actor, frozenset(Role), unit_id=None, level=Level.PROTECTED):
        return frozenset(Role)
    by_head = BY_HEAD if headed_units(session, actor.user_id) else frozenset[Role]()
    return by_head | (BY_ADMIN if actor.has(Role.ADMIN) else frozenset[Role]())


def may_give_key(actor: Actor, user: User) -> bool:
    """Whether the actor may give an access key of this account.

    A key acts as its account: by that of a machine that reads, IT would read.
    """
    reads = bool(READING & {Role(role) for role in user.roles})
    return user.id == actor.user_id or (user.machine and actor.has(Role.REGISTRAR if reads else Role.ADMIN))


def require_may_give_key(actor: Actor, user: User) -> None:
    """Raise NotAllowed where the actor may not give an access key of this account."""
    if not may_give_key(actor, user):
        raise no_key()


def no_key() -> NotAllowed:
    """Why somebody gets no access key for an account; the same for one that is not there."""
    return NotAllowed(
        _(
            "Schlüssel gibt es für das eigene Konto; für Maschinenkonten vergibt sie die IT, für lesende die"
            " Registratur."
        )
    )


def drop_head_marks(session: Session, user_id: uuid.UUID) -> None:
    """Let nobody head a unit whom another act has taken out of it, as part of that act."""
    marked = update(Unit).where(Unit.head_id == user_id)
    session.execute(marked.values(head_id=None, revision=Unit.revision + 1))


def check_roles(roles: Collection[Role], unit_id: uuid.UUID | None) -> list[FieldError]:
    """What is wrong with roles that one account shall have together."""
    errors = []
    if not roles:
        errors.append(FieldError("roles", _("Mindestens eine Rolle ist nötig: %(roles)s.", roles=allowed(Role))))
    if Role.ADMIN in roles and READING & set(roles):
        errors.append(FieldError("roles", _("Wer verwaltet, liest nicht: beides zugleich hat niemand.")))
    if {Role.CLERK, Role.REGISTRAR} & set(roles) and unit_id is None:
        errors.append(FieldError("unit", _("Sachbearbeitung und Registratur brauchen eine Organisationseinheit.")))
    return errors
