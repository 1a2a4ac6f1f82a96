"""Searching: the rule of the actor, the index's answer, and every hit checked again in SQL before it gets a title."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import Want, rule_for
from eakte.errors import ContentDamaged, FieldError, InvalidInput, SearchUnavailable, StorageFailed
from eakte.language import _
from eakte.models import Document, Dossier, DossierReference, PlanClass, Unit, Version
from eakte.operations.documents import all_digests, opened
from eakte.operations.plan import find_class
from eakte.operations.references import normalised_spelling
from eakte.operations.units import find_unit, successors
from eakte.terms import CANCELLED, Actor
from indexing.passages import Passage, passages
from indexing.search import MAX_LIMIT, Answer, Facet, Hit, Query, SearchIndex, Sort
from indexing.search_errors import CursorInvalid, SearchError
from indexing.words import page_text, read_pages
from storage.blobs import BlobStore, Digests

LONGEST_QUESTION = 500
PASSAGES = 2


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks, with references by id or number; several values of one filter mean any of them."""

    text: str = ""
    plan_classes: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    cancelled: bool = False
    """Whether cancelled documents are found too."""
    sort: str = Sort.RELEVANCE.value
    after: str | None = None
    limit: int = 20
    quote: bool = True
    """Whether the hits come with passages, which are read from the stored texts."""


@dataclass(frozen=True, slots=True)
class Found:
    """A hit that the actor may see."""

    document: Document
    dossier: Dossier | None
    version: Version
    score: float
    passages: Sequence[Passage]


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a facet, its words for people, and how many documents have it."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Result:
    """One page of hits."""

    total: int
    total_exact: bool
    hits: Sequence[Found]
    facets: dict[str, list[FacetValue]] = field(default_factory=dict)
    next: str | None = None


def find(session: Session, blobs: BlobStore, search: SearchIndex, actor: Actor, question: Question) -> Result:
    """Answer a question with what the actor may see; content rights and metadata rights are two sets.

    Raises SearchUnavailable when the index cannot answer (filing and lists go on), InvalidInput for a bad filter.
    """
    rule = rule_for(session, actor)
    query = _query(session, question)
    content = rule.search_rights(session, Want.CONTENT)
    # Only a registrar knows more than may be read; for all others the numbers are made and sent once.
    metadata = rule.search_rights(session, Want.METADATA) if rule.known else content
    try:
        answer = search.query(query, content=content, metadata=metadata)
    except CursorInvalid:
        raise InvalidInput(
            errors=[FieldError("after", _("Diese Seite der Trefferliste gibt es nicht mehr."))]
        ) from None
    except SearchError as error:
        raise SearchUnavailable(str(error)) from error
    hits = _visible(session, blobs, actor, question, answer.hits)
    # What the index still shows and SQL does not is not counted either.
    hidden = len(answer.hits) - len(hits)
    return Result(
        total=answer.total - hidden,
        total_exact=answer.total_exact,
        hits=hits,
        facets=_facets(session, answer),
        next=answer.next,
    )


def find_by_reference(session: Session, actor: Actor, text: str) -> Dossier | None:
    """The dossier that has or had a reference number, typed whole in any spelling; from SQL, without index."""
    wanted = normalised_spelling(text)
    if not any(character.isdigit() for character in wanted):
        return None
    rule = rule_for(session, actor)
    return session.scalar(
        select(Dossier)
        .join(DossierReference, DossierReference.dossier_id == Dossier.id)
        .where(DossierReference.key == wanted, rule.dossiers(Want.METADATA))
    )


def _query(session: Session, question: Question) -> Query:
    if len(question.text) > LONGEST_QUESTION:
        raise InvalidInput(
            errors=[
                FieldError(
                    "q", _("Die Suche ist länger als %(longest_question)s Zeichen.", longest_question=LONGEST_QUESTION)
                )
            ]
        )
    try:
        sort = Sort(question.sort)
    except ValueError:
        raise InvalidInput(errors=[FieldError("sort", _("Erlaubt sind %(words)s.", words=", ".join(Sort)))]) from None
    return Query(
        text=question.text,
        plan_classes=frozenset(number for each in question.plan_classes for number in _branch(session, each)),
        units=_units(session, question.units),
        kinds=frozenset(question.kinds),
        since=question.since,
        until=question.until,
        without_states=frozenset() if question.cancelled else frozenset({CANCELLED}),
        sort=sort,
        after=question.after,
        limit=max(1, min(question.limit, MAX_LIMIT)),
    )


def _units(session: Session, references: Sequence[str]) -> frozenset[str]:
    """The units, and those that were merged into them: entries keep the name under which they were written."""
    wanted = {find_unit(session, each).id for each in references}
    return frozenset(str(unit) for unit, now in successors(session).items() if now in wanted) if wanted else frozenset()


def _branch(session: Session, reference: str) -> frozenset[str]:
    """The numbers of a class and all below it: filtering by a class means its branch."""
    top = find_class(session, reference, at="class")
    tree = select(PlanClass.id, PlanClass.number).where(PlanClass.id == top.id).cte(recursive=True)
    tree = tree.union(select(PlanClass.id, PlanClass.number).join(tree, PlanClass.parent_id == tree.c.id))
    return frozenset(session.scalars(select(tree.c.number)))


def _visible(session: Session, blobs: BlobStore, actor: Actor, question: Question, hits: Sequence[Hit]) -> list[Found]:
    """The hits that SQL confirms, in the index's order; passages only where content may be read."""
    ids = [hit.document for hit in hits]
    rule = rule_for(session, actor)
    statement = (
        select(Document, Dossier, Version)
        .outerjoin(Dossier, Dossier.id == Document.dossier_id)
        .join(Version, (Version.document_id == Document.id) & (Version.number == Document.version))
        .where(Document.id.in_(ids), rule.documents(Want.METADATA))
    )
    if not question.cancelled:
        # What was cancelled a moment ago is in the index as it was before.
        statement = statement.where(Document.cancelled_at.is_(None))
    rows = {row[0].id: (row[0], row[1], row[2]) for row in session.execute(statement)}
    readable = set(rows)
    if rule.known:
        content = select(Document.id).outerjoin(Dossier, Dossier.id == Document.dossier_id)
        readable &= set(session.scalars(content.where(Document.id.in_(ids), rule.documents(Want.CONTENT))))
    quoted = [hit for hit in hits if question.quote and hit.document in readable]
    quotes = _quotes(session, blobs, [(hit, rows[hit.document][2]) for hit in quoted], question.text)
    return [Found(*rows[hit.document], hit.score, quotes.get(hit.document, [])) for hit in hits if hit.document in rows]


def _quotes(
    session: Session, blobs: BlobStore, hits: Sequence[tuple[Hit, Version]], text: str
) -> dict[uuid.UUID, list[Passage]]:
    """Passages from the stored word layers, of the pages that the index names."""
    layers = [(hit, version.words) for hit, version in hits if version.words and hit.pages]
    digests = all_digests(session, [name for _hit, name in layers])
    return {hit.document: _quoted(blobs, name, digests[name], text, hit.pages[:PASSAGES]) for hit, name in layers}


def _quoted(blobs: BlobStore, name: str, digests: Digests, text: str, numbers: Sequence[int]) -> list[Passage]:
    """Passages of some pages; a damaged layer costs only them."""
    try:
        with opened(blobs, name, digests) as reader:
            pages = {page.page: page_text(page) for page in read_pages(reader, numbers)}
    except (ContentDamaged, StorageFailed):
        return []
    texts = [pages.get(number, "") for number in range(1, max(pages, default=0) + 1)]
    return passages(texts, text, limit=PASSAGES, only=sorted(pages)) if pages else []


def _facets(session: Session, answer: Answer) -> dict[str, list[FacetValue]]:
    facets = {**answer.facets, Facet.UNIT: _merged(session, answer.facets.get(Facet.UNIT, []))}
    labels = {
        Facet.PLAN_CLASS: _class_labels(session, [value for value, _n in facets.get(Facet.PLAN_CLASS, [])]),
        Facet.UNIT: _unit_labels(session, [value for value, _n in facets[Facet.UNIT]]),
    }
    names = {Facet.PLAN_CLASS: "class"}
    return {
        names.get(facet, facet.value): [
            FacetValue(value, labels.get(facet, {}).get(value, value), count) for value, count in values
        ]
        for facet, values in facets.items()
    }


def _merged(session: Session, counts: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """The facet of units, with what a merged unit had under the one that has it now."""
    now, summed = successors(session), Counter[str]()
    for value, count in counts:
        unit = uuid.UUID(value)
        summed[str(now.get(unit, unit))] += count
    return sorted(summed.items(), key=lambda pair: (-pair[1], pair[0]))


def _class_labels(session: Session, numbers: Sequence[str]) -> dict[str, str]:
    rows = session.execute(select(PlanClass.number, PlanClass.title).where(PlanClass.number.in_(numbers)))
    return {number: f"{number} {title}" for number, title in rows}


def _unit_labels(session: Session, ids: Sequence[str]) -> dict[str, str]:
    known = [uuid.UUID(value) for value in ids]
    rows = session.execute(select(Unit.id, Unit.number, Unit.name).where(Unit.id.in_(known)))
    return {str(unit_id): f"{number} {name}" for unit_id, number, name in rows}
