"""Access keys of machines and people: listed, made and shown once, ended."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.errors import FieldError as DomainFieldError
from eakte.errors import InvalidInput
from eakte.language import _
from eakte.models import Token, User
from eakte.operations.accounts import create_token, find_token, find_user, revoke_token
from eakte.operations.granting import require_may_give_key
from eakte.operations.people import list_keys, machines_for
from eakte.terms import Actor, Role, Scope, now
from eakte.transaction import Transaction
from eakte.web.pages.admin_sections import require_section
from eakte.web.pages.asking import Person, Sent, Submitted, form_again, go, make_frame, page, quoted
from eakte.web.views import Choice, Form, KeyRow, KeysView, Section

router = APIRouter(include_in_schema=False)
HOME = "/administration/schluessel"
ROWS = 50
DAYS = ("90", "365", "1825")
"""How long a key of a machine may last."""


@router.get(HOME)
def index(request: Request, actor: Person) -> Response:
    """Keys, the newest first: all for IT, those of machines for the registrar."""
    return _page(request, actor)


@router.post(HOME)
def create(request: Request, sent: Sent) -> Response:
    """A new key of a machine; it is shown on the answer and never again."""
    try:
        with get_backends(request).transactions.begin(sent.actor) as tx:
            require_section(tx.session, sent.actor, "schluessel")
            secret = _new_key(tx, sent)
    except InvalidInput as error:
        return _page(request, sent.actor, form=form_again(sent, error), status=422)
    return _page(request, sent.actor, new_key=secret)


@router.post(HOME + "/{token_id}/beenden")
def end(request: Request, sent: Sent, token_id: uuid.UUID) -> Response:
    """End a key at once."""

    def act() -> str:
        revoke_token(tx, find_token(tx.session, sent.actor, token_id))
        return f"{HOME}?ok=beendet"

    with get_backends(request).transactions.begin(sent.actor) as tx:
        require_section(tx.session, sent.actor, "schluessel")
        address = sent.once(tx, act)
    return go(address)


def _new_key(tx: Transaction, sent: Submitted) -> str:
    scopes = [scope for scope in Scope if sent.text(f"scope_{scope}") == "on"]
    if not scopes:
        raise InvalidInput(errors=[DomainFieldError("scopes", _("Bitte wählen Sie, was der Schlüssel erlaubt."))])
    if sent.text("days") not in DAYS:
        raise InvalidInput(errors=[DomainFieldError("days", _("Bitte wählen Sie, wie lange der Schlüssel gilt."))])
    user = find_user(tx.session, sent.text("user"))
    require_may_give_key(tx.actor, user)
    _row, secret = create_token(tx, user=user, name=sent.text("name"), scopes=scopes, days=int(sent.text("days")))
    return secret


def _page(
    request: Request, actor: Actor, *, form: Form | None = None, new_key: str = "", status: int = 200
) -> Response:
    with get_backends(request).transactions.read() as session:
        sections = require_section(session, actor, "schluessel")
        view = _view(session, actor, sections, request.query_params.get("after"), form or Form(), new_key)
    frame = make_frame(request, actor, area="administration")
    return page("schluessel.html", frame=frame, view=view, status=status)


def _view(
    session: Session, actor: Actor, sections: tuple[Section, ...], after: str | None, form: Form, new_key: str
) -> KeysView:
    found = list_keys(session, actor, after=after, limit=ROWS)
    machines = machines_for(session, actor)
    return KeysView(
        sections=sections,
        rows=tuple(_row(token, user, actor) for token, user in found.items),
        machines=tuple(Choice(user.login, f"{user.display_name} ({user.login})") for user in machines),
        scopes=tuple(scope.value for scope in Scope),
        next=f"{HOME}?after={quoted(found.next)}" if found.next else "",
        form=form,
        new_key=new_key,
    )


def _row(token: Token, user: User, actor: Actor) -> KeyRow:
    over = token.expires_at is not None and token.expires_at <= now()
    valid = token.revoked_at is None and not over
    return KeyRow(
        id=str(token.id),
        name=token.name,
        prefix=token.prefix,
        owner=user.login,
        machine=user.machine,
        scopes=tuple(token.scopes),
        expires=token.expires_at,
        used=token.last_used_at,
        state="ended" if token.revoked_at is not None else "expired" if over else "valid",
        may_end=valid and (user.machine or user.id == actor.user_id or actor.has(Role.ADMIN)),
    )
