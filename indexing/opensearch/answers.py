"""From clauses to pages of hits: blocks by relevance, stored keys for the other orders, facets, best pages."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from indexing import ranking
from indexing.opensearch.connection import QUESTION_SECONDS, Connection
from indexing.opensearch.layout import DEEPEST_HIT
from indexing.opensearch.questions import Clause, Question
from indexing.ranking import Cursor
from indexing.search import Facet, Hit
from indexing.search_errors import SearchUnavailable

Facets = Mapping[Facet, Sequence[tuple[str, int]]]

_FACET_VALUES = 10_000
_NUMBERS = ("scope", "dossier", "case")
_AGGREGATIONS = {facet.value: {"terms": {"field": facet.value, "size": _FACET_VALUES}} for facet in Facet}


@dataclass(frozen=True, slots=True)
class Reader:
    """Asks one alias."""

    connection: Connection
    alias: str

    def search(self, query: Clause, size: int, **options: Any) -> Mapping[str, Any]:
        """Ask for hits; an answer that is not whole is an error.

        The same copy of the index is asked every time: copies differ in what they have not yet cleaned up, so scores
        would too, and the next page would be cut from another order.
        """
        body = {"query": query, "size": size, "track_total_hits": True, "_source": False, **options}
        params = {
            "preference": "eakte",
            "allow_partial_search_results": "false",
            "request_timeout": QUESTION_SECONDS,
        }
        answer: Mapping[str, Any] = self.connection.ask(
            lambda client: client.search(index=self.alias, body=body, params=params)
        )
        if "hits" not in answer:
            raise SearchUnavailable("OpenSearch answered, but not the question.")
        return answer

    def count(self, query: Clause) -> int:
        """How many documents fit."""
        return int(self.search(query, 0)["hits"]["total"]["value"])


@dataclass(frozen=True, slots=True)
class Page:
    """One page of hits, the total of all pages, the facets, and where the next page begins."""

    hits: tuple[Hit, ...]
    total: int
    facets: Facets
    mark: Cursor | None


@dataclass(frozen=True, slots=True)
class _Block:
    documents: list[tuple[uuid.UUID, float, bool]]
    """Documents, scores and whether their content may be read, in the final order."""
    total: int
    facets: Facets


def by_relevance(reader: Reader, question: Question, cursor: Cursor | None) -> Page:
    """One page by score. Documents are taken in blocks, best by whole text first, and ordered within a block."""
    position = cursor.position if cursor else 0
    number = max(position - 1, 0) // ranking.BLOCK
    block = _block(reader, question, number)
    start = position - number * ranking.BLOCK
    if cursor is not None:
        # The place of the last document seen is surer than its number when documents came or went meanwhile.
        places = [place for place, (document, _, _) in enumerate(block.documents) if document == cursor.document]
        start = places[0] + 1 if places else start
    wanted = block.documents[start : start + question.query.limit]
    position = number * ranking.BLOCK + start + len(wanted)
    while len(wanted) < question.query.limit and position < block.total:
        number += 1
        more = _block(reader, question, number).documents[: question.query.limit - len(wanted)]
        if not more:
            break
        wanted += more
        position += len(more)
    pages = _pages(reader, question, [document for document, _, may_read in wanted if may_read])
    hits = tuple(Hit(document, score, pages.get(document, ())) for document, score, _ in wanted)
    if not hits or position >= block.total:
        return Page(hits, block.total, block.facets, None)
    return Page(hits, block.total, block.facets, Cursor(hits[-1].document, "", position, question.level))


def _block(reader: Reader, question: Question, number: int) -> _Block:
    start = number * ranking.BLOCK
    if start + ranking.BLOCK > DEEPEST_HIT:
        return _Block([], 0, {})
    answer = reader.search(
        question.scored(),
        ranking.BLOCK,
        **{"from": start, "aggs": _AGGREGATIONS, "stored_fields": "_none_"},
        docvalue_fields=["document", *_NUMBERS],
        sort=[{"_score": "desc"}, {"document": "asc"}],
    )
    hits = answer["hits"]["hits"]
    scores = {_id_of(hit): float(hit["sort"][0]) for hit in hits}
    readable = {_id_of(hit): _may_read(question, hit) for hit in hits}
    windows = _best_windows(reader, question, [document for document, may_read in readable.items() if may_read])
    order = ranking.combine(scores, windows)
    return _Block(
        [(document, score, readable[document]) for document, score in order],
        answer["hits"]["total"]["value"],
        _facets(answer),
    )


def by_key(reader: Reader, question: Question, cursor: Cursor | None) -> Page:
    """One page by a stored key; the key ends with the document's id, so that it is unique."""
    query = question.query
    field, downwards = ranking.key_of(query.sort)
    options: dict[str, Any] = {"sort": [{field: "desc" if downwards else "asc"}]}
    if cursor is not None:
        options["search_after"] = [cursor.key]
    answer = reader.search(
        question.found,
        query.limit + 1,
        aggs=_AGGREGATIONS,
        stored_fields="_none_",
        docvalue_fields=["document", *_NUMBERS],
        **options,
    )
    found = answer["hits"]["hits"]
    shown = found[: query.limit]
    pages = _pages(reader, question, [_id_of(hit) for hit in shown if _may_read(question, hit)])
    hits = tuple(Hit(document, 0.0, pages.get(document, ())) for document in map(_id_of, shown))
    more = len(found) > query.limit
    mark = Cursor(hits[-1].document, shown[-1]["sort"][0], 0, question.level) if more else None
    return Page(hits, answer["hits"]["total"]["value"], _facets(answer), mark)


def _best_windows(reader: Reader, question: Question, documents: Sequence[uuid.UUID]) -> dict[uuid.UUID, float]:
    """The score of the best window of each document that has anything of the question."""
    if not documents or question.query.text == "":
        return {}
    clause = question.windows(documents, pages=False)
    answer = reader.search(clause, len(documents), stored_fields="_none_", docvalue_fields=["document"])
    return {_id_of(hit): float(hit["_score"]) for hit in answer["hits"]["hits"]}


def _pages(reader: Reader, question: Question, documents: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[int, ...]]:
    """The best pages of documents whose content may be read."""
    if not documents or question.query.text == "":
        return {}
    clause = question.windows(documents, pages=True)
    answer = reader.search(clause, len(documents), docvalue_fields=["document"])
    found = {}
    for hit in answer["hits"]["hits"]:
        windows = hit["inner_hits"]["windows"]["hits"]["hits"]
        scored = [(float(window["_score"]), int(window["fields"]["windows.page"][0])) for window in windows]
        found[_id_of(hit)] = ranking.best_pages(scored)
    return found


def _id_of(hit: Mapping[str, Any]) -> uuid.UUID:
    return uuid.UUID(hex=hit["fields"]["document"][0])


def _may_read(question: Question, hit: Mapping[str, Any]) -> bool:
    scope, dossier, case = (hit["fields"].get(name, [0])[0] for name in _NUMBERS)
    return question.content.allow(scope=scope, dossier=dossier, case=case)


def _facets(answer: Mapping[str, Any]) -> Facets:
    found = answer["aggregations"]
    return {
        facet: ranking.facet_order({bucket["key"]: bucket["doc_count"] for bucket in found[facet.value]["buckets"]})
        for facet in Facet
    }
