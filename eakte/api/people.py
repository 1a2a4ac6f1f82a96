"""`/users`, `/tokens`: who works here, and the keys of machines."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from fastapi import Request, Response
from pydantic import Field

from eakte.api.account_shapes import TokenShape, UserShape
from eakte.api.dependencies import Reader, ReadTx, RevisionRequired, Tx, etag
from eakte.api.paging import After, OptionalLimit, short_listing
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Listing, Strict
from eakte.errors import FieldError, InvalidInput, NotAllowed
from eakte.language import _
from eakte.operations.account_changes import AccountState, change_user, changeable_user
from eakte.operations.accounts import (
    create_token,
    create_user,
    find_token,
    list_tokens,
    list_users,
    permitted_user,
    revoke_token,
)
from eakte.operations.checking import one_of
from eakte.operations.granting import may_give_key, no_key
from eakte.operations.units import find_unit
from eakte.terms import Actor, Level, Role, Scope

router = ApiRouter()


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


class UserChange(Strict):
    """Changes; what is not named stays. `unit` by id or number."""

    roles: list[str] | None = None
    unit: str | None = None
    level: str | None = None
    active: bool | None = None


class NewToken(Strict):
    """A new access key of an account."""

    user: str
    name: str
    scopes: list[str]
    days: int | None = Field(default=None, ge=1, le=3650)


class NewTokenShape(TokenShape):
    """The new key: `token` is shown this once."""

    token: str


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
    """A new account. Roles that read are given by the registrar, clerk and approver also by the head of the unit."""

    def act() -> tuple[int, UserShape, int]:
        row = create_user(
            tx,
            login=new.login,
            display_name=new.display_name,
            roles=[one_of(Role, role, at="roles", label=_("Rolle")) for role in new.roles],
            unit_id=find_unit(tx.session, new.unit).id if new.unit else None,
            level=_level(new.level),
            password=new.password,
            machine=new.machine,
            operator=new.operator,
        )
        return 201, UserShape.of(row), row.revision

    # A plain digest of a password would undo what the slow one protects.
    return created(tx, request, key, new.model_dump_json().encode(), act, secret=True)


@router.patch("/users/{user_id}", tags=["users"])
def change(
    response: Response, tx: Tx, user_id: uuid.UUID, changes: UserChange, revision: RevisionRequired
) -> UserShape:
    """Other roles, another unit or level, active or not; by who may give them, and not to oneself. Sessions end."""
    user = changeable_user(tx, user_id, revision=revision)
    said, state = changes.model_dump(exclude_unset=True), AccountState.of(user)
    if "roles" in said:
        roles = [one_of(Role, role, at="roles", label=_("Rolle")) for role in said["roles"] or []]
        state = replace(state, roles=roles)
    if "unit" in said:
        state = replace(state, unit_id=find_unit(tx.session, said["unit"]).id if said["unit"] else None)
    if said.get("level") is not None:
        state = replace(state, level=_level(said["level"]))
    if said.get("active") is not None:
        state = replace(state, active=said["active"])
    row = change_user(tx, user, state)
    response.headers["ETag"] = etag(row.revision)
    return UserShape.of(row)


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
    """A new access key, for oneself, or for a machine account: by an administrator, of one that reads by the registrar.

    It is shown this once; with an Idempotency-Key it is shown again to whoever repeats the request with the credential
    of the first time.
    """

    def act() -> tuple[int, NewTokenShape, None]:
        user = permitted_user(
            tx.session,
            new.user,
            lambda each: may_give_key(tx.actor, each),
            refusal=no_key(),
            keeper=tx.actor.has(Role.ADMIN, Role.REGISTRAR),
        )
        scopes = [one_of(Scope, scope, at="scopes", label=_("Umfang")) for scope in new.scopes]
        if not set(scopes) <= tx.actor.scopes and not tx.actor.has(Role.ADMIN):
            raise NotAllowed(_("Einen größeren Umfang als den eigenen kann niemand vergeben."))
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
        raise NotAllowed(_("Konten sehen Registratur und IT."))


def _level(word: str) -> Level:
    try:
        return Level.parse(word)
    except KeyError:
        words = ", ".join(level.word for level in Level)
        raise InvalidInput(errors=[FieldError("level", _("Erlaubt sind %(words)s.", words=words))]) from None
