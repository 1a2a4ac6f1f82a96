"""Pauses after failed tries: for a login, for a browser that is known, for an address.

They are counted in the database, because there are many processes and the limit is a promise.

A pause doubles with each further failure up to a quarter of an hour and never becomes a lock. And an attacker cannot
keep a person out by failing on purpose: tries from a browser in which the account signed in before are counted for
that browser alone (OWASP calls this device cookies).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from eakte.errors import SignInPaused
from eakte.models import SignInThrottle
from eakte.terms import now
from eakte.transaction import Transaction

TRIES = 5
"""Failures of one login or browser until the first pause."""
ADDRESS_TRIES = 50
"""The same for an address: behind one sits a whole town hall."""
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Counted:
    """What failures are counted for; only its digest is kept."""

    text: str
    tries: int = TRIES

    @property
    def sha256(self) -> bytes:
        """The key in the table."""
        return hashlib.sha256(self.text.encode("utf-8", "replace")).digest()


def check_pause(session: Session, counted: Sequence[Counted]) -> None:
    """Raise SignInPaused while one of them is paused."""
    until = session.scalar(
        select(func.max(SignInThrottle.paused_until)).where(
            SignInThrottle.sha256.in_([each.sha256 for each in counted])
        )
    )
    if until is not None and until > now():
        raise SignInPaused(seconds=math.ceil((until - now()).total_seconds()))


def count_failure(tx: Transaction, counted: Sequence[Counted]) -> tuple[int, int]:
    """Count one failure for each. Returns the seconds of pause that follow (0: none) and the tries left before one."""
    pause, left = 0, TRIES
    # In one order for all, or two tries at once could wait for each other.
    for each in sorted(counted, key=lambda one: one.sha256):
        failures = _one_more(tx.session, each)
        left = min(left, each.tries - failures)
        if failures < each.tries:
            continue
        length = min(FIRST_PAUSE * 2 ** min(failures - each.tries, 10), LONGEST_PAUSE)
        row = tx.session.get_one(SignInThrottle, each.sha256, populate_existing=True)
        row.paused_until = now() + length
        pause = max(pause, int(length.total_seconds()))
    tx.session.execute(delete(SignInThrottle).where(SignInThrottle.failed_at < now() - FORGOTTEN_AFTER))
    return pause, max(left, 0)


def forget_failures(session: Session, counted: Sequence[Counted]) -> None:
    """Who got in begins anew."""
    session.execute(delete(SignInThrottle).where(SignInThrottle.sha256.in_([each.sha256 for each in counted])))


def _one_more(session: Session, each: Counted) -> int:
    fresh = insert(SignInThrottle).values(sha256=each.sha256, failures=1, failed_at=now(), paused_until=None)
    old = SignInThrottle.failed_at < now() - FORGOTTEN_AFTER
    counted = session.execute(
        fresh.on_conflict_do_update(
            index_elements=[SignInThrottle.sha256],
            set_={"failures": case((old, 1), else_=SignInThrottle.failures + 1), "failed_at": now()},
        ).returning(SignInThrottle.failures)
    )
    return int(counted.scalar_one())
