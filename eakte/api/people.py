"""`/units`, `/users`, `/tokens`: who works here, and the keys of machines."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from eakte.api.dependencies import Reader, ReadTx, Tx
from eakte.api.paging import After, OptionalLimit, short_listing
from eakte.api.replies import Key, created
from eakte.api.shapes import Listing, Strict, TokenShape, UnitShape, UserShape
from eakte.errors import FieldError, InvalidInput, NotAllowed
from eakte.models import User
from eakte.operations.accounts import (
    create_token,
    create_user,
    find_token,
    find_user,
    list_tokens,
    list_users,
    revoke_token,
)
from eakte.operations.checking import one_of
from eakte.operations.units import create_unit, find_unit, list_units
from eakte.terms import Actor, Level, Role, Scope

router = APIRouter()


class NewUnit(Strict):
    """A new organisation unit; `parent` by id or number."""

    number: str
    name: str
    parent: str | None = None


class NewUser(Strict):
    """A new account; `unit` by id or number.

    A machine has no password and signs in by token; `operator` is the person who answers for it.
    """

    login: str
    display_name: str
    roles: list[str]
    unit: str | None = None
    level: str = "internal"
    password: str | None = Field(default=None, max_length=500)
    machine: bool = False
    operator: str | None = None


class NewToken(Strict):
    """A new access key of an account."""

    user: str
    name: str
    scopes: list[str]
    days: int | None = Field(default=None, ge=1, le=3650)


class NewTokenShape(TokenShape):
    """The new key: `token` is shown this once."""

    token: str


@router.get("/units", tags=["units"])
def units(
    request: Request, _actor: Reader, session: ReadTx, after: After = None, limit: OptionalLimit = None
) -> Listing[UnitShape]:
    """All units by number."""
    rows = list_units(session)
    return short_listing(request, rows, UnitShape.of, key=lambda row: row.id, after=after, limit=limit)


@router.post("/units", status_code=201, response_model=UnitShape, tags=["units"])
def new_unit(request: Request, tx: Tx, new: NewUnit, key: Key = None) -> Any:
    """A new unit (role registrar or admin)."""

    def act() -> tuple[int, UnitShape, int]:
        parent = find_unit(tx.session, new.parent, at="parent").id if new.parent else None
        row = create_unit(tx, number=new.number, name=new.name, parent_id=parent)
        return 201, UnitShape.of(row), row.revision

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.get("/users", tags=["users"])
def users(
    request: Request, actor: Reader, session: ReadTx, after: After = None, limit: OptionalLimit = None
) -> Listing[UserShape]:
    """All accounts (role registrar or admin)."""
    _require_keeper(actor)
    rows = list_users(session)
    return short_listing(request, rows, UserShape.of, key=lambda row: row.id, after=after, limit=limit)


@router.post("/users", status_code=201, response_model=UserShape, tags=["users"])
def new_user(request: Request, tx: Tx, new: NewUser, key: Key = None) -> Any:
    """A new account. Roles that read content are given by the registrar only."""

    def act() -> tuple[int, UserShape, int]:
        row = create_user(
            tx,
            login=new.login,
            display_name=new.display_name,
            roles=[one_of(Role, role, at="roles", label="Rolle") for role in new.roles],
            unit_id=find_unit(tx.session, new.unit).id if new.unit else None,
            level=_level(new.level),
            password=new.password,
            machine=new.machine,
            operator=new.operator,
        )
        return 201, UserShape.of(row), row.revision

    # A plain digest of a password would undo what the slow one protects.
    return created(tx, request, key, new.model_dump_json().encode(), act, secret=True)


@router.get("/tokens", tags=["tokens"])
def tokens(
    request: Request, actor: Reader, session: ReadTx, after: After = None, limit: OptionalLimit = None
) -> Listing[TokenShape]:
    """The access keys: all for an administrator, else one's own."""
    mine = None if actor.has(Role.ADMIN) else actor.user_id
    rows = list_tokens(session, mine)
    return short_listing(request, rows, TokenShape.of, key=lambda row: row.id, after=after, limit=limit)


@router.post("/tokens", status_code=201, response_model=NewTokenShape, tags=["tokens"])
def new_token(request: Request, tx: Tx, new: NewToken, key: Key = None) -> Any:
    """A new access key, for oneself, or for a machine account by an administrator. It is shown this once.

    With an Idempotency-Key it is shown again to whoever repeats the request with the credential of the first time.
    """

    def act() -> tuple[int, NewTokenShape, None]:
        user = find_user(tx.session, new.user)
        _may_give_key(tx.actor, user)
        scopes = [one_of(Scope, scope, at="scopes", label="Umfang") for scope in new.scopes]
        if not set(scopes) <= tx.actor.scopes and not tx.actor.has(Role.ADMIN):
            raise NotAllowed("Einen größeren Umfang als den eigenen kann niemand vergeben.")
        row, secret = create_token(tx, user=user, name=new.name, scopes=scopes, days=new.days)
        return 201, NewTokenShape(**TokenShape.of(row).model_dump(), token=secret), None

    return created(tx, request, key, new.model_dump_json().encode(), act, secret=True)


@router.delete("/tokens/{token_id}", status_code=204, tags=["tokens"])
def end_token(tx: Tx, token_id: uuid.UUID) -> Response:
    """Revoke an access key at once."""
    revoke_token(tx, find_token(tx.session, tx.actor, token_id))
    return Response(status_code=204)


def _require_keeper(actor: Actor) -> None:
    if not actor.has(Role.ADMIN, Role.REGISTRAR):
        raise NotAllowed("Konten sehen Registratur und IT.")


def _may_give_key(actor: Actor, user: User) -> None:
    if user.id == actor.user_id or (user.machine and actor.has(Role.ADMIN)):
        return
    raise NotAllowed("Schlüssel gibt es für das eigene Konto; für Maschinenkonten vergibt sie die IT.")


def _level(word: str) -> Level:
    try:
        return Level.parse(word)
    except KeyError:
        words = ", ".join(level.word for level in Level)
        raise InvalidInput(errors=[FieldError("level", f"Erlaubt sind {words}.")]) from None
