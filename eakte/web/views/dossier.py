"""A dossier, its history, and filing into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from eakte.web.views.parts import Choice, Form, HistoryEntry, Link, Property
from eakte.web.views.plan import TreeNode


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document in a dossier."""

    id: str
    href: str
    title: str
    kind: str
    on: date | None
    pages: int | None
    state: str = "ready"
    state_detail: str = ""
    icon: str = "description"
    sender: str = ""
    version: int = 1
    signed: bool = False
    editor: str = ""


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """A case with its documents; without id the documents that lie in none."""

    id: str
    title: str
    state: str = "open"
    since: date | None = None
    pages: int = 0
    documents: tuple[DocumentRow, ...] = ()


@dataclass(frozen=True, slots=True)
class CloseForm:
    """POST /akten/{id}/zda: closed_on, close_cases, reason."""

    open_cases: tuple[str, ...] = ()
    """Titles of the cases that would be closed in the same act."""
    backdating: bool = False
    """Whether the person may choose another day than today (registrar, with a reason)."""
    effect: str = ""
    """What follows: „Aufbewahrung bis 31.12.2036, danach Anbietung ans Archiv“."""
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class DossierView:
    """One matter, complete."""

    id: str
    reference_number: str
    title: str
    state: str
    confidentiality: str
    tree: tuple[TreeNode, ...]
    path: tuple[Link, ...]
    properties: tuple[Property, ...]
    groups: tuple[CaseGroup, ...]
    documents: int
    note: str = ""
    """A line at the head: „zdA seit 12.03.2026, wieder zu öffnen bis 12.06.“, or a hold with its reason."""
    history: tuple[HistoryEntry, ...] = ()
    filter: str = ""
    kind: str = ""
    next: str = ""
    read_only: bool = False
    """The person may read and not change; said once, on the right."""
    may_file: bool = False
    new_case: Form | None = None
    close: CloseForm | None = None
    reopen: Form | None = None


@dataclass(frozen=True, slots=True)
class HistoryView:
    """GET /akten/{id}/verlauf: everything that happened to a dossier, newest first."""

    id: str
    reference_number: str
    title: str
    path: tuple[Link, ...]
    entries: tuple[HistoryEntry, ...]
    next: str = ""


@dataclass(frozen=True, slots=True)
class UploadView:
    """GET and POST /akten/{id}/ablegen: title, kind, received_on, written_on, sender, case, file."""

    dossier: str
    reference_number: str
    dossier_title: str
    path: tuple[Link, ...]
    cases: tuple[Choice, ...] = ()
    max_bytes: int = 2_000_000_000
    form: Form = field(default_factory=Form)
