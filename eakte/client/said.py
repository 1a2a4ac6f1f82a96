"""What callers say, as typed dictionaries: the parts of requests that have many names.

Days are `YYYY-MM-DD`. A test holds these equal to the service's OpenAPI.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from eakte.client.shapes import External


class DossierSaid(TypedDict, total=False):
    """What may be said of a new dossier beside class and title."""

    unit: str
    confidentiality: str
    medium: str
    location: str | None
    reference_number: str
    former_references: list[str]
    external: External | None
    fields: dict[str, Any]


class DossierChange(TypedDict, total=False):
    """What may be changed of a dossier; what is not named stays."""

    title: str
    medium: str
    location: str | None
    fields: dict[str, Any]


class DossierKeyed(TypedDict, total=False):
    """What may be said of a dossier under a key of another system."""

    unit: str
    confidentiality: str
    medium: str
    location: str | None
    fields: dict[str, Any]


class CaseChange(TypedDict, total=False):
    """What may be changed of a case."""

    title: str
    fields: dict[str, Any]


class PartySaid(TypedDict):
    """A party to be: `kind` is person or organisation."""

    role: str
    name: str
    kind: NotRequired[str]
    street: NotRequired[str | None]
    postcode: NotRequired[str | None]
    city: NotRequired[str | None]
    country: NotRequired[str | None]
    email: NotRequired[str | None]
    phone: NotRequired[str | None]


class PartyChange(TypedDict, total=False):
    """What may be changed of a party."""

    role: str
    name: str
    kind: str
    street: str | None
    postcode: str | None
    city: str | None
    country: str | None
    email: str | None
    phone: str | None


class DocumentSaid(TypedDict, total=False):
    """What may be said of a document that is filed."""

    title: str | None
    kind: str
    received_on: str | None
    sent_on: str | None
    written_on: str | None
    sender: str | None
    addressee: str | None
    further_senders: list[str]
    further_addressees: list[str]
    external: External | None
    fields: dict[str, Any]


class DocumentChange(TypedDict, total=False):
    """What may be changed of a document."""

    title: str
    kind: str
    received_on: str | None
    sent_on: str | None
    written_on: str | None
    sender: str | None
    addressee: str | None
    further_senders: list[str]
    further_addressees: list[str]
    fields: dict[str, Any]


class DossierPart(TypedDict, total=False):
    """The dossier of a procedure: `id`, or `plan_class` and `title`, or `template` with `values`."""

    id: str
    template: str
    values: dict[str, str]
    plan_class: str
    title: str
    unit: str
    confidentiality: str
    medium: str
    location: str | None
    external: External | None
    fields: dict[str, Any]
    parties: list[PartySaid]


class CasePart(TypedDict, total=False):
    """The case of a procedure: `id` or `ordinal`, or `title`, or `template` with `values`."""

    id: str
    ordinal: int
    template: str
    values: dict[str, str]
    title: str
    external: External | None
    fields: dict[str, Any]
    parties: list[PartySaid]


class Reminder(TypedDict):
    """When somebody shall be reminded of what: `user` or `unit`, else the caller."""

    due_on: str
    note: str
    user: NotRequired[str]
    unit: NotRequired[str]
