"""What eakte answers, as typed dictionaries: the JSON as it came, so a newer service's further fields are there too.

Ids are UUIDs as text, days `YYYY-MM-DD`, times ISO 8601 in UTC. A test holds these equal to the service's OpenAPI.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class Retention(TypedDict):
    """The term of a dossier. `end` is its last day; null when permanent, open, or waiting (`state` says which)."""

    end: str | None
    offer_by: str | None
    state: str
    rule: str | None
    legal_basis: str | None
    keep_until: str | None


class External(TypedDict):
    """A key of another system."""

    system: str
    id: str


class Loan(TypedDict):
    """Who has the paper, since when and until when."""

    to: str
    since: str
    until: str | None


class Dossier(TypedDict):
    """A dossier; `former_references` are the numbers that it had before and that find it still."""

    id: str
    reference_number: str
    former_references: list[str]
    title: str
    plan_class: str
    unit: str
    confidentiality: str
    medium: str
    location: str | None
    lent: Loan | None
    state: str
    opened_on: str
    closed_on: str | None
    retention: Retention
    external: External | None
    fields: dict[str, Any]
    revision: int


class Case(TypedDict):
    """A case of a dossier; with a `parent` a sub-case."""

    id: str
    dossier: str
    parent: str | None
    ordinal: int
    title: str
    state: str
    closed_on: str | None
    external: External | None
    fields: dict[str, Any]
    revision: int


class Rendition(TypedDict):
    """How far there is a PDF/A."""

    state: str
    flavour: str | None
    reason: str | None


class Text(TypedDict):
    """How far there is text."""

    state: str
    reason: str | None


class Progress(TypedDict):
    """Pages recognised of pages in all."""

    done: int
    total: int


class CheckOut(TypedDict):
    """Who writes the next version, since when."""

    by: str
    name: str
    since: str


class Final(TypedDict):
    """Who said that this version is the last one, and when."""

    by: str | None
    at: str


class Cancelled(TypedDict):
    """Who cancelled the document, when and why."""

    by: str | None
    at: str
    reason: str


class Document(TypedDict):
    """A document with its current version."""

    id: str
    dossier: str | None
    case: str | None
    inbox: str | None
    source: str | None
    volume: str | None
    external: External | None
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
    version: int
    checked_out: CheckOut | None
    final: Final | None
    cancelled: Cancelled | None
    filename: str
    media_type: str
    size: int
    sha256: str
    state: str
    state_reason: str | None
    progress: Progress | None
    pages: int | None
    revision: int
    rendition: Rendition
    text: Text
    warnings: list[str]
    created_at: str


class Version(TypedDict):
    """A content state of a document."""

    number: int
    filename: str
    media_type: str
    size: int
    sha256: str
    pages: int | None
    comment: str | None
    restored_from: int | None
    created_at: str
    created_by: str | None


class Party(TypedDict):
    """A party with its role."""

    id: str
    dossier: str
    case: str | None
    role: str
    kind: str
    name: str
    street: str | None
    postcode: str | None
    city: str | None
    country: str | None
    email: str | None
    phone: str | None
    revision: int


class Word(TypedDict):
    """One word with its box in the page's width and height; confidence 0-100, null where the text is no recognition."""

    text: str
    box: list[int]
    confidence: int | None
    line: int


class WordFrame(TypedDict):
    """A word that fits a question, by its place in the words of its page, and the frame to draw around it."""

    word: int
    x: float
    y: float
    width: float
    height: float


class Words(TypedDict):
    """The word layer of a page; `hits` are the words that fit the question."""

    page: int
    width: int
    height: int
    words: list[Word]
    hits: list[WordFrame]


class Former(TypedDict):
    """What a field held before the act; `reason` is the reason that was given."""

    field: str
    value: str | None


class Happened(TypedDict):
    """One act; `who` is the person's name, null for the service's own work, `represented` whose deputy it was."""

    at: str
    tag: str
    who: str | None
    represented: list[str]
    before: list[Former]


class Made(TypedDict):
    """The dossier (for a template of a case the one it lies in) and the cases made, each before its sub-cases."""

    dossier: Dossier
    cases: list[Case]


class Filed(TypedDict):
    """What is there: the cases and parties that the call made, and the documents in the order of the call."""

    dossier: Dossier
    case: Case | None
    cases: list[Case]
    parties: list[Party]
    documents: list[Document]


class Signature(TypedDict):
    """A signature. `valid` says that it holds for the version's bytes; `signature` is detached CMS in DER, base64."""

    id: str
    provider: str
    signer: str
    signed_at: str
    signed_by: str
    certificate_sha256: str
    certificate: str | None
    signature: str
    valid: bool
    reason: str | None


class Touched(TypedDict):
    """A document and its revision after the act."""

    id: str
    revision: int


class BulkAnswer(TypedDict):
    """All documents of the act, by id."""

    documents: list[Touched]


class DocumentName(TypedDict):
    """A document as a hit names it."""

    id: str
    title: str
    kind: str
    date: str | None
    cancelled: bool


class DossierName(TypedDict):
    """A dossier as a hit names it."""

    id: str
    reference_number: str
    title: str


class Passage(TypedDict):
    """A passage; marks are [start, end) in code points of the text."""

    page: int
    text: str
    marks: list[list[int]]


class Hit(TypedDict):
    """A document that was found."""

    document: DocumentName
    dossier: DossierName | None
    score: float
    passages: list[Passage]


class Facet(TypedDict):
    """A value of a facet, and how many visible documents have it."""

    value: str
    label: str
    count: int


class SearchAnswer(TypedDict):
    """One page of hits; total and facets count only what the caller may see."""

    total: int
    total_exact: bool
    hits: list[Hit]
    facets: dict[str, list[Facet]]
    next: NotRequired[str]


class Done(TypedDict):
    """Who did it, and when."""

    by: str | None
    at: str


class Resubmission(TypedDict):
    """A resubmission with the title of what it reminds of and the reference number of its dossier."""

    id: str
    dossier: str | None
    case: str | None
    document: str | None
    title: str
    reference_number: str | None
    due_on: str
    note: str
    user: str | None
    unit: str | None
    created_by: str | None
    created_at: str
    done: Done | None
    revision: int


class PlanValue(TypedDict):
    """A value with the class it comes from; `source` is null for the product's default."""

    value: str | None
    source: str | None


class FieldDefinition(TypedDict):
    """A data field of dossiers, cases or documents (`on`; dossiers unless said).

    `type` is text, number, date, choice, yes-no or money. Text has `max_length`, number `minimum` and `maximum`, choice
    `choices`. Values are JSON: dates as ISO 8601, money as text in euros ("1234.50").
    """

    name: str
    label: str
    type: str
    on: list[str]
    required: bool
    choices: list[str]
    minimum: float | None
    maximum: float | None
    max_length: int | None


class PlanClass(TypedDict):
    """A class of the filing plan with what it inherits; `fields` are those it defines itself."""

    id: str
    number: str
    title: str
    description: str | None
    parent: str | None
    leaf: bool
    unit: str | None
    files_allowed: bool
    state: str
    state_since: str | None
    successor: str | None
    retention: dict[str, PlanValue]
    appraisal: str
    offer_by: str
    disposal_level: str
    transfer_grace: str | None
    fields: list[FieldDefinition]
    revision: int


class RoleSaid(TypedDict):
    """A role that parties have here; a required one must be named when something is made."""

    role: str
    required: bool


class Template(TypedDict):
    """A template; class and unit by id."""

    name: str
    kind: str
    title: str
    plan_class: str | None
    unit: str | None
    confidentiality: str | None
    medium: str | None
    fields: dict[str, Any]
    cases: list[CaseSaid]
    roles: list[RoleSaid]
    id: str
    active: bool
    revision: int


class SubCaseSaid(TypedDict):
    """A sub-case that is made with its case."""

    title: str
    fields: dict[str, Any]


class CaseSaid(TypedDict):
    """A case that is made with the dossier, and its sub-cases."""

    title: str
    fields: dict[str, Any]
    cases: list[SubCaseSaid]
