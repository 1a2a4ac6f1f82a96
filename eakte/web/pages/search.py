"""Searching: the passage, not only the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session
from starlette.datastructures import QueryParams

from eakte.api.dependencies import get_backends
from eakte.bootstrap import Backends
from eakte.errors import ContentDamaged, InvalidInput, NotFound, SearchUnavailable, StorageFailed
from eakte.language import _, shown_day
from eakte.operations.documents import digests_of, words_of_page
from eakte.operations.entries import NOWHERE
from eakte.operations.hit_lists import HEADS, MOST_HITS, as_csv, as_xlsx, fields_of, list_hits
from eakte.operations.page_hits import frames
from eakte.operations.saved_searches import saved_searches
from eakte.operations.searching import Found, Question, Result, find, find_by_reference
from eakte.terms import Actor
from eakte.web.pages.asking import Person, go, make_frame, page, quoted
from eakte.web.pages.document_pages import rects
from eakte.web.pages.signing import public_address
from eakte.web.rendering import SECURITY_HEADERS
from eakte.web.views import Chip, Facet, FacetValue, Hit, Passage, Saved, SearchView
from eakte.web.words import word

router = APIRouter(include_in_schema=False)
HITS = 20
MOST_VALUES = 10
"""Values of a facet that are shown."""
PREVIEWS = 3
"""Hits whose page is prepared for the preview; the others show it after a click."""
PARAMETERS = {"plan": "class", "stelle": "unit", "art": "kind", "jahr": "year"}
"""Facet parameters of the page -> facet names of the search."""


@router.get("/suche")
def show(request: Request, actor: Person) -> Response:
    """Hits with their passages; a reference number typed whole opens its dossier."""
    backends = get_backends(request)
    asked = Asked(request.query_params)
    query = asked.one("q").strip()
    with backends.transactions.read() as session:
        dossier = find_by_reference(session, actor, query) if query and not asked.one("after") else None
        if dossier is not None:
            return go(f"/akten/{dossier.id}")
        view = search_view(session, backends, actor, query, asked)
        view = replace(view, saved=saved_links(session, actor))
    return page("suche.html", frame=make_frame(request, actor, area="search", query=query), view=view)


@router.get("/suche/treffer.csv")
def export_csv(request: Request, actor: Person) -> Response:
    """The list of hits as CSV."""
    return _file(request, actor, "csv", "text/csv; charset=utf-8", as_csv)


@router.get("/suche/treffer.xlsx")
def export_xlsx(request: Request, actor: Person) -> Response:
    """The list of hits as a workbook."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _file(request, actor, "xlsx", kind, as_xlsx)


def _file(
    request: Request,
    actor: Actor,
    kind: str,
    media_type: str,
    make: Callable[[Iterable[Sequence[str]]], bytes],
) -> Response:
    backends = get_backends(request)
    asked = Asked(request.query_params)
    query = asked.one("q").strip()
    if not query:
        raise NotFound
    with backends.transactions.read() as session:
        question = question_of(query, asked)
        found = list_hits(session, backends.blobs, backends.search, actor, question)
        fields = fields_of(session, found.hits)
        rows = [
            tuple(_(head) for head in HEADS),
            *(_row(request, each, told) for each, told in zip(found.hits, fields, strict=True)),
        ]
    if not found.whole:
        more = _("Es gibt mehr Treffer; hier stehen die ersten %(num)s.", num=MOST_HITS)
        rows.append((more, *[""] * (len(HEADS) - 1)))
    headers = {**SECURITY_HEADERS, "Content-Disposition": f'attachment; filename="Treffer.{kind}"'}
    return Response(make(rows), media_type=media_type, headers=headers)


def saved_links(session: Session, actor: Actor) -> tuple[Saved, ...]:
    """The searches that the person keeps."""
    return tuple(Saved(str(row.id), row.name, f"/suche/gemerkt/{row.id}") for row in saved_searches(session, actor))


def _row(request: Request, found: Found, fields: str) -> tuple[str, ...]:
    document, dossier = found.document, found.dossier
    on = document.received_on or document.written_on or document.sent_on
    return (
        document.title,
        word(document.kind, "kind"),
        shown_day(on) if on else "",
        document.sender or "",
        dossier.reference_number if dossier else _("Posteingang"),
        dossier.title if dossier else "",
        fields,
        public_address(request, f"/dokumente/{document.id}"),
    )


class Asked:
    """The parameters of a search; those of a facet may stand several times."""

    def __init__(self, parameters: QueryParams) -> None:
        self._pairs = [(name, value) for name, value in parameters.multi_items() if value and name != "ok"]

    def one(self, name: str, default: str = "") -> str:
        """The first value of a parameter."""
        return next((value for each, value in self._pairs if each == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a parameter."""
        return tuple(value for each, value in self._pairs if each == name)

    def query(self) -> str:
        """The search as the part of its address after the question mark, from the first page."""
        return urlencode([(name, each) for name, each in self._pairs if name != "after"])

    def address(self, *, without: str = "", value: str | None = None, after: str | None = None) -> str:
        """The same search without a parameter (or one of its values), from the first page or after a mark."""
        kept = [
            (name, each)
            for name, each in self._pairs
            if name != "after" and not (name == without and value in {None, each})
        ]
        return "/suche?" + urlencode([*kept, ("after", after)] if after else kept)


def search_view(session: Session, backends: Backends, actor: Actor, query: str, asked: Asked) -> SearchView:
    """What a search answers, or why it cannot."""
    sort = asked.one("sort", "relevance")
    if not query:
        return SearchView(sort=sort)
    question = question_of(query, asked)
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
        next=asked.address(without="after", after=result.next) if result.next else "",
        asked=asked.query(),
        most_exported=MOST_HITS,
    )


def question_of(query: str, asked: Asked) -> Question:
    """The question of the words and filters of an address."""
    since, until = _years(asked.all("jahr"))
    return Question(
        text=query,
        plan_classes=asked.all("plan"),
        units=asked.all("stelle"),
        kinds=asked.all("art"),
        since=since,
        until=until,
        sort=asked.one("sort", "relevance"),
        after=asked.one("after") or None,
        limit=HITS,
    )


def _facets(result: Result, asked: Asked) -> tuple[Facet, ...]:
    facets = []
    for parameter, name in PARAMETERS.items():
        chosen = asked.all(parameter)
        values = [
            FacetValue(
                value.value, _label(parameter, value.value, value.label), value.count, selected=value.value in chosen
            )
            for value in result.facets.get(name, [])
            if value.value != NOWHERE
        ]
        facets.append(Facet(parameter, tuple(values[:MOST_VALUES])))
    return tuple(facets)


def _label(parameter: str, value: str, label: str) -> str:
    return word(value, "kind") if parameter == "art" else label


def _chips(
    session: Session, backends: Backends, actor: Actor, question: Question, asked: Asked, result: Result
) -> tuple[Chip, ...]:
    """The filters that are set; where nothing was found, what the search would find without each."""
    chips = []
    for parameter, facet in PARAMETERS.items():
        labels = {value.value: value.label for value in result.facets.get(facet, [])}
        for value in asked.all(parameter):
            hits = None if result.total else _total_without(session, backends, actor, question, parameter)
            label = _label(parameter, value, labels.get(value, value))
            address = asked.address(without=parameter, value=value)
            chips.append(Chip(f"{word(parameter, 'facet')}: {label}", address, hits))
    return tuple(chips)


def _total_without(session: Session, backends: Backends, actor: Actor, question: Question, parameter: str) -> int:
    match parameter:
        case "plan":
            wider = replace(question, plan_classes=())
        case "stelle":
            wider = replace(question, units=())
        case "art":
            wider = replace(question, kinds=())
        case _:
            wider = replace(question, since=None, until=None)
    return find(session, backends.blobs, backends.search, actor, replace(wider, after=None, limit=1)).total


def _hit(session: Session, backends: Backends, query: str, found: Found, *, preview: bool) -> Hit:
    document, dossier, version = found.document, found.dossier, found.version
    address = f"/dokumente/{document.id}?q={quoted(query)}"
    parts = [
        dossier.reference_number if dossier else _("Posteingang"),
        dossier.title if dossier else "",
        document.sender,
    ]
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
        boxes=rects(frames(layer, query)),
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


def _years(texts: tuple[str, ...]) -> tuple[date | None, date | None]:
    """From the first to the last year chosen: a period, as the list of years is a time line."""
    years = [int(text) for text in texts if text.isdecimal() and len(text) == 4]  # noqa: PLR2004 - a year
    if not years:
        return None, None
    return date(min(years), 1, 1), date(max(years), 12, 31)
