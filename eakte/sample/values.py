"""What the sample municipality consists of: units, people, dossiers, cases, documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

REFERENCE_DAY = date(2026, 11, 20)
"""A Friday: the youngest mail in the sample's inbox is of this day."""


@dataclass(frozen=True, slots=True)
class SampleUnit:
    """An organisational unit; `parent` is the number of the unit above, None at the root."""

    number: str
    name: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class SampleUser:
    """A person, or a machine account with `machine` set.

    `roles` are values of `eakte.terms.Role` in words, `level` is open, internal or protected. Passwords are the
    caller's affair.
    """

    login: str
    display_name: str
    unit: str
    roles: tuple[str, ...]
    level: str
    machine: bool = False


@dataclass(frozen=True, slots=True)
class SampleCase:
    """A case of a dossier."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class SampleDossier:
    """A dossier. `events` are (name, day) as the class's anchor asks for; cases close with their dossier."""

    key: str
    title: str
    plan_class: str
    unit: str
    confidentiality: str
    created_on: date
    closed_on: date | None
    events: tuple[tuple[str, date], ...]
    cases: tuple[SampleCase, ...]


@dataclass(frozen=True, slots=True)
class SampleDocument:
    """A document with its bytes and what a reader sees on each page (`truth`).

    With `inbox` set it is not filed yet and `dossier_key` says where it belongs; its unit is that dossier's.
    """

    key: str
    dossier_key: str
    case_key: str | None
    inbox: bool
    title: str
    kind: str
    received_on: date | None
    sent_on: date | None
    written_on: date
    sender: str
    addressee: str | None
    filename: str
    media_type: str
    content: bytes = field(repr=False)
    pages: int
    scan: bool
    truth: tuple[str, ...] = field(repr=False)
