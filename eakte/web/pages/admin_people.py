"""Accounts: listed by unit, made, changed, locked; and the roles with who has them.

Who may give which role is settled by `eakte.operations.granting`; a page offers what it allows and nothing else.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import replace
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.errors import InvalidInput
from eakte.language import _, msgid
from eakte.models import Unit, User
from eakte.operations.accounts import create_user
from eakte.operations.granting import roles_to_give
from eakte.operations.people import (
    PeopleFilter,
    last_seen,
    list_people,
    people_per_role,
    people_per_unit,
)
from eakte.operations.units import find_unit, list_units
from eakte.terms import Actor, Level, Role, now
from eakte.web.pages.admin_sections import require_section
from eakte.web.pages.asking import Person, Sent, Submitted, form_again, make_frame, page, quoted
from eakte.web.views import (
    Choice,
    Form,
    NewAccount,
    RoleRow,
    RolesView,
    TreeNode,
    UserRow,
    UsersView,
)

router = APIRouter(include_in_schema=False)
HOME = "/administration/benutzer"
ONE = HOME + "/{user_id}"
ROWS = 50
IDLE_DAYS = 60
"""After so many days without a sign-in an account is shown as unused: it may be one that nobody needs any more."""
ROLES = msgid(
    {
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
        Role.ADMIN: (
            "hält den Dienst in Betrieb; sieht keine Inhalte und keine Betreffe",
            "Administration, Registratur",
        ),
        Role.STATION: ("nimmt gescanntes Papier an", "Administration, Registratur"),
    }
)
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
                roles=ticked(sent, roles_to_give(tx.session, sent.actor)),
                unit_id=unit_of(tx.session, sent),
                level=level_of(sent, Level.INTERNAL),
                password=password,
                machine=machine,
                operator=sent.optional("operator"),
            )
            made = user.login
    except InvalidInput as error:
        return _index(request, sent.actor, form=form_again(sent, error), status=422)
    return _index(request, sent.actor, made=made, password=password or "")


@router.get("/administration/rollen")
def roles(request: Request, actor: Person) -> Response:
    """Each role: what it may, who gives it, how many have it, and the way to them."""
    with get_backends(request).transactions.read() as session:
        sections = require_section(session, actor, "rollen")
        counts = people_per_role(session, actor)
    rows = tuple(
        RoleRow(role.value, _(may), _(given_by), counts.get(role, 0), f"{HOME}?rolle={role.value}")
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
        roles=tuple(role.value for role in Role if role in offered),
        units=unit_choices(units, shown),
        levels=levels_for(actor),
    )


def unit_choices(units: list[Unit], shown: set[uuid.UUID] | None) -> tuple[Choice, ...]:
    """Open units to choose from; for a head the own ones."""
    mine = (unit for unit in units if unit.closed_on is None and (shown is None or unit.id in shown))
    return tuple(Choice(unit.number, f"{unit.number} {unit.name}") for unit in mine)


def levels_for(actor: Actor) -> tuple[str, ...]:
    """The head of a unit gives no level above the own one."""
    free = actor.has(Role.ADMIN, Role.REGISTRAR)
    order = (Level.INTERNAL, Level.OPEN, Level.PROTECTED)
    return tuple(level.word for level in order if free or level <= actor.level)


def ticked(sent: Submitted, offered: frozenset[Role]) -> list[Role]:
    """The roles of a form, among those that the person may give."""
    return [role for role in Role if role in offered and sent.text(f"role_{role}") == "on"]


def unit_of(session: Session, sent: Submitted) -> uuid.UUID | None:
    """The unit of a form, None where none is chosen. Raises InvalidInput."""
    number = sent.optional("unit")
    return find_unit(session, number).id if number else None


def level_of(sent: Submitted, default: Level) -> Level:
    """The level of a form."""
    words = {level.word: level for level in Level}
    return words.get(sent.text("level"), default)
