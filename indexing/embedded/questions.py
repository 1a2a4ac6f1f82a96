"""A question as tantivy clauses: rights, filters, what is found, and what it scores."""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

import tantivy
from tantivy import FieldType, Occur
from tantivy import Query as Clause

from indexing import ranking
from indexing.embedded.records import number_of
from indexing.german import QueryTerms, QueryWord
from indexing.search import Facet, Query, Rights


def all_of(clauses: Iterable[Clause]) -> Clause:
    """What fits every clause."""
    return Clause.boolean_query([(Occur.Must, clause) for clause in clauses])


def any_of(clauses: Iterable[Clause], needed: int = 1) -> Clause:
    """What fits at least `needed` of the clauses."""
    should = [(Occur.Should, clause) for clause in clauses]
    if len(should) < needed or not should:
        return Clause.empty_query()
    return Clause.boolean_query(should, minimum_number_should_match=needed)


def _unscored(clauses: Iterable[Clause]) -> Clause:
    return Clause.const_score_query(all_of(clauses), 0.0)


_DESCRIPTION = ("title_stems",)
_ALL_FIELDS = ("stems", *_DESCRIPTION)
_WEIGHTS = {"stems": 1.0, "title_stems": ranking.TITLE}


class Allowed:
    """`Rights.allow` as clauses without a score. Those asked for last are kept.

    To say fifty thousand numbers takes several times as long as to look them up, and so does each copy of them: the
    engine copies a clause wherever it is put into another one.
    """

    KEPT = 16

    def __init__(self) -> None:
        self._kept: OrderedDict[Rights, Clause] = OrderedDict()
        self._mutex = threading.Lock()

    def of(self, schema: tantivy.Schema, rights: Rights) -> Clause:
        """The clause of these rights; empty rights match nothing. All generations of this version have one schema."""
        with self._mutex:
            known = self._kept.get(rights)
        clause = known or Clause.const_score_query(_allowed(schema, rights), 0.0)
        with self._mutex:
            self._kept[rights] = clause
            self._kept.move_to_end(rights)
            while len(self._kept) > self.KEPT:
                self._kept.popitem(last=False)
        return clause


def _allowed(schema: tantivy.Schema, rights: Rights) -> Clause:
    def numbers(field: str, wanted: frozenset[int]) -> Clause:
        return Clause.term_set_query(schema, field, list(wanted))

    def but_not(clause: Clause, dossiers: frozenset[int]) -> Clause:
        if not dossiers:
            return clause
        return Clause.boolean_query([(Occur.Must, clause), (Occur.MustNot, numbers("dossier", dossiers))])

    options = []
    if rights.scopes:
        options.append(but_not(numbers("scope", rights.scopes), rights.withheld))
    if rights.dossiers:
        options.append(numbers("shared", rights.dossiers))
    return but_not(any_of(options), rights.excepted)


class Question:
    """A question as tantivy clauses.

    `found` is what is found, rights and filters included; `scored` is the same with the score of the whole; `windows`
    scores windows.
    """

    def __init__(
        self,
        schema: tantivy.Schema,
        window_schema: tantivy.Schema,
        terms: QueryTerms,
        query: Query,
        content: Rights,
        metadata: Rights,
        *,
        level: int,
        allowed: Allowed,
    ) -> None:
        self.query, self.content, self.level = query, content, level
        self._schema, self._window_schema, self._terms = schema, window_schema, terms
        self._exact = Clause.term_query(schema, "exact", terms.exact)
        # What each set of rights opens: the wider one in the description alone.
        sets = [(content, _ALL_FIELDS)] + ([(metadata, _DESCRIPTION)] if metadata != content else [])
        self._branches = [(self._branch(allowed.of(schema, rights), fields), fields) for rights, fields in sets]
        self._left = list(self._filters())

    def _branch(self, allowed: Clause, fields: tuple[str, ...]) -> list[tuple[Occur, Clause]]:
        """What rights let a person find in these fields, as parts of one clause, so that rights are copied once."""
        parts = [(Occur.Must, allowed)]
        if not self._terms.empty:
            parts.append((Occur.Must, _unscored([any_of([self._matching(fields), self._exact])])))
        if self.query.without_states:
            # Here and not among the filters: alone, what must not be would need a clause that matches everything.
            unwanted = Clause.term_set_query(self._schema, Facet.STATE.value, list(self.query.without_states))
            parts.append((Occur.MustNot, unwanted))
        return parts

    @cached_property
    def found(self) -> Clause:
        """What is found."""
        return self._of_branches([parts for parts, _fields in self._branches], any_of)

    def _matching(self, fields: tuple[str, ...]) -> Clause:
        """Enough words of the question, and all its phrases, in these fields taken together."""
        words = self._terms.words
        if not words:
            return Clause.empty_query()
        needed = ranking.strictness(len(words))[self.level].words
        if not needed:
            stretches = {run for word in words for run in ranking.runs(word)}
            return any_of(_phrase(self._schema, _pieces_field(f), run) for f in fields for run in sorted(stretches))
        enough = any_of((any_of(self._has(f, word) for f in fields) for word in words), needed)
        phrases = [any_of(_phrase(self._schema, f, phrase) for f in fields) for phrase in self._terms.phrases]
        return all_of([enough, *phrases])

    def _has(self, field: str, word: QueryWord) -> Clause:
        """The word itself, a longer word that holds it, or a longer number that holds its parts."""
        options = [_term(self._schema, field, word.term)]
        if len(word.term) >= ranking.INSIDE:
            options.append(_phrase(self._schema, _pieces_field(field), word.pieces))
        if word.parts:
            options.append(_phrase(self._schema, field, word.parts))
        return any_of(options)

    def _filters(self) -> Iterator[Clause]:
        query, schema = self.query, self._schema
        for facet, values in (
            (Facet.PLAN_CLASS, query.plan_classes),
            (Facet.UNIT, query.units),
            (Facet.KIND, query.kinds),
            (Facet.STATE, query.states),
        ):
            if values:
                yield Clause.term_set_query(schema, facet.value, list(values))
        if query.since is not None or query.until is not None:
            since = query.since.toordinal() if query.since else None
            until = query.until.toordinal() if query.until else None
            yield Clause.range_query(schema, "date", FieldType.Unsigned, since, until)
        if query.within is not None:
            yield Clause.term_query(schema, "shared", query.within)

    @cached_property
    def scored(self) -> Clause:
        """What is found, with the score of the fields that each set of rights opens; the wider one counts."""
        exact = Clause.const_score_query(self._exact, ranking.EXACT)
        branches = [
            [*parts, *((Occur.Should, self._scores(field, _WEIGHTS[field])) for field in fields), (Occur.Should, exact)]
            for parts, fields in self._branches
        ]
        return self._of_branches(branches, Clause.disjunction_max_query)

    def _of_branches(
        self, branches: list[list[tuple[Occur, Clause]]], together: Callable[[list[Clause]], Clause]
    ) -> Clause:
        """One clause of the branches and the filters; a single branch is not put into another clause."""
        left = [(Occur.Must, _unscored([clause])) for clause in self._left]
        if len(branches) == 1:
            return Clause.boolean_query([*branches[0], *left])
        both = together([Clause.boolean_query(parts) for parts in branches])
        return Clause.boolean_query([(Occur.Must, both), *left]) if left else both

    def windows(self, documents: Iterable[uuid.UUID]) -> Clause:
        """The windows of these documents that have anything of the question, with their scores."""
        numbers = [number_of(document) for document in documents]
        those = Clause.term_set_query(self._window_schema, "of", numbers)
        return all_of([_unscored([those]), self._scores("stems", 1.0, self._window_schema)])

    def _scores(self, field: str, weight: float, schema: tantivy.Schema | None = None) -> Clause:
        schema = schema or self._schema
        scores: list[tuple[Clause, float]] = []
        for word in self._terms.words:
            scores.append((_term(schema, field, word.term), ranking.STEM))
            scores += [(_term(schema, _pieces_field(field), piece), ranking.PIECES) for piece in word.pieces]
            if word.parts:
                scores.append((_phrase(schema, field, word.parts), ranking.STEM))
        scores += [(_phrase(schema, field, pair), ranking.PAIR) for pair in self._terms.pairs]
        return any_of(Clause.boost_query(clause, value * weight) for clause, value in scores)


def _term(schema: tantivy.Schema, field: str, term: str) -> Clause:
    return Clause.term_query(schema, field, term)


def _phrase(schema: tantivy.Schema, field: str, terms: Sequence[str]) -> Clause:
    if not terms:
        return Clause.empty_query()
    return _term(schema, field, terms[0]) if len(terms) == 1 else Clause.phrase_query(schema, field, list(terms))


def _pieces_field(stems_field: str) -> str:
    return stems_field.replace("stems", "pieces")
