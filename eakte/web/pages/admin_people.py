"""Accounts: listed by unit, made, changed, locked; and the roles with who has them.

Who may give which role is settled by `eakte.operations.granting`; a page offers what it allows and nothing else.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.errors import InvalidInput, StaleRevision
from eakte.models import Unit, User
from eakte.operations.account_changes import AccountState, change_user, changeable_user
from eakte.operations.accounts import create_user
from eakte.operations.granting import may_grant, roles_to_give
from eakte.operations.people import (
    PeopleFilter,
    find_person,
    last_seen,
    list_people,
    people_per_role,
    people_per_unit,
)
from eakte.operations.second_factor import has_second_factor, remove_second_factor
from eakte.operations.units import find_unit, list_units
from eakte.terms import Actor, Level, Role, now
from eakte.transaction import Transaction
from eakte.web.pages.admin_sections import require_section
from eakte.web.pages.asking import Person, Sent, Submitted, form_again, go, make_frame, numbered, page, quoted
from eakte.web.views import (
    Choice,
    Form,
    Message,
    NewAccount,
    RoleRow,
    RolesView,
    TreeNode,
    UserRow,
    UsersView,
    UserView,
)

router = APIRouter()
HOME = "/administration/benutzer"
ONE = HOME + "/{user_id}"
ROWS = 50
IDLE_DAYS = 60
"""After so many days without a sign-in an account is shown as unused: it may be one that nobody needs any more."""
ROLES = {
    Role.CLERK: (
        "liest und bearbeitet die Akten der eigenen Organisationseinheit und derer darunter",
        "Registratur, Leitung der Einheit",
    ),
    Role.REGISTRAR: (
        "pflegt Aktenplan, Akten und Aktenzeichen; kennt die Betreffe aller Akten unter „besonders geschützt“",
        "Registratur",
    ),
    Role.ARCHIVE: ("bewertet und bestätigt, was angeboten wurde, und liest genau das", "Registratur"),
    Role.APPROVER: ("genehmigt als zweite Person", "Registratur, Leitung der Einheit"),
    Role.AUDITOR: ("liest das Prüfprotokoll; Inhalte nur mit Prüfauftrag", "Registratur"),
    Role.ADMIN: ("hält den Dienst in Betrieb; sieht keine Inhalte und keine Betreffe", "Administration, Registratur"),
    Role.STATION: ("nimmt gescanntes Papier an", "Administration, Registratur"),
}
"""What each role may, and who gives it (records, "Who may do what")."""


@router.get(HOME)
def index(request: Request, actor: Person) -> Response:
    """Accounts of a unit and those below it, with a role, by letters of the name."""
    return _index(request, actor)


@router.post(HOME)
def create(request: Request, sent: Sent) -> Response:
    """A new account; the first password of a person is shown on the answer and never again."""
    machine = sent.text("kind") == "machine"
    password = None if machine else secrets.token_urlsafe(12)
    try:
        with get_backends(request).transactions.begin(sent.actor) as tx:
            require_section(tx.session, sent.actor, "benutzer")
            user = create_user(
                tx,
                login=sent.text("login").strip(),
                display_name=sent.text("display_name"),
                roles=_ticked(sent, roles_to_give(tx.session, sent.actor)),
                unit_id=_unit(tx.session, sent),
                level=_level(sent, Level.INTERNAL),
                password=password,
                machine=machine,
                operator=sent.optional("operator"),
            )
            made = user.login
    except InvalidInput as error:
        return _index(request, sent.actor, form=form_again(sent, error), status=422)
    return _index(request, sent.actor, made=made, password=password or "")


@router.get(ONE)
def show(request: Request, actor: Person, user_id: uuid.UUID) -> Response:
    """One account."""
    return _one(request, actor, user_id)


@router.post(ONE)
def change(request: Request, sent: Sent, user_id: uuid.UUID) -> Response:
    """Other roles, another unit or level; its sessions end."""

    def act(tx: Transaction, user: User) -> None:
        state = AccountState.of(user)
        offered = _offered(tx.session, sent.actor, user)
        kept = {role for role in state.roles if role not in offered}
        wanted = replace(state, roles=kept | set(_ticked(sent, offered)))
        if _may_place(tx.session, sent.actor, user):
            wanted = replace(wanted, unit_id=_unit(tx.session, sent), level=_level(sent, state.level))
        change_user(tx, user, wanted)

    return _do(request, sent, user_id, act)


@router.post(ONE + "/sperren")
def lock(request: Request, sent: Sent, user_id: uuid.UUID) -> Response:
    """Let nobody sign in with it; what was done with it stays."""
    return _do(request, sent, user_id, lambda tx, user: _set_active(tx, user, active=False))


@router.post(ONE + "/entsperren")
def unlock(request: Request, sent: Sent, user_id: uuid.UUID) -> Response:
    """Let its person sign in again."""
    return _do(request, sent, user_id, lambda tx, user: _set_active(tx, user, active=True))


@router.post(ONE + "/zweiter-faktor")
def reset(request: Request, sent: Sent, user_id: uuid.UUID) -> Response:
    """Take the second factor away from somebody who lost the device; the password is still asked for."""
    return _do(request, sent, user_id, lambda tx, user: remove_second_factor(tx, user))  # noqa: PLW0108 - returns nothing


@router.get("/administration/rollen")
def roles(request: Request, actor: Person) -> Response:
    """Each role: what it may, who gives it, how many have it, and the way to them."""
    with get_backends(request).transactions.read() as session:
        sections = require_section(session, actor, "rollen")
        counts = people_per_role(session, actor)
    rows = tuple(
        RoleRow(role.value, may, given_by, counts.get(role, 0), f"{HOME}?rolle={role.value}")
        for role, (may, given_by) in ROLES.items()
    )
    return page("rollen.html", frame=make_frame(request, actor, area="administration"), view=RolesView(sections, rows))


def unit_tree(
    units: list[Unit], counts: dict[uuid.UUID | None, int], current: uuid.UUID | None, shown: set[uuid.UUID] | None
) -> tuple[TreeNode, ...]:
    """Open units as a tree with the accounts of each and those below; a head sees the own ones only."""
    below: dict[uuid.UUID | None, list[Unit]] = {}
    known = {unit.id for unit in units if shown is None or unit.id in shown}
    for unit in units:
        if unit.id in known and unit.closed_on is None:
            below.setdefault(unit.parent_id if unit.parent_id in known else None, []).append(unit)

    def node(unit: Unit) -> TreeNode:
        children = tuple(node(each) for each in below.get(unit.id, []))
        count = counts.get(unit.id, 0) + sum(child.count or 0 for child in children)
        href = f"{HOME}?einheit={quoted(unit.number)}"
        return TreeNode(unit.number, unit.name, href, count=count, current=unit.id == current, children=children)

    return tuple(node(unit) for unit in below.get(None, []))


def _index(
    request: Request,
    actor: Actor,
    *,
    form: Form | None = None,
    made: str = "",
    password: str = "",
    status: int = 200,
) -> Response:
    with get_backends(request).transactions.read() as session:
        view = _list(session, actor, request)
    new = replace(view.new, form=form) if view.new and form else view.new
    view = replace(view, new=new, made=made, password=password)
    return page("benutzer.html", frame=make_frame(request, actor, area="administration"), view=view, status=status)


def _list(session: Session, actor: Actor, request: Request) -> UsersView:
    sections = require_section(session, actor, "benutzer")
    asked = request.query_params
    units = list(list_units(session))
    chosen = next((unit for unit in units if unit.number == asked.get("einheit")), None)
    role = next((each for each in Role if each.value == asked.get("rolle")), None)
    words = asked.get("q", "").strip().replace("\0", "")[:100]
    wanted = PeopleFilter(chosen.id if chosen else None, role, words)
    found = list_people(session, actor, wanted, after=asked.get("after"), limit=ROWS)
    counts = people_per_unit(session, actor)
    keeper = actor.has(Role.ADMIN, Role.REGISTRAR)
    shown = None if keeper else {unit for unit in counts if unit is not None}
    names = {unit.id: f"{unit.number} {unit.name}" for unit in units}
    heads = {unit.head_id for unit in units if unit.head_id}
    seen = last_seen(session, found.items)
    query = f"einheit={quoted(chosen.number) if chosen else ''}&rolle={role or ''}&q={quoted(words)}"
    return UsersView(
        sections=sections,
        tree=unit_tree(units, counts, chosen.id if chosen else None, shown),
        rows=tuple(_row(user, names, heads, seen) for user in found.items),
        unit=chosen.number if chosen else "",
        role=role or "",
        query=words,
        roles=tuple(Role),
        next=f"{HOME}?{query}&after={quoted(found.next)}" if found.next else "",
        new=_new_account(session, actor, units, shown),
    )


def _row(user: User, names: dict[uuid.UUID, str], heads: set[uuid.UUID], seen: dict[uuid.UUID, datetime]) -> UserRow:
    at = seen.get(user.id)
    idle = (now() - (at or user.created_at)).days
    return UserRow(
        href=f"{HOME}/{user.id}",
        name=user.display_name,
        login=user.login,
        unit=names.get(user.unit_id, "") if user.unit_id else "",
        roles=tuple(user.roles),
        seen=at,
        state=_state(user, idle),
        idle_days=idle,
        head=user.id in heads,
    )


def _state(user: User, idle: int) -> Literal["active", "locked", "machine", "idle"]:
    if not user.active:
        return "locked"
    if user.machine:
        return "machine"
    return "idle" if idle >= IDLE_DAYS else "active"


def _new_account(session: Session, actor: Actor, units: list[Unit], shown: set[uuid.UUID] | None) -> NewAccount | None:
    offered = roles_to_give(session, actor)
    if not offered:
        return None
    return NewAccount(
        roles=tuple(role.value for role in Role if role in offered), units=_choices(units, shown), levels=_levels(actor)
    )


def _choices(units: list[Unit], shown: set[uuid.UUID] | None) -> tuple[Choice, ...]:
    mine = (unit for unit in units if unit.closed_on is None and (shown is None or unit.id in shown))
    return tuple(Choice(unit.number, f"{unit.number} {unit.name}") for unit in mine)


def _levels(actor: Actor) -> tuple[str, ...]:
    """The head of a unit gives no level above the own one."""
    free = actor.has(Role.ADMIN, Role.REGISTRAR)
    order = (Level.INTERNAL, Level.OPEN, Level.PROTECTED)
    return tuple(level.word for level in order if free or level <= actor.level)


def _one(
    request: Request,
    actor: Actor,
    user_id: uuid.UUID,
    form: Form | None = None,
    *,
    message: Message | None = None,
    status: int = 200,
) -> Response:
    with get_backends(request).transactions.read() as session:
        sections = require_section(session, actor, "benutzer")
        user = find_person(session, actor, user_id)
        own = user.id == actor.user_id
        units = list(list_units(session))
        unit = next((each for each in units if each.id == user.unit_id), None)
        may_place = not own and _may_place(session, actor, user)
        keeper = actor.has(Role.ADMIN, Role.REGISTRAR)
        shown = None if keeper else {each for each in people_per_unit(session, actor) if each is not None}
        factor = has_second_factor(session, user.id)
        view = UserView(
            sections=sections,
            id=str(user.id),
            name=user.display_name,
            login=user.login,
            revision=user.revision,
            unit=f"{unit.number} {unit.name}" if unit else "",
            level=Level(user.level).word,
            active=user.active,
            machine=user.machine,
            seen=last_seen(session, [user]).get(user.id),
            roles=tuple(user.roles),
            operator=user.operator or "",
            heads=tuple(f"{each.number} {each.name}" for each in units if each.head_id == user.id),
            second_factor=factor,
            offered=() if own else tuple(role.value for role in Role if role in _offered(session, actor, user)),
            units=_choices(units, shown) if may_place else (),
            levels=_levels(actor),
            may_lock=not own and user.active and (actor.has(Role.ADMIN) or may_place),
            may_unlock=not own and not user.active and may_place,
            may_reset=not own and factor and actor.has(Role.ADMIN),
            own=own,
            form=form or Form(values=_values(user, unit)),
        )
    frame = make_frame(request, actor, area="administration", message=message)
    return page("konto_verwalten.html", frame=frame, view=view, status=status)


def _values(user: User, unit: Unit | None) -> dict[str, str]:
    ticked = {f"role_{role}": "on" for role in user.roles}
    return {**ticked, "unit": unit.number if unit else "", "level": Level(user.level).word}


def _offered(session: Session, actor: Actor, user: User) -> frozenset[Role]:
    """The roles that the actor may give to this account or take from it, where it works now."""
    given = roles_to_give(session, actor)
    level = Level(user.level)
    return frozenset(each for each in given if may_grant(session, actor, [each], unit_id=user.unit_id, level=level))


def _may_place(session: Session, actor: Actor, user: User) -> bool:
    """Whether the actor may say where an account works, up to which level, and let it in again."""
    return may_grant(session, actor, [Role(role) for role in user.roles], unit_id=user.unit_id, level=Level(user.level))


def _do(request: Request, sent: Submitted, user_id: uuid.UUID, act: Callable[[Transaction, User], None]) -> Response:
    """An act on an account; then its page, with what is wrong or what somebody else changed meanwhile."""

    def run() -> str:
        act(tx, changeable_user(tx, user_id, revision=numbered(sent.text("revision"))))
        return f"{HOME}/{user_id}?ok=gespeichert"

    try:
        with get_backends(request).transactions.begin(sent.actor) as tx:
            require_section(tx.session, sent.actor, "benutzer")
            address = sent.once(tx, run)
    except InvalidInput as error:
        return _one(request, sent.actor, user_id, form_again(sent, error), status=422)
    except StaleRevision:
        message = Message("warning", "Inzwischen hat jemand dieses Konto geändert. Hier steht, was jetzt gilt.")
        return _one(request, sent.actor, user_id, message=message, status=412)
    return go(address)


def _set_active(tx: Transaction, user: User, *, active: bool) -> None:
    change_user(tx, user, replace(AccountState.of(user), active=active))


def _ticked(sent: Submitted, offered: frozenset[Role]) -> list[Role]:
    return [role for role in Role if role in offered and sent.text(f"role_{role}") == "on"]


def _unit(session: Session, sent: Submitted) -> uuid.UUID | None:
    number = sent.optional("unit")
    return find_unit(session, number).id if number else None


def _level(sent: Submitted, default: Level) -> Level:
    words = {level.word: level for level in Level}
    return words.get(sent.text("level"), default)
