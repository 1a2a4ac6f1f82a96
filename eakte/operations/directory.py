"""Accounts of people who sign in with the municipality's OIDC provider: who they are here, and what its groups give.

An identity is issuer and subject, never an address of mail: that can be given to somebody else. Limits of what a
directory may give (records, "Who may do what"):

- never the roles archive, approver, auditor;
- never a role that reads to an account that administers, nor the other way round, and never one to an account that
  administered before: IT keeps the directory, and could put itself into any group.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import AccountUnknown, Conflict, FieldError, InvalidInput, SetupFailed
from eakte.language import _
from eakte.models import ExternalIdentity, Unit, User
from eakte.operations.accounts import actor_of
from eakte.operations.granting import READING, drop_head_marks
from eakte.operations.sessions import SignedIn, Visit, end_sessions, open_session
from eakte.operations.units import successor_of
from eakte.terms import SYSTEM, Identity, Level, Role
from eakte.transaction import Transaction, Transactions

ALLOWED = frozenset({Role.CLERK, Role.REGISTRAR, Role.STATION, Role.ADMIN})
_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Group:
    """What one group of the directory gives."""

    name: str
    roles: frozenset[Role]
    unit: str | None
    level: Level


@dataclass(frozen=True, slots=True)
class Directory:
    """The rules of this municipality. `founds`: whether somebody unknown with a known group gets an account."""

    groups: Sequence[Group]
    founds: bool


def parse_groups(groups: Mapping[str, Any]) -> Sequence[Group]:
    """EAKTE_OIDC_GROUPS: `{"group": {"roles": ["clerk"], "unit": "63", "level": "internal"}}`.

    Raises SetupFailed naming the group, for roles that no directory may give too.
    """
    parsed = []
    for name, said in groups.items():
        try:
            roles = frozenset(Role(role) for role in said["roles"])
            level = Level.parse(said.get("level", Level.INTERNAL.word))
            unit = said.get("unit")
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise SetupFailed(_("EAKTE_OIDC_GROUPS: %(name)s ist nicht lesbar.", name=name)) from error
        if not roles <= ALLOWED:
            refused = ", ".join(sorted(roles - ALLOWED))
            raise SetupFailed(
                _(
                    "EAKTE_OIDC_GROUPS: %(name)s darf %(refused)s nicht vergeben; das tut nur die Registratur.",
                    name=name,
                    refused=refused,
                )
            )
        if roles & READING and Role.ADMIN in roles:
            raise SetupFailed(_("EAKTE_OIDC_GROUPS: %(name)s darf nicht zugleich verwalten und lesen.", name=name))
        parsed.append(Group(name, roles, unit, level))
    return parsed


def enter(transactions: Transactions, identity: Identity, rules: Directory, *, hours: int, visit: Visit) -> SignedIn:
    """Sign in whom the provider has named. Roles and unit follow the groups first.

    Raises AccountUnknown, which is logged, for somebody without an account here whom no rule founds one, for a
    deactivated one, and for one whom the change of groups leaves without any role.
    """
    given = _given(identity, rules)
    with transactions.read() as session:
        row = session.get(ExternalIdentity, (identity.issuer, identity.subject))
        user = session.get(User, row.user_id) if row else None
    if user is None and not (rules.founds and given.roles):
        raise _refused(transactions, None, "unknown")
    if user is not None and not user.active:
        raise _refused(transactions, user, "inactive")
    if user is None:
        user = _found(transactions, identity, given)
    _follow(transactions, user.id, identity, given)
    with transactions.begin(actor_of(user, scopes=frozenset())) as tx:
        user = tx.session.get_one(User, user.id, populate_existing=True)
        if user.roles:
            return open_session(tx, user, method="oidc", hours=hours, visit=visit)
    raise _refused(transactions, user, "no-role")


def link(tx: Transaction, identity: Identity) -> None:
    """Connect the actor's own account with an identity, as its owner who has just signed in at both sides.

    Nobody connects another's account: who did could sign in as the other. Raises Conflict when the identity is taken.
    """
    if tx.session.get(ExternalIdentity, (identity.issuer, identity.subject)) is not None:
        raise Conflict(_("Dieses Konto der Verwaltung ist hier schon verbunden."))
    if tx.actor.user_id is None:
        raise InvalidInput(errors=[FieldError("user", _("Nur ein Mensch verbindet sein Konto."))])
    tx.session.add(
        ExternalIdentity(
            issuer=identity.issuer, subject=identity.subject, user_id=tx.actor.user_id, roles=[], founded=False
        )
    )
    tx.record(Tag.USER_LINK, tx.actor.user_id, {"linked": True})


def unlink(tx: Transaction) -> None:
    """Take one's own connection away; what the directory gave goes with it. An account needs a password for that."""
    user = tx.session.get_one(User, tx.actor.user_id)
    if user.password_hash is None:
        raise InvalidInput(errors=[FieldError("", _("Ohne Passwort käme niemand mehr in dieses Konto."))])
    gone = tx.session.scalars(
        delete(ExternalIdentity).where(ExternalIdentity.user_id == user.id).returning(ExternalIdentity)
    ).all()
    lost = {role for each in gone for role in each.roles}
    if lost:
        user.roles = [role for role in user.roles if role not in lost]
        user.revision += 1
    end_sessions(tx.session, user.id, keep=tx.actor.access_key)
    tx.record(Tag.USER_LINK, user.id, {"linked": False, "roles": user.roles})


def linked(session: Session, user_id: uuid.UUID) -> bool:
    """Whether an account is connected with the provider."""
    return session.scalar(select(ExternalIdentity.user_id).where(ExternalIdentity.user_id == user_id)) is not None


@dataclass(frozen=True, slots=True)
class _Given:
    roles: frozenset[Role]
    unit: str | None
    level: Level


def _given(identity: Identity, rules: Directory) -> _Given:
    """What the person's groups give together; where they disagree, the one that stands first in the setting."""
    mine = [group for group in rules.groups if group.name in identity.groups]
    roles = frozenset(role for group in mine for role in group.roles)
    if Role.ADMIN in roles:
        roles -= READING
    unit = next((group.unit for group in mine if group.unit), None)
    return _Given(roles, unit, next((group.level for group in mine), Level.INTERNAL))


def _found(transactions: Transactions, identity: Identity, given: _Given) -> User:
    """The account of somebody who comes for the first time, still without roles."""
    with transactions.begin(SYSTEM) as tx:
        user = User(
            login=_free_login(tx.session, identity),
            display_name=_shown(identity),
            roles=[],
            unit_id=_unit(tx.session, given),
            level=int(given.level),
            password_hash=None,
            machine=False,
            operator=None,
        )
        tx.session.add(user)
        tx.session.flush()
        tx.session.add(
            ExternalIdentity(issuer=identity.issuer, subject=identity.subject, user_id=user.id, roles=[], founded=True)
        )
        tx.record(Tag.USER_CREATE, user.id, {"roles": [], "unit": str(user.unit_id or ""), "by": "directory"})
        return user


def _follow(transactions: Transactions, user_id: uuid.UUID, identity: Identity, given: _Given) -> None:
    """Bring roles, unit and level of an account to what the groups give now; other sessions end when that changes."""
    with transactions.begin(SYSTEM) as tx:
        user = tx.session.get_one(User, user_id, with_for_update=True)
        row = tx.session.get_one(ExternalIdentity, (identity.issuer, identity.subject))
        local = {Role(role) for role in user.roles} - {Role(role) for role in row.roles}
        wanted = _within_limits(given.roles, local, administered=user.administered)
        unit_id = _unit(tx.session, given) if row.founded else user.unit_id
        level = int(given.level) if row.founded else user.level
        roles = sorted(role.value for role in local | wanted)
        if (roles, unit_id, level) == (sorted(user.roles), user.unit_id, user.level):
            return
        before = list(user.roles)
        if unit_id != user.unit_id or not READING & {Role(role) for role in roles}:
            drop_head_marks(tx.session, user.id)
        user.roles, user.unit_id, user.level = roles, unit_id, level
        user.revision += 1
        row.roles = sorted(role.value for role in wanted - local)
        user.administered = user.administered or Role.ADMIN in wanted
        ended = end_sessions(tx.session, user.id)
        details = {"before": before, "roles": roles, "unit": str(unit_id or ""), "level": level, "by": "directory"}
        tx.record(Tag.USER_ROLES, user.id, {**details, "sessions_ended": ended})


def _within_limits(wanted: frozenset[Role], local: set[Role], *, administered: bool) -> frozenset[Role]:
    if administered or Role.ADMIN in local:
        wanted -= READING
    if local & READING:
        wanted -= {Role.ADMIN}
    return wanted


def _unit(session: Session, given: _Given) -> uuid.UUID | None:
    if given.unit is None:
        return None
    found = session.scalar(select(Unit).where(Unit.number == given.unit))
    return successor_of(session, found).id if found else None


def _free_login(session: Session, identity: Identity) -> str:
    """A login like the person's at the provider; with a number where it is taken: it names, it does not identify."""
    wanted = _STRANGE.sub("-", identity.login.partition("@")[0]).strip("-._")[:50] or "konto"
    for number in range(1, 1000):
        login = wanted if number == 1 else f"{wanted}-{number}"
        if session.scalar(select(User.id).where(func.lower(User.login) == login.lower())) is None:
            return login
    raise Conflict


def _shown(identity: Identity) -> str:
    said = "".join(letter if letter.isprintable() else " " for letter in identity.name or identity.login)
    return " ".join(said.split())[:200] or _("Ohne Namen")


def _refused(transactions: Transactions, user: User | None, reason: str) -> AccountUnknown:
    tried = actor_of(user, scopes=frozenset()) if user else SYSTEM
    transactions.record_apart(tried, Tag.SIGN_IN_FAIL, None, {"step": "oidc", "reason": reason})
    return AccountUnknown()
