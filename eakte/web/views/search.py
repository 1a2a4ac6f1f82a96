"""The search: facets, hits, passages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from eakte.web.views.parts import Form, Rect


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
class Saved:
    """A search that the person keeps. POST /suche/vergessen: id."""

    id: str
    name: str
    href: str


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
    asked: str = ""
    """The search as the part of its address after the question mark, without the page of hits."""
    keep: Form = field(default_factory=Form)
    """POST /suche/merken: name, suche."""
    saved: tuple[Saved, ...] = ()
    most_exported: int = 1_000
    """Hits that the file of the list holds at most."""

    @property
    def preview(self) -> Hit | None:
        """The first hit that has a page to show."""
        return next((hit for hit in self.hits if hit.image), None)
