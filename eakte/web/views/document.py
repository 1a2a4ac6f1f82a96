"""A document: pages, text, versions, proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

from eakte.web.views.parts import Form, HistoryEntry, Link, Property, Rect


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a document; the image's address may be unset until it exists."""

    number: int
    image: str
    words: str
    """Address of the words (JSON), with the question where their frames come with them; empty: there is no text."""
    width: int
    height: int
    found: bool = False
    """Words of the question stand here; without `hits` they are framed when a person comes near."""
    hits: tuple[Rect, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A content state of the document."""

    number: int
    at: datetime
    detail: str
    href: str
    current: bool = False
    comment: str = ""
    may_restore: bool = False
    """POST /dokumente/{id}/zurueckholen: number."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What may still be done with a document, as a line at its head: who has it, that it is final, that it is out."""

    kind: Literal["held", "mine", "final", "cancelled"]
    text: str
    detail: str = ""
    """The reason of a cancelling, as it was typed."""


@dataclass(frozen=True, slots=True)
class DocumentActs:
    """What the person may do with the document now; each form goes to /dokumente/{id}/…, None is absent.

    auschecken · auschecken-aufheben: reason · fassungen: file, comment, keep · abschliessen: version · stornieren:
    reason · wiedervorlage: due_on, note
    """

    check_out: bool = False
    release: bool = False
    """The person's own check-out: let go without a word."""
    release_other: Form | None = None
    """Somebody else's, by the registrar, with a reason."""
    add_version: Form | None = None
    finalize: Form | None = None
    cancel: Form | None = None
    remind: Form | None = None
    edit: bool = False
    move: str = ""
    """Where a filed document is put into another dossier or case."""
    share: str = ""
    """Where access to its dossier is given: a document alone is not shared."""

    @property
    def more(self) -> bool:
        """Whether there is an act for the menu of those that are seldom wanted."""
        return self.release or any((self.add_version, self.release_other, self.finalize, self.cancel, self.share))


@dataclass(frozen=True, slots=True)
class DocumentEdit:
    """POST /dokumente/{id}/eigenschaften: what is said about the document, with what stood there when it was read."""

    before: Mapping[str, str]
    """Field -> its value then; what somebody else changed meanwhile is told by it."""
    revision: str
    form: Form = field(default_factory=Form)
    clash: str = ""
    """Somebody changed it meanwhile: who, and what now holds."""


@dataclass(frozen=True, slots=True)
class Processing:
    """Where a document stands before it is ready: „Text wird erkannt, 4 von 14“, or failed with the reason."""

    state: Literal["received", "processing", "failed"]
    done: int = 0
    total: int = 0
    reason: str = ""
    may_retry: bool = False


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where the document stands among its kind: „5 von 14 in Vorgang 3“."""

    position: int
    count: int
    place: str
    previous: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """Integrity: whether the bytes are those that came in, and what says so."""

    intact: bool
    checked: datetime | None
    digest: str
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class TextPage:
    """The recognised text of a page as paragraphs."""

    number: int
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextStretch:
    """The recognised text of some pages, and the first and last page of the stretches before and after."""

    pages: tuple[TextPage, ...] = ()
    earlier: tuple[int, int] | None = None
    later: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class DocumentView:
    """One document: pages, or its text; properties, versions, proof, history."""

    id: str
    title: str
    path: tuple[Link, ...]
    pages: tuple[Page, ...]
    properties: tuple[Property, ...]
    attachments: tuple[Link, ...] = ()
    """What was inside: attachments of a mail, files of an archive."""
    warnings: tuple[str, ...] = ()
    """What someone should know about the file."""
    current: int = 1
    query: str = ""
    version: int = 1
    versions: tuple[VersionRow, ...] = ()
    neighbours: Neighbours | None = None
    proof: Proof | None = None
    history: tuple[HistoryEntry, ...] = ()
    history_href: str = ""
    processing: Processing | None = None
    rendition: str = "pending"
    rendition_reason: str = ""
    """Why there is no PDF/A, in words."""
    filename: str = ""
    size: int = 0
    text: TextStretch | None = None
    """Set: the page shows the recognised text in place of the images."""
    note: str = ""
    """A line at the head: a hold, a restriction."""
    marks: tuple[Mark, ...] = ()
    acts: DocumentActs = field(default_factory=DocumentActs)
    edit: DocumentEdit | None = None
    """Set: the properties stand as a form."""

    @property
    def found(self) -> int:
        """Pages on which words of the question stand."""
        return sum(page.found for page in self.pages)

    @property
    def hits(self) -> int | None:
        """Occurrences of the query over all pages; None: there are pages that nobody counted them on yet."""
        if any(page.found and not page.hits for page in self.pages):
            return None
        return sum(len(page.hits) for page in self.pages)

    @property
    def newest(self) -> int:
        """The number of the version that holds."""
        return next((each.number for each in self.versions if each.current), self.version)

    @property
    def older(self) -> int:
        """The number of the version shown where it is not the current one, else 0."""
        return next((each.number for each in self.versions if each.number == self.version and not each.current), 0)

    def address(self, part: str = "", *, page: int = 0) -> str:
        """Another look at what is shown: the same version and the same question."""
        asked = {"v": self.older, "q": self.query, "s": page}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"/dokumente/{self.id}{part}" + (f"?{query}" if query else "")

    @property
    def page_address(self) -> str:
        """`address` of a page, but for the page's number at its end."""
        return self.address(page=1)[:-1]
