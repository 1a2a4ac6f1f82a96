"""The field's words as values: what a role, a level, a state is called in code, and who acts.

German words for screens are in `eakte.web.words` and in docs/glossary.md; both follow the same table.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum, StrEnum
from zoneinfo import ZoneInfo

import uuid_utils.compat

BERLIN = ZoneInfo("Europe/Berlin")
"""Days are days of the administration, wherever the machine stands."""

MOST_COUNTED = 1_000
"""Of more it is said that there are more: counting looks at each of them, and a class may hold a million."""


def new_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562 section 5.7): sortable by time, so indexes stay compact and keyset paging follows creation."""
    return uuid_utils.compat.uuid7()


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The current day in Europe/Berlin."""
    return datetime.now(BERLIN).date()


class Role(StrEnum):
    """What a person or machine may do; several may be held (records: "Who may do what")."""

    CLERK = "clerk"
    REGISTRAR = "registrar"
    ARCHIVE = "archive"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"
    STATION = "station"


class Level(IntEnum):
    """Confidentiality level. Graded secrets (VSA) may not enter the product and have no level."""

    OPEN = 0
    INTERNAL = 1
    PROTECTED = 2

    @property
    def word(self) -> str:
        """The word of the API."""
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Level:
        """The level of an API word. Raises KeyError for any other."""
        return cls[word.upper()]


class PlanClassState(StrEnum):
    """Whether a class takes files; the old ones stay where they are in every state."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"
    DIVIDED = "divided"


class DocumentKind(StrEnum):
    """Direction of a document (Eingang, Ausgang, intern)."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    INTERNAL = "internal"


class DocumentState(StrEnum):
    """Where a document stands between arrival and being found."""

    RECEIVED = "received"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class DossierState(StrEnum):
    """Life of a dossier up to the end of its term; the states of disposition follow them."""

    OPEN = "open"
    CLOSED = "closed"
    RETENTION = "retention"
    DUE = "due"


CANCELLED = "cancelled"
"""Where the index shows a dossier's state, a cancelled document has this: it is found only when asked for."""


class CaseState(StrEnum):
    """Life of a case."""

    OPEN = "open"
    CLOSED = "closed"


class Medium(StrEnum):
    """Whether the truth lies on paper."""

    ELECTRONIC = "electronic"
    HYBRID = "hybrid"
    PAPER = "paper"


class Scope(StrEnum):
    """What a token may be used for."""

    READ = "read"
    WRITE = "write"
    SCAN = "scan"
    AUDIT = "audit"
    METRICS = "metrics"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in person, a machine's token, or the service itself.

    Attributes:
        user_id: the account; None only for the service's own work.
        name: the login, as the log shows it ("system" for the service).
        display_name: the name on screens.
        roles: what the account may do.
        unit_id: the account's unit.
        level: the highest confidentiality level it may read.
        scopes: what this way of signing in may be used for; a page session has read and write, more by role.
        access_key: the session or token, so that a look at a document is logged once for each.
        machine: the operating system's user when a command acts for somebody (`--as`).
    """

    user_id: uuid.UUID | None
    name: str
    display_name: str
    roles: frozenset[Role]
    unit_id: uuid.UUID | None
    level: Level
    scopes: frozenset[Scope]
    access_key: uuid.UUID | None = None
    machine: str | None = None

    def has(self, *roles: Role) -> bool:
        """Whether the actor holds one of the roles."""
        return not self.roles.isdisjoint(roles)


SYSTEM = Actor(
    user_id=None,
    name="system",
    display_name="eakte",
    roles=frozenset(),
    unit_id=None,
    level=Level.OPEN,
    scopes=frozenset(),
)
"""The service's own work: processing, sequencing, indexing. It sees nothing through the access rules."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is. Issuer and subject name the person; everything else may change."""

    issuer: str
    subject: str
    login: str
    name: str
    groups: tuple[str, ...]
