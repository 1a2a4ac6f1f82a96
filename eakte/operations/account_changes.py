"""Changes of an account: roles, unit, level, and whether it is active. Nobody changes one's own."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from eakte.access import headed_units
from eakte.audit import Tag
from eakte.errors import InvalidInput, NotAllowed, NotFound
from eakte.language import _
from eakte.models import User
from eakte.operations.checking import replaced, same_revision
from eakte.operations.granting import READING, check_roles, drop_head_marks, require_may_grant
from eakte.operations.sessions import end_sessions
from eakte.terms import Level, Role
from eakte.transaction import Transaction


@dataclass(frozen=True, slots=True)
class AccountState:
    """What shall hold for an account."""

    roles: Collection[Role]
    unit_id: uuid.UUID | None
    level: Level
    active: bool

    @classmethod
    def of(cls, user: User) -> AccountState:
        """What holds now."""
        return cls([Role(role) for role in user.roles], user.unit_id, Level(user.level), user.active)


def changeable_user(tx: Transaction, user_id: uuid.UUID, *, revision: int) -> User:
    """The account, locked, for registrar, administrator and the head of its unit; not one's own.

    Raises NotFound alike for unknown ones and those of others, NotAllowed, StaleRevision.
    """
    user = tx.session.get(User, user_id, with_for_update=True)
    keeper = tx.actor.user_id is None or tx.actor.has(Role.REGISTRAR, Role.ADMIN)
    if user is None or not (keeper or user.unit_id in headed_units(tx.session, tx.actor.user_id)):
        raise NotFound
    if user.id == tx.actor.user_id:
        raise NotAllowed(_("Am eigenen Konto ändert niemand Rollen, Einheit oder Stufe."))
    same_revision(revision, user.revision)
    return user


def change_user(tx: Transaction, user: User, wanted: AccountState) -> User:
    """Let an account have other roles, another unit or level, or be active or not; its sessions end.

    Whoever may give a role may take it. Where somebody reads, and up to which level, counts like giving the roles. An
    administrator may deactivate any account: that opens nothing. Raises NotAllowed, InvalidInput naming the field.
    """
    now = AccountState.of(user)
    touched = set(now.roles) ^ set(wanted.roles)
    if (wanted.unit_id, wanted.level) != (now.unit_id, now.level) or (wanted.active and not now.active):
        touched |= set(wanted.roles)
    if now.active and not wanted.active and not tx.actor.has(Role.ADMIN):
        touched |= set(now.roles)
    if touched:
        for state in (now, wanted):
            require_may_grant(tx, touched, unit_id=state.unit_id, level=state.level)
    if errors := check_roles(wanted.roles, wanted.unit_id):
        raise InvalidInput(errors=errors)
    roles = sorted(role.value for role in set(wanted.roles))
    said = {"roles": roles, "unit_id": wanted.unit_id, "level": int(wanted.level), "active": wanted.active}
    before = replaced(user, said)
    if not before:
        return user
    if wanted.unit_id != now.unit_id or not wanted.active or not READING & set(wanted.roles):
        drop_head_marks(tx.session, user.id)
    user.administered = user.administered or Role.ADMIN in wanted.roles
    details = {
        "before": sorted(role.value for role in now.roles),
        "roles": roles,
        "unit": str(wanted.unit_id or ""),
        "level": int(wanted.level),
        "active": wanted.active,
        "sessions_ended": end_sessions(tx.session, user.id),
    }
    tx.record(Tag.USER_ROLES, user.id, details)
    return user


def follow_unit(users: Iterable[User], unit_id: uuid.UUID) -> list[uuid.UUID]:
    """Let accounts work in another unit, as part of an act that changes units and records it; answers whose they are.

    Sessions go on: every request asks for the rights anew.
    """
    moved = []
    for user in users:
        user.unit_id = unit_id
        user.revision += 1
        moved.append(user.id)
    return moved
