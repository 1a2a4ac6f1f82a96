"""Searches that a person keeps: under a name, with what is new in them, and no longer."""

from __future__ import annotations

import uuid
from dataclasses import replace

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session
from starlette.datastructures import QueryParams

from eakte.api.dependencies import get_backends
from eakte.bootstrap import Backends
from eakte.errors import InvalidInput, NotFound, SearchUnavailable
from eakte.models import SavedSearch
from eakte.operations.saved_searches import (
    MOST_NEW,
    count_new,
    forget_search,
    keep_search,
    look_at_search,
    saved_searches,
)
from eakte.terms import Actor
from eakte.transaction import Transaction
from eakte.web.pages.asking import Person, Refused, Sent, attempt, go, make_frame, page, part
from eakte.web.pages.search import Asked, question_of, saved_links, search_view
from eakte.web.views import KEPT_TOGETHER, Form, Kept, StartView

router = APIRouter(include_in_schema=False)
LONGEST_PLACE = 3


@router.post("/suche/merken")
def keep(request: Request, sent: Sent) -> Response:
    """Keep the search under a name; with errors the search again, the form open."""
    backends = get_backends(request)
    asked = Asked(QueryParams(sent.text("suche")))

    def act(tx: Transaction) -> str:
        keep_search(tx, name=sent.text("name"), query=asked.query())
        return f"/suche?{asked.query()}&ok=gemerkt"

    def refused(why: Refused) -> Response:
        query = asked.one("q").strip()
        with backends.transactions.read() as session:
            view = search_view(session, backends, sent.actor, query, asked)
            view = replace(view, saved=saved_links(session, sent.actor), keep=why.form or Form())
        frame = make_frame(request, sent.actor, area="search", query=query, message=why.message)
        return page("suche.html", frame=frame, view=view, status=why.status)

    return attempt(request, sent, act, refused)


@router.post("/suche/vergessen")
def forget(request: Request, sent: Sent) -> Response:
    """Keep it no longer."""

    def act() -> str:
        try:
            forget_search(tx, uuid.UUID(sent.text("id")))
        except ValueError:
            raise NotFound from None
        return "/suche?ok=vergessen"

    with get_backends(request).transactions.begin(sent.actor) as tx:
        address = sent.once(tx, act)
    return go(address)


@router.get("/suche/gemerkt")
def news(request: Request, actor: Person) -> Response:
    """Some of them with how many of their hits are new: the start page asks for it once it is there."""
    backends = get_backends(request)
    place = request.query_params.get("ab", "")
    first = int(place) if place.isascii() and place.isdecimal() and len(place) <= LONGEST_PLACE else 0
    with backends.transactions.read() as session:
        some = saved_searches(session, actor)[first : first + KEPT_TOGETHER]
        searches = tuple(_with_news(session, backends, actor, row) for row in some)
    view = StartView(unit="", searches=searches, counted=True)
    return part("start.html", "gemerkte", frame=make_frame(request, actor, area="start"), view=view)


@router.get("/suche/gemerkt/{search_id}")
def follow(request: Request, actor: Person, search_id: uuid.UUID) -> Response:
    """To the search; with `neu` what was filed last comes first. From now on only what comes later is new."""
    with get_backends(request).transactions.begin(actor) as tx:
        asked = Asked(QueryParams(look_at_search(tx, search_id).query))
    return go(asked.address(without="sort") + "&sort=added" if request.query_params.get("neu") else asked.address())


def _with_news(session: Session, backends: Backends, actor: Actor, row: SavedSearch) -> Kept:
    """One search with its news; while the search does not answer, without."""
    address, asked = f"/suche/gemerkt/{row.id}", Asked(QueryParams(row.query))
    try:
        question = question_of(asked.one("q").strip(), asked)
        new = count_new(session, backends.blobs, backends.search, actor, question, since=row.seen_at)
    except (SearchUnavailable, InvalidInput):
        new = 0
    return Kept(str(row.id), row.name, f"{address}?neu=1" if new else address, new, most=new >= MOST_NEW)
