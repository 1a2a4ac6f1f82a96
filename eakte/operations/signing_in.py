"""Signing in with a password and, where it is switched on, a one-time code; changing the password.

Wrong and unknown sound alike and take as long; every try is in the log; failures lead to pauses (`throttling`).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import (
    EakteError,
    FieldError,
    InvalidInput,
    NotAllowed,
    SecondFactorFailed,
    SignInFailed,
    SignInPaused,
)
from eakte.language import _, ngettext
from eakte.models import User
from eakte.operations.accounts import actor_of
from eakte.operations.passwords import check_password, hash_password, same_password
from eakte.operations.second_factor import has_second_factor, take_code
from eakte.operations.sessions import SignedIn, Visit, end_sessions, known_device, open_session
from eakte.operations.steps import begin_step, end_step, find_step
from eakte.operations.throttling import ADDRESS_TRIES, Counted, check_pause, count_failure, forget_failures
from eakte.terms import SYSTEM, Actor
from eakte.transaction import Transaction, Transactions

NOWHERE = Visit()


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """The password was right; `secret` is the key of the step that waits for the one-time code."""

    secret: str


def sign_in(
    transactions: Transactions, *, login: str, password: str, hours: int, visit: Visit = NOWHERE
) -> SignedIn | CodeWanted:
    """Open a session, or ask for the code.

    Raises SignInFailed alike for unknown and wrong, SignInPaused after too many. Failures are counted for every login,
    known or not, in transactions of their own.
    """
    login = "".join(character for character in login.casefold() if character.isprintable()).strip()[:100]
    with transactions.read() as session:
        user = session.scalar(select(User).where(func.lower(User.login) == login))
        counted = _counted(session, login, user, visit)
        check_pause(session, counted)
    usable = user is not None and user.active
    if not same_password(password, user.password_hash if user is not None and usable else None) or user is None:
        with transactions.begin(actor_of(user, scopes=frozenset()) if user else SYSTEM) as tx:
            pause, left = _count(tx, counted, step="password")
        raise _refusal(SignInFailed, pause, left)
    with transactions.begin(actor_of(user, scopes=frozenset())) as tx:
        if has_second_factor(tx.session, user.id):
            # The failures stay until the code is right too: else a known password would allow any number of codes.
            return CodeWanted(begin_step(tx.session, transactions.ledger, "code", user_id=user.id, remember={}))
        forget_failures(tx.session, counted[:1])
        return open_session(tx, user, method="password", hours=hours, visit=visit)


def sign_in_with_code(
    transactions: Transactions, *, step: str, code: str, hours: int, visit: Visit = NOWHERE
) -> SignedIn:
    """Open the session of who has given the password, with a one-time or recovery code.

    Raises SecondFactorFailed for a wrong or used code, SignInPaused after too many, SignInFailed when the step is over.
    """
    with transactions.read() as session:
        found = find_step(session, transactions.ledger, "code", step)
        user = session.get(User, found[0]) if found is not None and found[0] is not None else None
        if user is None or not user.active:
            raise SignInFailed(_("Die Anmeldung hat zu lange gedauert. Bitte beginnen Sie noch einmal."))
        counted = _counted(session, user.login.casefold(), user, visit)
        check_pause(session, counted)
    with transactions.begin(actor_of(user, scopes=frozenset())) as tx:
        how = take_code(tx.session, transactions.ledger, user.id, code)
        if how is not None and end_step(tx.session, step):
            forget_failures(tx.session, counted[:1])
            return open_session(tx, user, method=f"password+{how}", hours=hours, visit=visit)
        pause, left = _count(tx, counted, step="code")
    raise _refusal(SecondFactorFailed, pause, left)


def confirm_password(transactions: Transactions, actor: Actor, password: str, *, at: str) -> None:
    """Ask again for one's own password before the way to sign in is changed.

    Raises InvalidInput naming `at` for a wrong one, SignInPaused after too many: who finds an open session shall not
    find the password with it. NotAllowed for an account without password.
    """
    counted = (Counted(f"confirm {actor.user_id}"),)
    with transactions.read() as session:
        kept = session.get_one(User, actor.user_id).password_hash
        check_pause(session, counted)
    if kept is None:
        raise NotAllowed(_("Dieses Konto meldet sich ohne Passwort an."))
    if same_password(password, kept):
        return
    with transactions.begin(actor) as tx:
        pause, _left = _count(tx, counted, step="confirm")
    if pause:
        raise SignInPaused(seconds=pause)
    raise InvalidInput(errors=[FieldError(at, _("Das Passwort stimmt nicht."))])


def set_password(
    tx: Transaction, user: User, new: str, *, municipality: str, keep: uuid.UUID | None = None, at: str = "password"
) -> None:
    """Set a password and end the account's sessions (but `keep`). Raises InvalidInput for a weak one.

    Who may call it is settled before: oneself, or the machine. No role sets another's password, because who sets it can
    sign in as the other; an administrator would gain roles that read (records, "Who may do what").
    """
    if user.machine:
        raise InvalidInput(
            errors=[FieldError(at, _("Ein Maschinenkonto hat kein Passwort, sondern Zugriffsschlüssel."))]
        )
    check_password(new, known=(user.login, user.display_name, municipality), at=at)
    user.password_hash = hash_password(new)
    user.revision += 1
    ended = end_sessions(tx.session, user.id, keep=keep)
    tx.record(Tag.USER_PASSWORD, user.id, {"sessions_ended": ended})


def _counted(session: Session, login: str, user: User | None, visit: Visit) -> Sequence[Counted]:
    """What a failure is counted for. A browser known to the account answers for itself alone."""
    if user is not None and known_device(session, user, visit.device):
        return (Counted(f"device {user.id} {visit.device}"),)
    address = (Counted(f"address {visit.address}", tries=ADDRESS_TRIES),) if visit.address else ()
    return (Counted(f"login {login}"), *address)


def _count(tx: Transaction, counted: Sequence[Counted], *, step: str) -> tuple[int, int]:
    """Count and log a failure: (seconds of pause, tries left)."""
    pause, left = count_failure(tx, counted)
    tx.record(Tag.SIGN_IN_FAIL, None, {"step": step, "pause_seconds": pause})
    return pause, left


def _refusal(kind: type[SignInFailed], pause: int, left: int) -> EakteError:
    if pause:
        return SignInPaused(seconds=pause)
    return kind(ngettext("Noch ein Versuch bis zu einer Pause.", "Noch %(num)s Versuche bis zu einer Pause.", left))
