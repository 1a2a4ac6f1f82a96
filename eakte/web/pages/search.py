"""Searching: the passage, not only the file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.bootstrap import Backends
from eakte.errors import ContentDamaged, InvalidInput, NotFound, SearchUnavailable, StorageFailed
from eakte.operations.documents import digests_of, words_of_page
from eakte.operations.searching import Found, Question, Result, find, find_by_reference
from eakte.terms import Actor
from eakte.web.pages.asking import Person, go, make_frame, page, quoted
from eakte.web.pages.documents import boxes
from eakte.web.views import Chip, Facet, FacetValue, Hit, Passage, SearchView
from eakte.web.words import word

router = APIRouter()
HITS = 20
PREVIEWS = 3
"""Hits whose page is prepared for the preview; the others show it after a click."""
PARAMETERS = {"plan": "class", "stelle": "unit", "art": "kind", "jahr": "year", "stand": "state"}
"""Facet parameters of the page -> facet names of the search."""


@router.get("/suche")
def show(request: Request, actor: Person) -> Response:
    """Hits with their passages; a reference number typed whole opens its dossier."""
    backends = get_backends(request)
    asked = {name: value for name, value in request.query_params.items() if value and name != "ok"}
    query = asked.get("q", "").strip()
    with backends.transactions.read() as session:
        dossier = find_by_reference(session, actor, query) if query and "after" not in asked else None
        if dossier is not None:
            return go(f"/akten/{dossier.id}")
        view = _view(session, backends, actor, query, asked)
    return page("suche.html", frame=make_frame(request, actor, area="search", query=query), view=view)


def _view(session: Session, backends: Backends, actor: Actor, query: str, asked: dict[str, str]) -> SearchView:
    sort = asked.get("sort", "relevance")
    if not query:
        return SearchView(sort=sort)
    since, until = _year(asked.get("jahr"))
    question = Question(
        text=query,
        plan_class=asked.get("plan"),
        unit=asked.get("stelle"),
        kind=asked.get("art"),
        since=since,
        until=until,
        sort=sort,
        after=asked.get("after"),
        limit=HITS,
    )
    try:
        result = find(session, backends.blobs, backends.search, actor, question)
    except SearchUnavailable:
        return SearchView(query=query, sort=sort, down=True)
    except InvalidInput as error:
        hint = error.errors[0].message if error.errors else error.title
        return SearchView(query=query, sort="relevance", hint=hint)
    return SearchView(
        query=query,
        sort=sort,
        chips=_chips(session, backends, actor, question, asked, result),
        facets=_facets(result, asked),
        hits=tuple(
            _hit(session, backends, query, found, preview=index < PREVIEWS) for index, found in enumerate(result.hits)
        ),
        total=result.total,
        total_exact=result.total_exact,
        next=f"/suche?{urlencode({**asked, 'after': result.next})}" if result.next else "",
    )


def _facets(result: Result, asked: dict[str, str]) -> tuple[Facet, ...]:
    facets = []
    for parameter, name in PARAMETERS.items():
        if parameter == "stand":
            continue
        values = [
            FacetValue(
                value.value,
                _label(parameter, value.value, value.label),
                value.count,
                selected=asked.get(parameter) == value.value,
            )
            for value in result.facets.get(name, [])
            if value.value != "-"
        ]
        facets.append(Facet(parameter, tuple(values[:10])))
    return tuple(facets)


def _label(parameter: str, value: str, label: str) -> str:
    return word(value, "kind") if parameter == "art" else label


def _chips(
    session: Session, backends: Backends, actor: Actor, question: Question, asked: dict[str, str], result: Result
) -> tuple[Chip, ...]:
    """The filters that are set; where nothing was found, what the search would find without each."""
    chips = []
    for parameter, facet in PARAMETERS.items():
        if parameter not in asked:
            continue
        without = {name: value for name, value in asked.items() if name not in {parameter, "after"}}
        hits = None
        if not result.total:
            hits = _total_without(session, backends, actor, question, parameter)
        labels = {value.value: value.label for value in result.facets.get(facet, [])}
        value = asked[parameter]
        label = _label(parameter, value, labels.get(value, value))
        chips.append(Chip(f"{word(parameter, 'facet')}: {label}", f"/suche?{urlencode(without)}", hits))
    return tuple(chips)


def _total_without(session: Session, backends: Backends, actor: Actor, question: Question, parameter: str) -> int:
    match parameter:
        case "plan":
            wider = replace(question, plan_class=None)
        case "stelle":
            wider = replace(question, unit=None)
        case "art":
            wider = replace(question, kind=None)
        case _:
            wider = replace(question, since=None, until=None)
    return find(session, backends.blobs, backends.search, actor, replace(wider, after=None, limit=1)).total


def _hit(session: Session, backends: Backends, query: str, found: Found, *, preview: bool) -> Hit:
    document, dossier, version = found.document, found.dossier, found.version
    address = f"/dokumente/{document.id}?q={quoted(query)}"
    parts = [dossier.reference_number if dossier else "Posteingang", dossier.title if dossier else "", document.sender]
    shown = found.passages[0].page if found.passages else 1
    hit = Hit(
        title=document.title,
        href=f"{address}&s={shown}" if found.passages else address,
        second_line=" · ".join(part for part in parts if part),
        on=document.received_on or document.written_on or document.sent_on,
        passages=tuple(
            Passage(passage.page, f"{address}&s={passage.page}", _pieces(passage.text, passage.marks))
            for passage in found.passages
        ),
        icon="image" if version.media_type.startswith("image/") else "description",
        page=shown,
        pages=version.pages or 1,
    )
    return _with_preview(session, backends, query, found, hit, shown) if preview else hit


def _with_preview(session: Session, backends: Backends, query: str, found: Found, hit: Hit, shown: int) -> Hit:
    """The page of the first passage with its words marked; a document that may not be read has none."""
    version = found.version
    if version.words is None or not found.passages:
        return hit
    try:
        layer = words_of_page(backends.blobs, version.words, digests_of(session, version.words), shown)
    except (NotFound, ContentDamaged, StorageFailed):
        return hit
    return replace(
        hit,
        image=f"/api/v1/documents/{found.document.id}/pages/{shown}/image",
        width=layer.width,
        height=layer.height,
        boxes=boxes(layer, query),
    )


def _pieces(text: str, marks: tuple[tuple[int, int], ...]) -> tuple[tuple[str, bool], ...]:
    """A passage as pieces, marked or not."""
    pieces, at = [], 0
    for start, end in marks:
        if start > at:
            pieces.append((text[at:start], False))
        pieces.append((text[start:end], True))
        at = end
    if at < len(text):
        pieces.append((text[at:], False))
    return tuple(pieces)


def _year(text: str | None) -> tuple[date | None, date | None]:
    if not text or not text.isdigit() or not 1 <= int(text) <= 9999:  # noqa: PLR2004 - years of a calendar
        return None, None
    return date(int(text), 1, 1), date(int(text), 12, 31)
