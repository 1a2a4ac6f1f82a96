"""Whom and what a dossier has to do with: parties in their roles, and cross references to other dossiers."""

from __future__ import annotations

from dataclasses import dataclass, field

from eakte.web.views.parts import Form, Link


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A party in the list; without address where it may not be changed."""

    role: str
    name: str
    address: str
    contact: str
    case: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class PartiesView:
    """GET /akten/{id}/beteiligte; POST there: role, kind, name, street, postcode, city, country, email, phone."""

    dossier: str
    reference_number: str
    title: str
    path: tuple[Link, ...]
    rows: tuple[PartyRow, ...]
    next: str = ""
    add: Form | None = None


@dataclass(frozen=True, slots=True)
class PartyView:
    """GET and POST /akten/{id}/beteiligte/{id}: the same fields and revision; POST …/entfernen."""

    dossier: str
    reference_number: str
    path: tuple[Link, ...]
    id: str
    name: str
    revision: int
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """The other end of a cross reference. POST /akten/{id}/verweise/{id}/entfernen, where it may be removed."""

    id: str
    href: str
    reference_number: str
    title: str
    outgoing: bool
    case: str = ""
    note: str = ""
    may_remove: bool = False


@dataclass(frozen=True, slots=True)
class ReferencesView:
    """GET /akten/{id}/verweise; POST there: target (a reference number), note."""

    dossier: str
    reference_number: str
    title: str
    path: tuple[Link, ...]
    rows: tuple[ReferenceRow, ...]
    next: str = ""
    add: Form | None = None
