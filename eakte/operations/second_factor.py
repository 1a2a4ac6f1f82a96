"""One-time codes as a second factor (TOTP, RFC 6238): enrolling, taking a code, recovery codes, removing.

The secret is sealed in the database (`Ledger.seal`) and is shown only while it is being enrolled.
"""

from __future__ import annotations

import hmac
import secrets
import uuid

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from eakte.audit import Ledger, Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound
from eakte.language import _
from eakte.models import RecoveryCode, SecondFactor, User
from eakte.operations.accounts import digest
from eakte.operations.sessions import end_sessions
from eakte.operations.steps import begin_step, end_step, find_step
from eakte.terms import Role, now
from eakte.transaction import Transaction

STEP_SECONDS = 30
DRIFT = 1
"""Steps that a clock may be off, either way (RFC 6238 section 5.2 advises at most one for the delay)."""
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that look alike. 16 of 31 are 79 bits: nothing to guess, so a plain digest is enough."""


def begin_enrolment(tx: Transaction, ledger: Ledger) -> str:
    """Make a secret for the actor and remember it until its first code comes. Returns the step's key."""
    remember = {"secret": pyotp.random_base32()}
    return begin_step(tx.session, ledger, "enrol", user_id=tx.actor.user_id, remember=remember)


def enrolling_secret(session: Session, ledger: Ledger, step: str, user_id: uuid.UUID | None) -> str | None:
    """The secret (base32) that an account is enrolling; None when the step is over or another's."""
    found = find_step(session, ledger, "enrol", step)
    return str(found[1]["secret"]) if found is not None and user_id is not None and found[0] == user_id else None


def enrolment_address(secret: str, *, login: str, issuer: str) -> str:
    """What the QR code says (otpauth://…)."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=f"eakte {issuer}")


def confirm_enrolment(tx: Transaction, ledger: Ledger, step: str, code: str) -> list[str]:
    """Switch the second factor on with the first code, and end the account's other sessions.

    Returns the recovery codes, shown this once. Raises InvalidInput for a wrong code, NotFound when the step is over.
    """
    secret = enrolling_secret(tx.session, ledger, step, tx.actor.user_id)
    if secret is None or tx.actor.user_id is None:
        raise NotFound
    accepted = _step_of(secret, code)
    if accepted is None:
        message = _("Dieser Code passt nicht. Geht die Uhr des Geräts richtig? Bitte geben Sie den nächsten ein.")
        raise InvalidInput(errors=[FieldError("code", message)])
    end_step(tx.session, step)
    user_id = tx.actor.user_id
    _forget(tx.session, user_id)
    sealed = ledger.seal(secret.encode(), bound_to=user_id.bytes)
    tx.session.add(SecondFactor(user_id=user_id, secret=sealed, last_step=accepted))
    codes = [
        "-".join("".join(secrets.choice(_ALPHABET) for _sign in range(4)) for _group in range(4))
        for _code in range(RECOVERY_CODES)
    ]
    tx.session.add_all(RecoveryCode(user_id=user_id, sha256=digest(_plain(each)), used_at=None) for each in codes)
    ended = end_sessions(tx.session, user_id, keep=tx.actor.access_key)
    tx.record(Tag.SECOND_FACTOR_SET, user_id, {"sessions_ended": ended})
    return codes


def remove_second_factor(tx: Transaction, user: User) -> None:
    """Switch it off: one's own, or that of another as an administrator when the device is lost.

    All other sessions of the account end. Raises NotAllowed; InvalidInput where there is none.
    """
    own = user.id == tx.actor.user_id
    if not (own or tx.actor.user_id is None or tx.actor.has(Role.ADMIN)):
        raise NotAllowed(_("Den zweiten Faktor anderer setzt die IT zurück."))
    if not has_second_factor(tx.session, user.id):
        raise InvalidInput(errors=[FieldError("user", _("Dieses Konto hat keinen zweiten Faktor."))])
    _forget(tx.session, user.id)
    ended = end_sessions(tx.session, user.id, keep=tx.actor.access_key if own else None)
    tx.record(Tag.SECOND_FACTOR_REMOVE, user.id, {"own": own, "sessions_ended": ended})


def has_second_factor(session: Session, user_id: uuid.UUID) -> bool:
    """Whether an account is asked for a code."""
    return session.get(SecondFactor, user_id) is not None


def codes_left(session: Session, user_id: uuid.UUID) -> int:
    """How many recovery codes are unused."""
    where = (RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).where(*where)) or 0


def take_code(session: Session, ledger: Ledger, user_id: uuid.UUID, code: str) -> str | None:
    """Use up a code: "code" for a one-time code, "recovery" for a recovery code, None when it is neither or used.

    Both are taken by one conditional UPDATE, so of two requests with the same code one gets it.
    """
    factor = session.get(SecondFactor, user_id)
    if factor is None:
        return None
    step = _step_of(ledger.unseal(factor.secret, bound_to=user_id.bytes).decode(), code)
    if step is not None:
        newer = update(SecondFactor).where(SecondFactor.user_id == user_id, SecondFactor.last_step < step)
        taken = session.execute(newer.values(last_step=step).returning(SecondFactor.user_id)).first()
        return "code" if taken else None
    unused = update(RecoveryCode).where(
        RecoveryCode.user_id == user_id, RecoveryCode.sha256 == digest(_plain(code)), RecoveryCode.used_at.is_(None)
    )
    taken = session.execute(unused.values(used_at=now()).returning(RecoveryCode.user_id)).first()
    return "recovery" if taken else None


def _step_of(secret: str, code: str) -> int | None:
    """The time step whose code this is, newest first; None when it is of none that may be taken now."""
    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdigit()):
        return None
    totp = pyotp.TOTP(secret)
    current = int(now().timestamp()) // STEP_SECONDS
    for step in range(current + DRIFT, current - DRIFT - 1, -1):
        if hmac.compare_digest(totp.generate_otp(step), typed):
            return step
    return None


def _forget(session: Session, user_id: uuid.UUID) -> None:
    session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def _plain(code: str) -> str:
    return "".join(letter for letter in code.casefold() if letter.isalnum())
