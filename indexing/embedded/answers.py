"""From clauses to pages of hits: blocks by relevance, stored keys for the other orders, facets, best pages."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import tantivy
from tantivy import DocAddress, Order, Searcher
from tantivy import Query as Clause

from indexing import ranking
from indexing.embedded.clauses import all_of, count_of, total_of
from indexing.embedded.questions import Question
from indexing.embedded.records import ids_of, number_of
from indexing.ranking import Cursor
from indexing.search import Facet, Hit, Rights

_READ_WINDOWS = 10_000
_FACET_VALUES = 10_000


@dataclass(frozen=True, slots=True)
class Searchers:
    """One committed state of documents and windows."""

    documents: Searcher
    windows: Searcher


def facets_of(searcher: Searcher, clause: Clause) -> Mapping[Facet, Sequence[tuple[str, int]]]:
    """How many of the documents that fit have which value."""
    wanted = {facet.value: {"terms": {"field": facet.value, "size": _FACET_VALUES}} for facet in Facet}
    result = searcher.aggregate(clause, wanted)
    return {
        facet: ranking.facet_order({b["key"]: b["doc_count"] for b in result[facet.value]["buckets"]})
        for facet in Facet
    }


def _readable(searcher: Searcher, addresses: list[DocAddress], rights: Rights) -> list[bool]:
    numbers = (searcher.fast_field_values(field, addresses) for field in ("scope", "dossier", "case"))
    return [
        rights.allow(scope=int(scope or 0), dossier=int(dossier or 0), case=int(case or 0))
        for scope, dossier, case in zip(*numbers, strict=True)
    ]


def _windows(
    windows: Searcher, question: Question, documents: Sequence[uuid.UUID]
) -> dict[uuid.UUID, list[tuple[float, int]]]:
    """Scores and pages of the windows of documents whose content may be read, best first."""
    if not documents or question.query.text == "":
        return {}
    known = {number_of(document): document for document in documents}
    hits = windows.search(question.windows(documents), _READ_WINDOWS, count=False).hits
    addresses = [address for _, address in hits]
    found: dict[uuid.UUID, list[tuple[float, int]]] = {}
    for (score, _), number, page in zip(
        hits, windows.fast_field_values("of", addresses), windows.fast_field_values("page", addresses), strict=True
    ):
        found.setdefault(known[int(number or 0)], []).append((score, int(page or 0)))
    return found


@dataclass(frozen=True, slots=True)
class Page:
    """One page of hits, the total of all pages, and where the next one begins."""

    hits: tuple[Hit, ...]
    total: int
    mark: Cursor | None


def by_relevance(searchers: Searchers, question: Question, cursor: Cursor | None) -> Page:
    """One page by score. Documents are taken in blocks, best by whole text first, and ordered within a block."""
    position = cursor.position if cursor else 0
    number = max(position - 1, 0) // ranking.BLOCK
    block, total = _block(searchers, question, number)
    start = position - number * ranking.BLOCK
    if cursor is not None:
        # The place of the last document seen is surer than its number when documents came or went meanwhile.
        places = [place for place, (document, _, _) in enumerate(block) if document == cursor.document]
        start = places[0] + 1 if places else start
    wanted = block[start : start + question.query.limit]
    position = number * ranking.BLOCK + start + len(wanted)
    while len(wanted) < question.query.limit and position < total:
        number += 1
        more = _block(searchers, question, number)[0][: question.query.limit - len(wanted)]
        if not more:
            break
        wanted += more
        position += len(more)
    readable = [document for document, _, may_read in wanted if may_read]
    pages = _pages(_windows(searchers.windows, question, readable))
    hits = tuple(Hit(document, score, pages.get(document, ())) for document, score, _ in wanted)
    if not hits or position >= total:
        return Page(hits, total, None)
    return Page(hits, total, Cursor(hits[-1].document, "", position, question.level))


def _block(searchers: Searchers, question: Question, number: int) -> tuple[list[tuple[uuid.UUID, float, bool]], int]:
    """Documents, scores and whether their content may be read, one block in its final order; and the total."""
    searcher = searchers.documents
    result = searcher.search(question.scored, ranking.BLOCK, count=True, offset=number * ranking.BLOCK)
    hits = result.hits
    addresses = [address for _, address in hits]
    documents = ids_of(searcher, addresses)
    readable = dict(zip(documents, _readable(searcher, addresses, question.content), strict=True))
    windows = _windows(searchers.windows, question, [d for d in documents if readable[d]])
    scores = {document: float(score) for document, (score, _) in zip(documents, hits, strict=True)}
    order = ranking.combine(scores, {document: found[0][0] for document, found in windows.items()})
    return [(document, score, readable[document]) for document, score in order], total_of(result)


def by_key(index: tantivy.Index, searchers: Searchers, question: Question, cursor: Cursor | None) -> Page:
    """One page by a stored key; the key ends with the document's id, so that it is unique."""
    query, searcher = question.query, searchers.documents
    field, downwards = ranking.key_of(query.sort)
    order = Order.Desc if downwards else Order.Asc
    clauses = [question.found]
    if cursor is not None:
        after = f"{{{cursor.key} TO *]" if order is Order.Asc else f"[* TO {cursor.key}}}"
        clauses.append(index.parse_query(f"{field}:{after}", [field]))
    result = searcher.search(all_of(clauses), query.limit + 1, count=True, order_by_field=field, order=order)
    total = total_of(result) if cursor is None else count_of(searcher, question.found)
    shown = result.hits[: query.limit]
    addresses = [address for _, address in shown]
    documents = ids_of(searcher, addresses)
    may_read = _readable(searcher, addresses, question.content)
    pages = _pages(
        _windows(searchers.windows, question, [d for d, may in zip(documents, may_read, strict=True) if may])
    )
    hits = tuple(Hit(document, 0.0, pages.get(document, ())) for document in documents)
    more = len(result.hits) > query.limit
    return Page(hits, total, Cursor(documents[-1], shown[-1][0], 0, question.level) if more else None)


def _pages(windows: Mapping[uuid.UUID, list[tuple[float, int]]]) -> dict[uuid.UUID, tuple[int, ...]]:
    return {document: ranking.best_pages(found) for document, found in windows.items()}
