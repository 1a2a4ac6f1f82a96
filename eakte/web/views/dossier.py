"""A dossier, its history, and filing into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from urllib.parse import urlencode

from eakte.web.views.parts import Choice, Form, HistoryEntry, Link, Property
from eakte.web.views.plan import DataInput, TreeNode
from eakte.web.views.start import ResubmissionItem


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
    mark: Literal["", "held", "final", "cancelled"] = ""
    holder: str = ""
    """Who has it checked out."""


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """A case with its documents; without id the documents that lie in none."""

    id: str
    title: str
    state: str = "open"
    since: date | None = None
    pages: int = 0
    documents: tuple[DocumentRow, ...] = ()
    may_change: bool = False
    """POST /akten/{id}/vorgaenge/{id}/abschliessen, and the page of the case."""


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
    plan_class: str
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
    sort: Literal["", "title", "date"] = ""
    """"" is the order of filing, newest first."""
    cancelled: bool = False
    """Whether cancelled documents are shown too."""
    next: str = ""
    read_only: bool = False
    """The person may read and not change; said once, on the right."""
    may_file: bool = False
    new_case: Form | None = None
    close: CloseForm | None = None
    reopen: Form | None = None
    remind: Form | None = None
    """POST /akten/{id}/wiedervorlage: due_on, note."""
    templates: tuple[Link, ...] = ()
    """From which a case can be made."""
    edit: bool = False
    """Whether there is something to change at /akten/{id}/aendern."""
    assign: bool = False
    """Whether the person may say where it belongs, at /akten/{id}/zuordnen."""
    resubmissions: tuple[ResubmissionItem, ...] = ()

    def address(self, **changes: str) -> str:
        """The same list with another filter, kind, order or with cancelled ones."""
        now = {"filter": self.filter, "art": self.kind, "sort": self.sort, "storniert": "1" if self.cancelled else ""}
        query = urlencode({name: value for name, value in (now | changes).items() if value})
        return f"/akten/{self.id}" + (f"?{query}" if query else "")


@dataclass(frozen=True, slots=True)
class DossierEditView:
    """GET /akten/{id}/aendern; a form that is None is absent.

    POST there: title, medium, location, `fields.…`, revision · /akten/{id}/ausleihen: to, until · …/rueckgabe: location
    """

    dossier: str
    reference_number: str
    path: tuple[Link, ...]
    revision: int
    edit: Form | None = None
    fields: tuple[DataInput, ...] = ()
    lend: Form | None = None
    give_back: Form | None = None
    lent: str = ""
    """Who has the paper, since when and until when."""


@dataclass(frozen=True, slots=True)
class CaseView:
    """GET /akten/{id}/vorgaenge/{id}: what can be done with a case; a form that is None is absent.

    POST there: title, revision · …/verschieben: target, revision · …/abschliessen: close_cases · …/oeffnen: reason
    """

    dossier: str
    id: str
    ordinal: int
    title: str
    state: str
    revision: int
    path: tuple[Link, ...]
    rename: Form | None = None
    move: Form | None = None
    close: CloseForm | None = None
    reopen: Form | None = None


@dataclass(frozen=True, slots=True)
class PlaceChoice:
    """A dossier to file into, and its open cases; `value` is "dossier:id" or "case:id"."""

    value: str
    reference_number: str
    title: str
    cases: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Picker:
    """Dossiers that fit what was typed; without letters the dossiers used last."""

    asked: str = ""
    places: tuple[PlaceChoice, ...] = ()
    chosen: str = ""
    here: str = ""
    """The dossier whose page this is; it stands first."""


@dataclass(frozen=True, slots=True)
class BulkView:
    """GET and POST /akten/{id}/auswahl: one act on many documents; `act` says which fields it has.

    move: place · change: kind, received_on, sender (empty: stays) · remind: due_on, note · cancel: reason
    """

    dossier: str
    reference_number: str
    path: tuple[Link, ...]
    act: Literal["move", "change", "remind", "cancel"]
    documents: tuple[DocumentRow, ...]
    picker: Picker = field(default_factory=Picker)
    refused: tuple[tuple[str, str], ...] = ()
    """Title of a document and what stands in its way."""
    form: Form = field(default_factory=Form)


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
