"""What every search driver takes and gives, and the protocol that it fulfils.

The index is derived: it can be thrown away and built from the database at any time. It knows documents only; what a
person may find is decided by the numbers in `Rights`, which are required for every question.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

MAX_NUMBER = 2**31 - 1
"""The largest number for scopes, dossiers and cases that every driver can store: bitmaps of rights have 31 bits."""

MAX_REVISION = 2**62 - 1
"""The largest revision that every driver can store."""

MAX_LIMIT = 200
"""The most hits of one page."""


def _numbers(name: str, numbers: frozenset[int]) -> None:
    if not (_sound if len(numbers) < _FEW else _many_sound)(numbers):
        raise ValueError(f"{name}: numbers start at 1, 0 means that a document has none")


def _sound(numbers: frozenset[int]) -> bool:
    return not numbers or 1 <= min(numbers) <= max(numbers) <= MAX_NUMBER


_FEW = 1_000
_many_sound = lru_cache(maxsize=16)(_sound)
"""Looked through once: the same fifty thousand numbers come with each question of a person."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What a person may see. Empty rights see nothing; rights to everything do not exist.

    Attributes:
        scopes: numbers of unit × level.
        dossiers: numbers of single dossiers and cases (one sequence of numbers).
        excepted: numbers of dossiers that stay hidden whatever else allows them.
        withheld: numbers of dossiers for which their scope does not count; a number in `dossiers` does.
    """

    scopes: frozenset[int] = frozenset()
    dossiers: frozenset[int] = frozenset()
    excepted: frozenset[int] = frozenset()
    withheld: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        """Refuse 0 and negative numbers: a document without dossier must not be found by a stray 0."""
        _numbers("scopes", self.scopes)
        _numbers("dossiers", self.dossiers)
        _numbers("excepted", self.excepted)
        _numbers("withheld", self.withheld)

    def allow(self, *, scope: int, dossier: int, case: int) -> bool:
        """The rule itself; drivers express it as a filter, and the contract suite holds both equal."""
        by_scope = scope in self.scopes and dossier not in self.withheld
        shared = dossier in self.dossiers or case in self.dossiers
        return (by_scope or shared) and dossier not in self.excepted


@dataclass(frozen=True, slots=True)
class Entry:
    """One window of a document's text: the terms of `indexing.german`, joined by blanks. Pages count from 1."""

    page: int
    stems: str
    pieces: str


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of a document beside its text, found by whoever may see its metadata.

    Attributes:
        stems: terms of title, sender, reference numbers …
        pieces: their pieces.
        exact: the title, the file name, the reference numbers, each whole (`german.exact_form`); typed exactly, they
            win over everything.
    """

    stems: str
    pieces: str
    exact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentEntries:
    """All that the index holds of one document. A put replaces the whole of it.

    Attributes:
        document: its id.
        revision: grows with every change of the row; a put with a lower one than stored changes nothing.
        scope: number of its unit × level.
        dossier: number of its dossier, 0 where it has none (inbox).
        case: number of its case, 0 where it has none.
        plan_class: facet and filter.
        unit: facet and filter.
        kind: facet and filter.
        state: facet and filter.
        day: its date, for the order "newest", the filter by date and the facet of years.
        reference_key: sort key of its reference number (DIN 5007, made by the caller).
        description: the terms of its metadata.
        entries: the windows of its text in order, none where it has no text.
    """

    document: uuid.UUID
    revision: int
    scope: int
    dossier: int
    case: int
    plan_class: str
    unit: str
    kind: str
    state: str
    day: date
    reference_key: str
    description: Description
    entries: tuple[Entry, ...] = ()

    def __post_init__(self) -> None:
        """Refuse numbers that no driver could store."""
        if not 1 <= self.scope <= MAX_NUMBER:
            raise ValueError("scope: numbers start at 1")
        for number, most in ((self.dossier, MAX_NUMBER), (self.case, MAX_NUMBER), (self.revision, MAX_REVISION)):
            if not 0 <= number <= most:
                raise ValueError(f"{number} is not between 0 and {most}")


class Sort(StrEnum):
    """The orders of an answer; ties are broken by the document's id.

    NEWEST goes by the day of the document, ADDED by its id, downwards: of a caller whose ids grow with time (UUIDv7)
    what was added last comes first.
    """

    RELEVANCE = "relevance"
    NEWEST = "newest"
    ADDED = "added"
    REFERENCE = "reference"


class Facet(StrEnum):
    """What an answer counts documents by."""

    PLAN_CLASS = "plan_class"
    UNIT = "unit"
    KIND = "kind"
    YEAR = "year"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Query:
    """A question. An empty filter does not filter; no text lists all that the filters leave, newest first.

    Attributes:
        text: as typed; what stands between quotation marks is a phrase.
        plan_classes: any of these (a branch of the plan is expanded by the caller).
        units: any of these.
        kinds: any of these.
        states: any of these.
        without_states: none of these.
        since: on this day or later.
        until: on this day or earlier.
        within: only in the dossier or case with this number.
        sort: the order.
        after: `Answer.next` of the page before; None for the first.
        limit: hits of a page, 1 to `MAX_LIMIT`.
    """

    text: str = ""
    plan_classes: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    without_states: frozenset[str] = frozenset()
    since: date | None = None
    until: date | None = None
    within: int | None = None
    sort: Sort = Sort.RELEVANCE
    after: str | None = None
    limit: int = 20

    def __post_init__(self) -> None:
        """Refuse page sizes that are no page and numbers that no dossier has."""
        if not 1 <= self.limit <= MAX_LIMIT:
            raise ValueError(f"limit: 1 to {MAX_LIMIT}")
        if self.within is not None and not 1 <= self.within <= MAX_NUMBER:
            raise ValueError("within: numbers start at 1")


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that was found.

    Attributes:
        document: its id.
        score: comparable within one answer only; 0 where the order is not by relevance.
        pages: the pages that fit best, best first; empty where only the metadata fit or may be seen.
    """

    document: uuid.UUID
    score: float
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of hits, and what holds for all of them.

    Attributes:
        hits: in the order asked for.
        total: documents found, all pages together; only what the rights allow is counted.
        total_exact: False where the driver stopped counting.
        facets: per facet the values and how many of the documents found have them, most first.
        next: mark of the next page; None on the last.
    """

    hits: tuple[Hit, ...]
    total: int
    total_exact: bool
    facets: Mapping[Facet, Sequence[tuple[str, int]]]
    next: str | None


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A rebuild under way, perhaps left behind by a process that died.

    Attributes:
        name: what `SearchIndex.start_rebuild` returned.
        upto: the last document filled; None before the first.
        done: how many were filled.
    """

    name: str
    upto: uuid.UUID | None
    done: int


class Condition(StrEnum):
    """What `SearchIndex.check` found. Everything but `READY` is cured by a rebuild."""

    READY = "ready"
    ABSENT = "absent"
    OUTDATED = "outdated"
    DAMAGED = "damaged"


class SearchIndex(Protocol):
    """A search index. All methods may be called from many threads and processes.

    Every method but `check`, `rebuilding`, `generation`, `start_rebuild` and `close` raises `IndexUnusable` (absent,
    outdated, damaged) where it would otherwise have to pretend; every method raises `SearchUnavailable` where the
    server does not answer. During a rebuild puts and removals reach the new generation even if the old one is unusable.
    """

    def put(self, documents: Sequence[DocumentEntries]) -> None:
        """Store or replace documents; visible to every query that starts after the return.

        Idempotent. A lower revision than the stored one changes nothing. A document that was removed comes back by a
        put: whoever puts reads the database first.
        """

    def remove(self, documents: Sequence[uuid.UUID]) -> None:
        """Forget documents; unknown ones are fine."""

    def query(self, query: Query, *, content: Rights, metadata: Rights) -> Answer:
        """Answer a question.

        A document is found by its text where `content` allows it, by its description where `metadata` or `content` does
        (who may read may see the title). Neither total nor facets nor order tell anything of the text of others.

        Raises:
            CursorInvalid: `after` is not from this question.
        """

    def count(self) -> int:
        """Documents in the index."""

    def revisions(self, after: uuid.UUID | None, limit: int) -> Sequence[tuple[uuid.UUID, int]]:
        """Documents and their revisions in the order of their ids, for comparing with the database."""

    def start_rebuild(self) -> str:
        """Begin a new generation beside the serving one and return its name; an unfinished one is given up."""

    def fill(self, rebuild: str, documents: Sequence[DocumentEntries]) -> None:
        """Put into the new generation only. What was put or removed since the start is newer and stays.

        Documents come in the order of their ids: the last one is kept as the mark from which another process can go on.

        Raises:
            RebuildLost: `rebuild` is not the one under way.
        """

    def finish_rebuild(self, rebuild: str) -> None:
        """Let the new generation serve, at once for all, and drop the old one.

        Raises:
            RebuildLost: `rebuild` is not the one under way.
        """

    def abandon_rebuild(self, rebuild: str) -> None:
        """Drop the new generation; fine if it is gone already."""

    def rebuilding(self) -> Rebuild | None:
        """The rebuild under way that this version can go on with; whoever made it may be dead."""

    def generation(self) -> str | None:
        """The name of the generation that serves; None where there is none."""

    def check(self, *, thorough: bool = False) -> Condition:
        """Whether the index can be used; thorough also reads every byte and compares checksums."""

    def close(self) -> None:
        """Let go of files and connections."""


def whole(entries: Iterable[Entry]) -> Entry:
    """The one entry for the whole document (page 0): its windows, one after the other."""
    entries = tuple(entries)
    return Entry(0, " ".join(e.stems for e in entries if e.stems), " ".join(e.pieces for e in entries if e.pieces))
