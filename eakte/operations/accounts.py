"""Accounts: people and machines, and their access keys."""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound, NotSignedIn
from eakte.language import _
from eakte.models import Token, User
from eakte.operations.checking import line, optional_line
from eakte.operations.granting import check_roles, require_may_grant
from eakte.operations.passwords import check_password, hash_password
from eakte.terms import SYSTEM, Actor, Level, Role, Scope, now
from eakte.transaction import Transaction, Transactions

TOKEN_PREFIX = "eakte_"  # noqa: S105 - marks a key as ours, so that scanners for leaked secrets find it
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def create_user(
    tx: Transaction,
    *,
    login: str,
    display_name: str,
    roles: Iterable[Role],
    unit_id: uuid.UUID | None,
    level: Level = Level.INTERNAL,
    password: str | None = None,
    machine: bool = False,
    operator: str | None = None,
) -> User:
    """A new account, with roles that the actor may give (`eakte.operations.granting`).

    A machine account names its operator, the person who answers for what it does. Raises NotAllowed, InvalidInput
    naming the field.
    """
    held = sorted(set(roles))
    require_may_grant(tx, frozenset(held), unit_id=unit_id, level=level)
    errors = check_roles(held, unit_id)
    if not _LOGIN.fullmatch(login):
        errors.append(
            FieldError("login", _("Die Kennung besteht aus Buchstaben ohne Umlaute, Ziffern, Punkt, - und _."))
        )
    elif tx.session.scalar(select(User.id).where(func.lower(User.login) == login.lower())):
        errors.append(FieldError("login", _("Die Kennung %(login)s gibt es schon.", login=login)))
    answering = optional_line(operator, at="operator", label=_("Verantwortliche Person"), longest=200)
    if machine and answering is None:
        errors.append(
            FieldError("operator", _("Ein Maschinenkonto braucht eine Person, die dafür verantwortlich ist."))
        )
    if machine and password is not None:
        errors.append(FieldError("password", _("Ein Maschinenkonto hat kein Passwort, sondern Zugriffsschlüssel.")))
    if errors:
        raise InvalidInput(errors=errors)
    if password is not None:
        check_password(password, known=(login, display_name))
    user = User(
        login=login,
        display_name=line(display_name, at="display_name", label=_("Name"), longest=200),
        roles=[role.value for role in held],
        unit_id=unit_id,
        level=int(level),
        password_hash=hash_password(password) if password else None,
        machine=machine,
        operator=answering if machine else None,
        administered=Role.ADMIN in held,
    )
    tx.session.add(user)
    tx.session.flush()
    tx.record(Tag.USER_CREATE, user.id, {"roles": user.roles, "unit": str(unit_id or ""), "machine": machine})
    return user


def create_token(
    tx: Transaction, *, user: User, name: str, scopes: Iterable[Scope], days: int | None = None
) -> tuple[Token, str]:
    """A new access key; its text is returned once and never stored."""
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = Token(
        user_id=user.id,
        name=line(name, at="name", label=_("Name"), longest=200),
        prefix=secret[: len(TOKEN_PREFIX) + 6],
        sha256=digest(secret),
        scopes=sorted({scope.value for scope in scopes}),
        expires_at=now() + timedelta(days=days) if days is not None else None,
        revoked_at=None,
        last_used_at=None,
    )
    tx.session.add(token)
    tx.session.flush()
    tx.record(Tag.TOKEN_CREATE, token.id, {"user": str(user.id), "scopes": token.scopes}, subjects=[user.id])
    return token, secret


def revoke_token(tx: Transaction, token: Token) -> None:
    """End an access key at once."""
    if token.revoked_at is None:
        token.revoked_at = now()
        tx.record(Tag.TOKEN_REVOKE, token.id, {"user": str(token.user_id)}, subjects=[token.user_id])


def token_actor(session: Session, secret: str) -> Actor:
    """Who sits behind an access key. Raises NotSignedIn for unknown, ended and revoked ones alike."""
    row = session.execute(
        select(Token, User)
        .join(User, User.id == Token.user_id)
        .where(Token.sha256 == digest(secret), Token.revoked_at.is_(None), User.active)
    ).one_or_none()
    if row is None or (row[0].expires_at is not None and row[0].expires_at <= now()):
        raise NotSignedIn
    token, user = row
    return actor_of(user, scopes=frozenset(Scope(scope) for scope in token.scopes), access_key=token.id)


def note_used(transactions: Transactions, token_id: uuid.UUID) -> None:
    """An access key is in use now."""
    with transactions.begin(SYSTEM) as tx:
        tx.session.execute(update(Token).where(Token.id == token_id).values(last_used_at=now()))


def find_token(session: Session, actor: Actor, token_id: uuid.UUID) -> Token:
    """An access key that the actor may end: an own one, any as an administrator or on the machine.

    The registrar, who gives those of machines that read, ends keys of machines.
    Raises NotFound alike for foreign and unknown ones.
    """
    row = session.get(Token, token_id)
    if row is None:
        raise NotFound
    mine = row.user_id == actor.user_id or actor.user_id is None
    if not (mine or actor.has(Role.ADMIN)):
        machine = session.get_one(User, row.user_id).machine
        if not (machine and actor.has(Role.REGISTRAR)):
            raise NotFound
    return row


def find_user(session: Session, login: str) -> User:
    """The active account of a login. Raises InvalidInput."""
    user = session.scalar(select(User).where(User.login == login, User.active))
    if user is None:
        raise InvalidInput(errors=[FieldError("user", _("Die Kennung %(login)s gibt es nicht.", login=login))])
    return user


def named_user(session: Session, reference: str, *, at: str = "user") -> User:
    """The active account of a login or id. Raises InvalidInput."""
    user = session.scalar(select(User).where(User.login == reference))
    if user is None:
        try:
            user = session.get(User, uuid.UUID(reference))
        except ValueError:
            user = None
    if user is None or not user.active:
        raise InvalidInput(
            errors=[FieldError(at, _("Ein Konto %(reference)s gibt es nicht.", reference=reference[:50]))]
        )
    return user


def permitted_user(
    session: Session,
    reference: str,
    permitted: Callable[[User], bool],
    *,
    refusal: NotAllowed,
    keeper: bool,
    at: str = "user",
) -> User:
    """The active account of a login or id, where the actor is permitted to ask about it or to act for it.

    Else `refusal`, the same for an account that is not there: logins are no answer to whoever asks for them. A `keeper`
    of the accounts knows them all and is told of a slip of the pen. Raises NotAllowed, for a keeper InvalidInput.
    """
    try:
        user = named_user(session, reference, at=at)
    except InvalidInput:
        if keeper:
            raise
        raise refusal from None
    if not permitted(user):
        raise refusal
    return user


def person_called(session: Session, typed: str, *, at: str = "user") -> User:
    """The active account of a person by login or whole name, as people type it. Raises InvalidInput.

    Of two persons of one name neither is guessed: the error names their logins.
    """
    text = " ".join(typed.split())
    if not text:
        raise InvalidInput(errors=[FieldError(at, _("Bitte nennen Sie die Person."))])
    logins = select(User).where(func.lower(User.login) == text.lower(), User.active, ~User.machine)
    found = session.scalars(logins).all()
    if not found:
        named = select(User).where(func.lower(User.display_name) == text.lower(), User.active, ~User.machine)
        found = session.scalars(named.order_by(User.login).limit(10)).all()
    if len(found) > 1:
        several = ", ".join(user.login for user in found)
        raise InvalidInput(
            errors=[
                FieldError(at, _("Diesen Namen gibt es mehrmals. Bitte die Kennung: %(several)s.", several=several))
            ]
        )
    if not found:
        raise InvalidInput(errors=[FieldError(at, _("Eine Person %(text)s gibt es nicht.", text=text[:50]))])
    return found[0]


def list_users(session: Session) -> Sequence[User]:
    """All accounts by login."""
    return session.scalars(select(User).order_by(User.login)).all()


def list_tokens(session: Session, user_id: uuid.UUID | None) -> Sequence[Token]:
    """Access keys, newest first: of one account, or of all."""
    statement = select(Token).order_by(Token.id.desc()).limit(1000)
    return session.scalars(statement.where(Token.user_id == user_id) if user_id else statement).all()


def actor_of(
    user: User, *, scopes: frozenset[Scope], access_key: uuid.UUID | None = None, machine: str | None = None
) -> Actor:
    """The account as an actor."""
    return Actor(
        user_id=user.id,
        name=user.login,
        display_name=user.display_name,
        roles=frozenset(Role(role) for role in user.roles),
        unit_id=user.unit_id,
        level=Level(user.level),
        scopes=scopes,
        access_key=access_key,
        machine=machine,
    )


def session_scopes(user: User) -> frozenset[Scope]:
    """What a person at the pages may use: reading and writing, and what the roles bring."""
    scopes = {Scope.READ, Scope.WRITE}
    if Role.AUDITOR in user.roles:
        scopes.add(Scope.AUDIT)
    if Role.ADMIN in user.roles:
        scopes |= {Scope.ADMIN, Scope.METRICS}
    return frozenset(scopes)


def digest(secret: str) -> bytes:
    """What is stored of a secret with 256 bits of chance: a plain hash suffices, there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()
