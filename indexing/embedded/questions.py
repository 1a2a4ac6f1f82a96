"""A question as tantivy clauses: rights, filters, what is found, and what it scores."""

import uuid
from collections.abc import Iterable, Iterator, Sequence

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


class Question:
    """A question as tantivy clauses.

    `found` is what is found, rights and filters included, without a score; `scored` is the same with the score of the
    whole; `windows` scores windows.
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
    ) -> None:
        self.query, self.content, self.level = query, content, level
        self._schema, self._window_schema, self._terms = schema, window_schema, terms
        self._exact = Clause.term_query(schema, "exact", terms.exact)
        # Rights are the dear part of a question; each set of them stands in it once.
        self._branches: list[tuple[Clause, tuple[str, ...]]] = [(self._branch(content, _ALL_FIELDS), _ALL_FIELDS)]
        if metadata != content:
            self._branches.append((self._branch(metadata, _DESCRIPTION), _DESCRIPTION))
        self._left = list(self._filters())
        self.found = _unscored([any_of(clause for clause, _ in self._branches), *self._left])

    def _branch(self, rights: Rights, fields: tuple[str, ...]) -> Clause:
        """What these rights let a person find in these fields."""
        allowed = self._allowed(rights)
        if self._terms.empty:
            return allowed
        return all_of([allowed, any_of([self._matching(fields), self._exact])])

    def _allowed(self, rights: Rights) -> Clause:
        """`Rights.allow` and `Query.without_states` as a clause; empty rights match nothing."""
        options = []
        if rights.scopes:
            options.append(self._but_not(self._numbers("scope", rights.scopes), rights.withheld))
        if rights.dossiers:
            options.append(self._numbers("shared", rights.dossiers))
        clauses = [(Occur.Must, self._but_not(any_of(options), rights.excepted))]
        if self.query.without_states:
            # Here and not among the filters: alone, what must not be would need a clause that matches everything.
            unwanted = Clause.term_set_query(self._schema, Facet.STATE.value, list(self.query.without_states))
            clauses.append((Occur.MustNot, unwanted))
        return Clause.boolean_query(clauses)

    def _but_not(self, clause: Clause, dossiers: frozenset[int]) -> Clause:
        """What fits, without some dossiers."""
        if not dossiers:
            return clause
        return Clause.boolean_query([(Occur.Must, clause), (Occur.MustNot, self._numbers("dossier", dossiers))])

    def _numbers(self, field: str, numbers: frozenset[int]) -> Clause:
        return Clause.term_set_query(self._schema, field, list(numbers))

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

    def scored(self) -> Clause:
        """What is found, with the score of the fields that each set of rights opens; the wider one counts."""
        exact = Clause.const_score_query(self._exact, ranking.EXACT)
        branches = [
            Clause.boolean_query(
                [
                    (Occur.Must, _unscored([clause])),
                    *((Occur.Should, self._scores(field, _WEIGHTS[field])) for field in fields),
                    (Occur.Should, exact),
                ]
            )
            for clause, fields in self._branches
        ]
        return all_of([Clause.disjunction_max_query(branches), *(_unscored([clause]) for clause in self._left)])

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
