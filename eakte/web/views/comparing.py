"""Two versions of a document side by side."""

from __future__ import annotations

from dataclasses import dataclass

from eakte.web.views.parts import Choice, Link, Rect


@dataclass(frozen=True, slots=True)
class Side:
    """A page of one version; without image it has no such page."""

    version: int
    detail: str
    page: int
    pages: int
    image: str = ""
    width: int = 1000
    height: int = 1414
    marks: tuple[Rect, ...] = ()
    """Words that the other page has not."""
    text: tuple[tuple[tuple[str, bool], ...], ...] = ()
    """Its lines, as pieces of text that the other page has or has not."""
    previous: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class CompareView:
    """GET /dokumente/{id}/vergleich?a=1&b=2&s=4&t=5: page s of version a beside page t (else s) of version b."""

    id: str
    title: str
    path: tuple[Link, ...]
    versions: tuple[Choice, ...]
    left: Side | None = None
    right: Side | None = None
    places: int | None = None
    """At how many places the two pages differ; None where that cannot be said."""
    why_not: str = ""
    differing: tuple[Link, ...] = ()
    """Pages of the same number with another text."""
    more: bool = False
    """Whether there are pages that were not compared for the list."""
    previous: str = ""
    next: str = ""
