"""Who works here, in lists: for those who keep accounts, and for the head of a unit the people of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, true, tuple_
from sqlalchemy.orm import Session

from eakte.access import headed_units, units_below
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound
from eakte.language import _
from eakte.models import KnownDevice, Token, User, WebSession
from eakte.operations.granting import may_give_key
from eakte.operations.paging import Page
from eakte.terms import Actor, Role


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Which accounts to list: of a unit and those below it, with a role, with letters of name or login."""

    unit_id: uuid.UUID | None = None
    role: Role | None = None
    contains: str = ""


def list_people(session: Session, actor: Actor, wanted: PeopleFilter, *, after: str | None, limit: int) -> Page[User]:
    """Accounts by name; `after` is the login of the last one seen. Raises NotAllowed, InvalidInput for a bad mark."""
    statement = select(User).where(_mine(session, actor))
    if wanted.unit_id is not None:
        statement = statement.where(User.unit_id.in_(units_below(session, wanted.unit_id)))
    if wanted.role is not None:
        statement = statement.where(User.roles.contains([wanted.role.value]))
    if wanted.contains:
        named = (column.icontains(wanted.contains, autoescape=True) for column in (User.display_name, User.login))
        statement = statement.where(or_(*named))
    by_name = func.lower(User.display_name)
    if after:
        last = session.scalar(select(by_name).where(User.login == after))
        if last is None:
            raise InvalidInput(errors=[FieldError("after", _("Diese Seite der Liste gibt es nicht."))])
        statement = statement.where(tuple_(by_name, User.login) > tuple_(last, after))
    rows = session.scalars(statement.order_by(by_name, User.login).limit(limit + 1)).all()
    return Page(rows[:limit], rows[limit - 1].login if len(rows) > limit else None)


def find_person(session: Session, actor: Actor, user_id: uuid.UUID) -> User:
    """One of the accounts that the actor may see. Raises NotFound alike for others and unknown ones."""
    user = session.scalar(select(User).where(User.id == user_id, _mine(session, actor)))
    if user is None:
        raise NotFound
    return user


def people_per_unit(session: Session, actor: Actor) -> dict[uuid.UUID | None, int]:
    """How many of these accounts work in each unit itself."""
    counts = select(User.unit_id, func.count()).where(_mine(session, actor)).group_by(User.unit_id)
    return {row[0]: row[1] for row in session.execute(counts)}


def people_per_role(session: Session, actor: Actor) -> dict[Role, int]:
    """How many active accounts have each role."""
    role = func.unnest(User.roles).label("role")
    held = select(role, func.count()).where(_mine(session, actor), User.active).group_by(role)
    return {Role(row[0]): row[1] for row in session.execute(held)}


def last_seen(session: Session, users: Sequence[User]) -> dict[uuid.UUID, datetime]:
    """When each of these accounts signed in last, or used a key: as far as its browsers and keys still tell.

    The log would know longer, but names nobody there: its pseudonyms are not lifted for a list.
    """
    ids = [user.id for user in users]
    found: dict[uuid.UUID, datetime] = {}
    for owner, moment in (
        (KnownDevice.user_id, KnownDevice.used_at),
        (WebSession.user_id, WebSession.created_at),
        (Token.user_id, Token.last_used_at),
    ):
        for user_id, at in session.execute(select(owner, func.max(moment)).where(owner.in_(ids)).group_by(owner)):
            if at is not None:
                found[user_id] = max(at, found.get(user_id, at))
    return found


def list_keys(session: Session, actor: Actor, *, after: str | None, limit: int) -> Page[tuple[Token, User]]:
    """Access keys with their accounts, the newest first: all for IT, of machines for the registrar. Raises NotAllowed.

    `after` is the id of the last one seen; raises InvalidInput for a bad mark.
    """
    if actor.user_id is not None and not actor.has(Role.ADMIN, Role.REGISTRAR):
        raise NotAllowed(_("Zugriffsschlüssel sehen IT und Registratur."))
    statement = select(Token, User).join(User, User.id == Token.user_id)
    if actor.has(Role.REGISTRAR):
        statement = statement.where(User.machine)
    if after:
        try:
            statement = statement.where(Token.id < uuid.UUID(after))
        except ValueError:
            raise InvalidInput(errors=[FieldError("after", _("Diese Seite der Liste gibt es nicht."))]) from None
    rows = session.execute(statement.order_by(Token.id.desc()).limit(limit + 1)).all()
    shown = [(row[0], row[1]) for row in rows[:limit]]
    return Page(shown, str(shown[-1][0].id) if len(rows) > limit else None)


def machines_for(session: Session, actor: Actor) -> list[User]:
    """Active accounts of machines for which the actor may make a key."""
    machines = session.scalars(select(User).where(User.machine, User.active).order_by(User.login))
    return [user for user in machines if may_give_key(actor, user)]


def _mine(session: Session, actor: Actor) -> ColumnElement[bool]:
    if actor.user_id is None or actor.has(Role.ADMIN, Role.REGISTRAR):
        return true()
    units = headed_units(session, actor.user_id)
    if not units:
        raise NotAllowed(_("Konten sehen Registratur, IT und die Leitung einer Organisationseinheit."))
    return User.unit_id.in_(units)
