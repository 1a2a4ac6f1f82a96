"""What the pages show, as values: routes fill them from operations, templates read them, the preview makes them up.

A view holds nothing a person may not see: rights are decided before it is made. Codes (kinds, states, levels) are those
of `eakte.terms`; templates turn them into words. An action a person may not do is absent: its form or flag is unset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a selection."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence at the head of a page: what happened, what it means, what to do."""

    kind: Literal["info", "success", "warning", "danger"]
    text: str
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, in the user's words; `field` is its form name, empty for the form as a whole."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form as typed: values come back with the errors, nothing typed is lost."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[FieldError, ...] = ()
    open: bool = False
    """Whether it stands open when the page arrives: it came back with errors, or its address asked for it."""

    def value(self, name: str, default: str = "") -> str:
        """What was typed, else the default."""
        return self.values.get(name, default)

    def error(self, name: str) -> str:
        """The sentence for a field; empty where it is fine."""
        return next((error.text for error in self.errors if error.field == name), "")


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds every page."""

    municipality: str
    now: datetime
    """Aware; "heute" in lists is measured against it."""
    user: str = ""
    """Name as shown in the bar ("P. Hansen"); empty: nobody is signed in."""
    user_name: str = ""
    areas: tuple[str, ...] = ()
    """Keys of `words.AREAS` the person may use, in order."""
    area: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    csrf: str = ""
    idempotency: str = ""
    """A fresh key for the forms of this page: sending one twice does it once."""
    keys: bool = True
    """Single keys (WCAG 2.1.4); off they are neither listened to nor shown."""
    theme: Literal["auto", "light", "dark"] = "auto"
    density: Literal["compact", "wide"] = "compact"
    query: str = ""
    messages: tuple[Message, ...] = ()
    foot: tuple[Link, ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """A row of properties; `value` is a word, a day, a moment or a link."""

    label: str
    value: str | date | Link
    note: str = ""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened: „P. Hansen legte … ab“."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Rect:
    """A box in the coordinates of its page (width and height of the recognised words)."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class SignInView:
    """The sign-in page. Wrong and unknown look the same; a pause says until when."""

    form: Form = field(default_factory=Form)
    next: str = "/"
    locked_until: datetime | None = None
    code_wanted: bool = False
    """The password was right, a one-time code is asked for."""
    oidc: Link | None = None
    trouble: str = ""
    """Why the provider did not sign the person in: a sentence with what to do now."""
    provider_out: Link | None = None
    """Where a person who has signed out here may sign out at the provider too."""
    help: str = ""
    """Whom to ask, as the municipality set it."""
    insecure: bool = False
    """The address is neither TLS nor localhost, so the session cookie will not stick; the page says so."""


@dataclass(frozen=True, slots=True)
class RecentItem:
    """A dossier or document used lately."""

    title: str
    href: str
    second_line: str
    at: datetime
    icon: str = "folder"


@dataclass(frozen=True, slots=True)
class StartView:
    """What is at hand: search, lately used, work in the own files."""

    unit: str
    recent: tuple[RecentItem, ...] = ()
    failed: tuple[RecentItem, ...] = ()
    """Own documents whose processing failed: the one thing here that wants an act."""
    searches: tuple[Link, ...] = ()
    search_down: bool = False
    example: str = ""
    """A reference number of this municipality, for the search box."""


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A class or dossier in the tree. `state` says whether it has children and shows them; leaf has none."""

    number: str
    title: str
    href: str
    state: Literal["open", "closed", "leaf"] = "leaf"
    kind: Literal["class", "dossier", "all"] = "class"
    count: int | None = None
    current: bool = False
    children: tuple[TreeNode, ...] = ()


@dataclass(frozen=True, slots=True)
class DossierRow:
    """A dossier in a list."""

    href: str
    reference_number: str
    title: str
    state: str
    unit: str
    documents: int
    changed: datetime
    protected: bool = False


@dataclass(frozen=True, slots=True)
class DataInput:
    """An input for a data field that the class defines; a select where there are choices."""

    name: str
    label: str
    required: bool = False
    choices: tuple[Choice, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class NewDossierForm:
    """POST /akten: plan_class, title, unit, confidentiality, and `fields.…` of the class."""

    plan_class: str
    units: tuple[Choice, ...]
    levels: tuple[str, ...] = ("internal", "open", "protected")
    fields: tuple[DataInput, ...] = ()
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class PlanView:
    """A class of the filing plan with its dossiers, page by page; without number the plan as a whole."""

    tree: tuple[TreeNode, ...]
    number: str = ""
    title: str = ""
    path: tuple[Link, ...] = ()
    retention: str = ""
    """The rule as a sentence: „10 Jahre nach zdA, § 6 Aktenordnung; danach B – bewerten“."""
    files_allowed: bool = False
    rows: tuple[DossierRow, ...] = ()
    total: int = 0
    filter: str = ""
    state: str = ""
    """Chosen filter by state: "", "open" or "closed"."""
    next: str = ""
    new_dossier: NewDossierForm | None = None


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


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a document; the image's address may be unset until it exists."""

    number: int
    image: str
    words: str
    """Address of the words (JSON); empty: there is no text to lay over the image."""
    width: int
    height: int
    hits: tuple[Rect, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A content state of the document."""

    number: int
    at: datetime
    detail: str
    href: str
    current: bool = False


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
    text: tuple[TextPage, ...] | None = None
    """Set: the page shows the recognised text in place of the images."""
    note: str = ""
    """A line at the head: a hold, a restriction."""

    @property
    def hits(self) -> int:
        """Occurrences of the query over all pages."""
        return sum(len(page.hits) for page in self.pages)

    @property
    def older(self) -> int:
        """The number of the version shown where it is not the current one, else 0."""
        return next((each.number for each in self.versions if each.number == self.version and not each.current), 0)

    def address(self, part: str = "", *, page: int = 0) -> str:
        """Another look at what is shown: the same version and the same question."""
        asked = {"v": self.older, "q": self.query, "s": page}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"/dokumente/{self.id}{part}" + (f"?{query}" if query else "")


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One box of a facet with its count, over what the person may see."""

    value: str
    label: str
    count: int
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """A group of filters; `name` is the parameter (plan, stelle, art, jahr, stand)."""

    name: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A place in a document: pieces of text, marked or not, and the way to its page."""

    page: int
    href: str
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that was found."""

    title: str
    href: str
    second_line: str
    """„63-00184/2026 · Lindenweg 12 · 3 Beteiligung Brandschutz · Ingenieurbüro Hagemann“."""
    on: date | None
    passages: tuple[Passage, ...] = ()
    more_passages: int = 0
    icon: str = "description"
    unsure: bool = False
    image: str = ""
    """Page image for the preview; empty: none."""
    page: int = 1
    pages: int = 1
    width: int = 1000
    height: int = 1414
    boxes: tuple[Rect, ...] = ()
    """Marks on the image, in `width` and `height`."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set; `href` is the same search without it, `hits` what that would find (empty state only)."""

    label: str
    href: str
    hits: int | None = None


@dataclass(frozen=True, slots=True)
class SearchView:
    """The passage, not only the file."""

    query: str = ""
    sort: str = "relevance"
    chips: tuple[Chip, ...] = ()
    facets: tuple[Facet, ...] = ()
    hits: tuple[Hit, ...] = ()
    total: int = 0
    total_exact: bool = True
    next: str = ""
    down: bool = False
    """The search cannot answer now; everything else works."""
    hint: str = ""
    """A query that cannot be read: what is wrong with it."""

    @property
    def preview(self) -> Hit | None:
        """The first hit that has a page to show."""
        return next((hit for hit in self.hits if hit.image), None)


@dataclass(frozen=True, slots=True)
class AccountView:
    """POST /konto: theme, density, keys. And who one is here."""

    name: str
    login: str
    units: tuple[str, ...]
    roles: tuple[str, ...]
    signed_in: datetime


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A signed-in browser."""

    id: str
    browser: str
    """„Firefox, Linux“, as it calls itself."""
    address: str
    method: str
    since: datetime
    seen: datetime
    current: bool = False


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An access key, without the key."""

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    expires: datetime | None
    used: datetime | None


@dataclass(frozen=True, slots=True)
class SecurityView:
    """GET /konto/sicherheit, and again with the form that came back."""

    sessions: tuple[SessionRow, ...]
    tokens: tuple[TokenRow, ...]
    scopes: tuple[str, ...]
    """Those that a key of this person may have."""
    has_password: bool = True
    second_factor: bool = False
    codes_left: int = 0
    provider: str = ""
    """Whether accounts can be connected with a provider, and with this one: "", "no" or "yes"."""
    password: Form = field(default_factory=Form)
    factor: Form = field(default_factory=Form)
    token: Form = field(default_factory=Form)
    new_token: str = ""
    """A key that was just made, shown this once."""


@dataclass(frozen=True, slots=True)
class SecondFactorView:
    """GET and POST /konto/zweiter-faktor: enrolling; with `codes` it is done and they are shown this once."""

    secret: str = ""
    """In groups of four, to be typed."""
    form: Form = field(default_factory=Form)
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderView:
    """Before the way to the provider to connect an account: a form may not lead to another site, a link may.

    Without address the provider does not answer.
    """

    href: str


@dataclass(frozen=True, slots=True)
class ErrorView:
    """An answer that is none; 404 says the same for missing and unreadable."""

    status: Literal[403, 404, 500, 503]
    reference: str
    """Number for questions, also in the log."""
    detail: str = ""
    """403 only: what exactly is not allowed, as a sentence."""
