"""One account: its roles, unit and level changed, locked and let in again, its second factor reset."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.language import _
from eakte.models import Unit, User
from eakte.operations.account_changes import AccountState, change_user, changeable_user
from eakte.operations.granting import may_grant, roles_to_give
from eakte.operations.people import find_person, last_seen, people_per_unit
from eakte.operations.second_factor import has_second_factor, remove_second_factor
from eakte.operations.units import list_units
from eakte.terms import Actor, Level, Role
from eakte.transaction import Transaction
from eakte.web.pages.admin_people import HOME, level_of, levels_for, ticked, unit_choices, unit_of
from eakte.web.pages.admin_sections import require_section
from eakte.web.pages.asking import Person, Refused, Sent, Submitted, attempt, make_frame, numbered, page
from eakte.web.views import Form, Message, UserView

router = APIRouter(include_in_schema=False)
ONE = HOME + "/{user_id}"


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
        wanted = replace(state, roles=kept | set(ticked(sent, offered)))
        if _may_place(tx.session, sent.actor, user):
            wanted = replace(wanted, unit_id=unit_of(tx.session, sent), level=level_of(sent, state.level))
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
            units=unit_choices(units, shown) if may_place else (),
            levels=levels_for(actor),
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

    def run(tx: Transaction) -> str:
        require_section(tx.session, sent.actor, "benutzer")
        act(tx, changeable_user(tx, user_id, revision=numbered(sent.text("revision"))))
        return f"{HOME}/{user_id}?ok=gespeichert"

    def refused(why: Refused) -> Response:
        return _one(request, sent.actor, user_id, why.form, message=why.message, status=why.status)

    return attempt(
        request, sent, run, refused, stale=_("Inzwischen hat jemand dieses Konto geändert. Hier steht, was jetzt gilt.")
    )


def _set_active(tx: Transaction, user: User, *, active: bool) -> None:
    change_user(tx, user, replace(AccountState.of(user), active=active))
