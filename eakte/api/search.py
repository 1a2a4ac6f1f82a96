"""`/search`: documents by their words."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel

from eakte.api.dependencies import Composed, Reader, ReadTx
from eakte.api.paging import After, Limit, next_path
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Following
from eakte.operations.searching import Question, Result, find

router = ApiRouter(prefix="/search", tags=["search"])


class DocumentName(BaseModel):
    """A document as a hit names it."""

    id: uuid.UUID
    title: str
    kind: str
    date: date | None
    cancelled: bool


class DossierName(BaseModel):
    """A dossier as a hit names it."""

    id: uuid.UUID
    reference_number: str
    title: str


class PassageShape(BaseModel):
    """A passage; marks are [start, end) in code points of the text."""

    page: int
    text: str
    marks: list[tuple[int, int]]


class HitShape(BaseModel):
    """A document that was found."""

    document: DocumentName
    dossier: DossierName | None
    score: float
    passages: list[PassageShape]


class FacetShape(BaseModel):
    """A value of a facet, and how many visible documents have it."""

    value: str
    label: str
    count: int


class SearchAnswer(BaseModel):
    """One page of hits; total and facets count only what the caller may see."""

    total: int
    total_exact: bool
    hits: list[HitShape]
    facets: dict[str, list[FacetShape]]
    next: Following = None


@router.get("")
def search(
    request: Request,
    actor: Reader,
    session: ReadTx,
    backends: Composed,
    q: Annotated[str, Query(max_length=1000)] = "",
    plan_class: Annotated[str | None, Query(alias="class")] = None,
    unit: str | None = None,
    kind: str | None = None,
    since: Annotated[date | None, Query(alias="from")] = None,
    until: date | None = None,
    cancelled: Annotated[bool, Query(description="Find cancelled documents too")] = False,
    sort: str = "relevance",
    after: After = None,
    limit: Limit = 20,
) -> SearchAnswer:
    """Find documents. `class` means a branch of the plan; class and unit by id or number."""
    question = Question(
        text=q,
        plan_classes=(plan_class,) if plan_class else (),
        units=(unit,) if unit else (),
        kinds=(kind,) if kind else (),
        since=since,
        until=until,
        cancelled=cancelled,
        sort=sort,
        after=after,
        limit=limit,
    )
    result = find(session, backends.blobs, backends.search, actor, question)
    return answer(result, next_path(request, result.next))


def answer(result: Result, following: str | None) -> SearchAnswer:
    """The result in the words of the API; `eakte search --json` prints the same."""
    return SearchAnswer(
        total=result.total,
        total_exact=result.total_exact,
        hits=[
            HitShape(
                document=DocumentName(
                    id=hit.document.id,
                    title=hit.document.title,
                    kind=hit.document.kind,
                    date=hit.document.received_on or hit.document.written_on or hit.document.sent_on,
                    cancelled=hit.document.cancelled_at is not None,
                ),
                dossier=DossierName(
                    id=hit.dossier.id, reference_number=hit.dossier.reference_number, title=hit.dossier.title
                )
                if hit.dossier
                else None,
                score=hit.score,
                passages=[
                    PassageShape(page=passage.page, text=passage.text, marks=list(passage.marks))
                    for passage in hit.passages
                ],
            )
            for hit in result.hits
        ],
        facets={
            name: [FacetShape(value=value.value, label=value.label, count=value.count) for value in values]
            for name, values in result.facets.items()
        },
        next=following,
    )
