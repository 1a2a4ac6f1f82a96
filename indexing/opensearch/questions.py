"""A question as clauses of OpenSearch: rights, filters, what is found, and what it scores.

The same as `indexing.embedded.questions`, clause by clause; the parity test holds both together.
"""

import base64
import uuid
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from pyroaring import BitMap

from indexing import ranking
from indexing.german import QueryTerms, QueryWord
from indexing.search import MAX_NUMBER, Facet, Query, Rights

Clause = dict[str, Any]

FEW_NUMBERS = 500
"""Numbers up to which a set of rights is sent as a list; above as a bitmap, which the server reads far faster."""

MOST_CLAUSES = 1_000
"""Leaves of one question; the server refuses more than 1,024. A longer question is cut after as many words as fit."""

_SATURATION = 2.2
"""k1 + 1, by which the embedded engine multiplies a score and this one does not."""

_NOTHING: Clause = {"match_none": {}}
_DESCRIPTION = ("title_stems",)
_ALL_FIELDS = ("stems", *_DESCRIPTION)
_WEIGHTS = {"stems": 1.0, "title_stems": ranking.TITLE}


def numbers_clause(field: str, numbers: frozenset[int]) -> Clause:
    """What has one of these numbers.

    Raises:
        ValueError: a number that the field cannot hold. Leaving it out could widen the rights.
    """
    if len(numbers) > FEW_NUMBERS:
        return {"terms": {field: [_packed(numbers)], "value_type": "bitmap"}}
    _require_storable(numbers)
    return {"terms": {field: sorted(numbers)}}


@lru_cache(maxsize=16)
def _packed(numbers: frozenset[int]) -> str:
    """A bitmap of them, made once: the same fifty thousand numbers come with each question of a person."""
    _require_storable(numbers)
    return base64.b64encode(BitMap(numbers).serialize()).decode()


def _require_storable(numbers: frozenset[int]) -> None:
    if numbers and not 1 <= min(numbers) <= max(numbers) <= MAX_NUMBER:
        raise ValueError(f"a number of rights is not between 1 and {MAX_NUMBER}")


def all_of(clauses: Iterable[Clause]) -> Clause:
    """What fits every clause, without a score."""
    return {"bool": {"filter": list(clauses)}}


def any_of(clauses: Iterable[Clause], needed: int = 1) -> Clause:
    """What fits at least `needed` of the clauses; the score is the sum of those that fit."""
    should = list(clauses)
    if len(should) < needed or not should:
        return _NOTHING
    return {"bool": {"should": should, "minimum_should_match": needed}}


class Question:
    """A question as clauses.

    `found` is what is found, rights and filters included, without a score; `scored` is the same with the score of the
    whole; `windows` scores windows.
    """

    def __init__(self, terms: QueryTerms, query: Query, content: Rights, metadata: Rights, *, level: int) -> None:
        self.query, self.content, self.level = query, content, level
        self._terms = _fitting(terms, fields=len(_ALL_FIELDS) + (metadata != content))
        self._exact: Clause = {"term": {"exact": self._terms.exact}}
        self._branches: list[tuple[Clause, tuple[str, ...]]] = [(self._branch(content, _ALL_FIELDS), _ALL_FIELDS)]
        if metadata != content:
            self._branches.append((self._branch(metadata, _DESCRIPTION), _DESCRIPTION))
        self._left = list(self._filters())
        self.found = all_of([any_of(clause for clause, _ in self._branches), *self._left])

    def _branch(self, rights: Rights, fields: tuple[str, ...]) -> Clause:
        """What these rights let a person find in these fields."""
        allowed = _allowed(rights)
        if self._terms.empty:
            return allowed
        return all_of([allowed, any_of([self._matching(fields), self._exact])])

    def _matching(self, fields: tuple[str, ...]) -> Clause:
        """Enough words of the question, and all its phrases, in these fields taken together."""
        words = self._terms.words
        if not words:
            return _NOTHING
        needed = ranking.strictness(len(words))[self.level].words
        if not needed:
            stretches = {run for word in words for run in ranking.runs(word)}
            return any_of(_phrase(_pieces_field(f), run) for f in fields for run in sorted(stretches))
        enough = any_of((any_of(_has(f, word) for f in fields) for word in words), needed)
        phrases = [any_of(_phrase(f, phrase) for f in fields) for phrase in self._terms.phrases]
        return all_of([enough, *phrases])

    def _filters(self) -> Iterator[Clause]:
        query = self.query
        for facet, values in (
            (Facet.PLAN_CLASS, query.plan_classes),
            (Facet.UNIT, query.units),
            (Facet.KIND, query.kinds),
            (Facet.STATE, query.states),
        ):
            if values:
                yield {"terms": {facet.value: sorted(values)}}
        if query.without_states:
            yield {"bool": {"must_not": [{"terms": {Facet.STATE.value: sorted(query.without_states)}}]}}
        between = {"gte": query.since and query.since.toordinal(), "lte": query.until and query.until.toordinal()}
        if any(between.values()):
            yield {"range": {"date": {end: day for end, day in between.items() if day}}}
        if query.within is not None:
            yield {"term": {"shared": query.within}}

    def scored(self) -> Clause:
        """What is found, with the score of the fields that each set of rights opens; the wider one counts."""
        exact = {"constant_score": {"filter": self._exact, "boost": ranking.EXACT}}
        branches = [
            {"bool": {"filter": [clause], "should": [*(self._scores(f, _WEIGHTS[f]) for f in fields), exact]}}
            for clause, fields in self._branches
        ]
        return {"bool": {"must": [{"dis_max": {"queries": branches}}], "filter": self._left}}

    def windows(self, documents: Iterable[uuid.UUID], *, pages: bool) -> Clause:
        """Those of these documents of which a window has anything of the question, with their best window's score.

        Args:
            documents: only these.
            pages: name the windows and their pages with each hit.
        """
        nested: Clause = {"path": "windows", "score_mode": "max", "query": self._scores("windows.stems", 1.0)}
        if pages:
            nested["inner_hits"] = {"_source": False, "docvalue_fields": ["windows.page"], "size": 100}
        those = {"terms": {"document": [document.hex for document in documents]}}
        return {"bool": {"must": [{"nested": nested}], "filter": [those]}}

    def _scores(self, field: str, weight: float) -> Clause:
        scores: list[Clause] = []
        for word in self._terms.words:
            scores.append(_term(field, word.term, ranking.STEM * weight))
            scores += [_term(_pieces_field(field), piece, ranking.PIECES * weight) for piece in word.pieces]
            if word.parts:
                scores.append(_phrase(field, word.parts, ranking.STEM * weight))
        scores += [_phrase(field, pair, ranking.PAIR * weight) for pair in self._terms.pairs]
        return any_of(scores)


def _allowed(rights: Rights) -> Clause:
    """`Rights.allow` as a clause; empty rights match nothing."""
    options = []
    if rights.scopes:
        options.append(_but_not(numbers_clause("scope", rights.scopes), rights.withheld))
    if rights.dossiers:
        options.append(numbers_clause("shared", rights.dossiers))
    return _but_not(any_of(options), rights.excepted)


def _but_not(clause: Clause, dossiers: frozenset[int]) -> Clause:
    """What fits, without some dossiers."""
    without = [numbers_clause("dossier", dossiers)] if dossiers else []
    return {"bool": {"filter": [clause], "must_not": without}}


def _has(field: str, word: QueryWord) -> Clause:
    """The word itself, a longer word that holds it, or a longer number that holds its parts."""
    options = [_term(field, word.term)]
    if len(word.term) >= ranking.INSIDE:
        options.append(_phrase(_pieces_field(field), word.pieces))
    if word.parts:
        options.append(_phrase(field, word.parts))
    return any_of(options)


def _term(field: str, term: str, weight: float = 1.0) -> Clause:
    return {"term": {field: {"value": term, "boost": weight * _SATURATION}}}


def _phrase(field: str, terms: Sequence[str], weight: float = 1.0) -> Clause:
    if not terms:
        return _NOTHING
    if len(terms) == 1:
        return _term(field, terms[0], weight)
    return {"match_phrase": {field: {"query": " ".join(terms), "boost": weight * _SATURATION}}}


def _pieces_field(stems_field: str) -> str:
    return stems_field.replace("stems", "pieces")


def _fitting(terms: QueryTerms, *, fields: int) -> QueryTerms:
    """The question, cut after as many words as the server takes."""
    left = MOST_CLAUSES - fields * 2 * (len(terms.phrases) + 1)
    words: list[QueryWord] = []
    for word in terms.words:
        # Scored: the term, its pieces, its parts, a pair. Found: the term, the phrases of its pieces and parts.
        left -= fields * (len(word.pieces) + 6)
        if left < 0:
            break
        words.append(word)
    if len(words) == len(terms.words):
        return terms
    kept = {word.term for word in words}
    return QueryTerms(tuple(words), tuple(p for p in terms.pairs if kept.issuperset(p)), terms.phrases, terms.exact)
