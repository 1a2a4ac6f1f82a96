"""Accounts: people and machines, their passwords, sessions and access keys."""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotSignedIn, SignInFailed, SignInPaused
from eakte.models import SignInThrottle, Token, User, WebSession
from eakte.operations.checking import allowed, line
from eakte.terms import SYSTEM, Actor, Level, Role, Scope, new_id, now
from eakte.transaction import Transaction, Transactions

PASSWORDS = PasswordHash((Argon2Hasher(),))
SHORTEST_PASSWORD = 12
TRIES = 5
PAUSE = timedelta(minutes=10)
TOKEN_PREFIX = "eakte_"  # noqa: S105 - marks a key as ours, so that scanners for leaked secrets find it
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: the cookie's secret is known only here and to the browser."""

    actor: Actor
    secret: str
    csrf: str
    expires_at: datetime


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
) -> User:
    """A new account. Roles that read content are given by a registrar or on the machine, never by an administrator."""
    held = sorted(set(roles))
    if tx.actor.user_id is not None:
        reading = {Role.CLERK, Role.REGISTRAR, Role.ARCHIVE, Role.APPROVER, Role.AUDITOR}
        if not tx.actor.has(Role.ADMIN, Role.REGISTRAR) or (reading & set(held) and not tx.actor.has(Role.REGISTRAR)):
            raise NotAllowed("Rollen, die Inhalte lesen, vergibt die Registratur.")
    errors = []
    if not _LOGIN.fullmatch(login):
        errors.append(FieldError("login", "Die Kennung besteht aus Buchstaben ohne Umlaute, Ziffern, Punkt, - und _."))
    elif tx.session.scalar(select(User.id).where(func.lower(User.login) == login.lower())):
        errors.append(FieldError("login", f"Die Kennung {login} gibt es schon."))
    if not held:
        errors.append(FieldError("roles", f"Mindestens eine Rolle ist nötig: {allowed(Role)}."))
    if {Role.CLERK, Role.REGISTRAR} & set(held) and unit_id is None:
        errors.append(FieldError("unit", "Sachbearbeitung und Registratur brauchen eine Organisationseinheit."))
    if password is not None and len(password) < SHORTEST_PASSWORD:
        errors.append(FieldError("password", f"Das Passwort braucht mindestens {SHORTEST_PASSWORD} Zeichen."))
    if errors:
        raise InvalidInput(errors=errors)
    user = User(
        login=login,
        display_name=line(display_name, at="display_name", label="Name", longest=200),
        roles=[role.value for role in held],
        unit_id=unit_id,
        level=int(level),
        password_hash=PASSWORDS.hash(password) if password else None,
        machine=machine,
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
        name=line(name, at="name", label="Name", longest=200),
        prefix=secret[: len(TOKEN_PREFIX) + 6],
        sha256=digest(secret),
        scopes=sorted({scope.value for scope in scopes}),
        expires_at=now() + timedelta(days=days) if days is not None else None,
        revoked_at=None,
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


def sign_in(transactions: Transactions, *, login: str, password: str, hours: int) -> SignedIn:
    """Open a session. Raises SignInFailed alike for unknown and wrong, SignInPaused after too many tries.

    Failures are counted for every login, known or not, in transactions of their own.
    """
    login = "".join(character for character in login.casefold() if character.isprintable()).strip()[:100]
    with transactions.read() as session:
        throttle = session.get(SignInThrottle, login)
        user = session.scalar(select(User).where(func.lower(User.login) == login))
    if throttle and throttle.paused_until and throttle.paused_until > now():
        raise SignInPaused
    usable = user is not None and user.active and user.password_hash is not None
    valid = PASSWORDS.verify(password, (user.password_hash or _dummy_hash()) if user and usable else _dummy_hash())
    if not (valid and usable and user):
        left = _count_failure(transactions, login, user)
        if left <= 0:
            raise SignInPaused
        raise SignInFailed(f"Noch {left} Versuche, dann 10 Minuten Pause.")
    secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    row = WebSession(
        id=new_id(), user_id=user.id, sha256=digest(secret), csrf=csrf, expires_at=now() + timedelta(hours=hours)
    )
    actor = actor_of(user, scopes=session_scopes(user), access_key=row.id)
    with transactions.begin(actor) as tx:
        tx.session.add(row)
        tx.session.execute(delete(SignInThrottle).where(SignInThrottle.login == login))
        tx.session.execute(delete(WebSession).where(WebSession.expires_at < now()))
        tx.record(Tag.SIGN_IN, None)
    return SignedIn(actor=actor, secret=secret, csrf=csrf, expires_at=row.expires_at)


def _count_failure(transactions: Transactions, login: str, user: User | None) -> int:
    tried = actor_of(user, scopes=frozenset()) if user else SYSTEM
    with transactions.begin(tried) as tx:
        statement = insert(SignInThrottle).values(login=login, failures=1, paused_until=None)
        failures = tx.session.execute(
            statement.on_conflict_do_update(
                index_elements=[SignInThrottle.login], set_={"failures": SignInThrottle.failures + 1}
            ).returning(SignInThrottle.failures)
        ).scalar_one()
        if failures >= TRIES:
            row = tx.session.get(SignInThrottle, login, populate_existing=True)
            if row is not None:
                row.failures, row.paused_until = 0, now() + PAUSE
        tx.record(Tag.SIGN_IN_FAIL, None, {"failures": failures})
    return TRIES - failures


def session_actor(session: Session, secret: str) -> tuple[Actor, str]:
    """Who sits behind a cookie, and the session's CSRF token. Raises NotSignedIn."""
    row = session.execute(
        select(WebSession, User)
        .join(User, User.id == WebSession.user_id)
        .where(WebSession.sha256 == digest(secret), WebSession.expires_at > now(), User.active)
    ).one_or_none()
    if row is None:
        raise NotSignedIn
    web_session, user = row
    return actor_of(user, scopes=session_scopes(user), access_key=web_session.id), web_session.csrf


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


def sign_out(tx: Transaction) -> None:
    """End the actor's session."""
    tx.session.execute(delete(WebSession).where(WebSession.id == tx.actor.access_key))
    tx.record(Tag.SIGN_OUT, None)


def find_user(session: Session, login: str) -> User:
    """The active account of a login. Raises InvalidInput."""
    user = session.scalar(select(User).where(User.login == login, User.active))
    if user is None:
        raise InvalidInput(errors=[FieldError("user", f"Die Kennung {login} gibt es nicht.")])
    return user


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


@cache
def _dummy_hash() -> str:
    """Checked for unknown logins, so that the answer takes as long as for known ones."""
    return PASSWORDS.hash(secrets.token_hex(16))


def digest(secret: str) -> bytes:
    """What is stored of a secret with 256 bits of chance: a plain hash suffices, there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()
