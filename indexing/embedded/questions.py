"""A question as tantivy clauses: rights, filters, what is found, and what it scores."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

import tantivy
from tantivy import FieldType, Occur, Searcher
from tantivy import Query as Clause

from indexing import ranking
from indexing.embedded.allowed import MANY, PART, Allowed, allowed_by, numbers_among
from indexing.embedded.clauses import all_of, any_of, unscored
from indexing.embedded.records import number_of
from indexing.german import QueryTerms, QueryWord
from indexing.search import Facet, Query, Rights

_DESCRIPTION = ("title_stems",)
_ALL_FIELDS = ("stems", *_DESCRIPTION)
_WEIGHTS = {"stems": 1.0, "title_stems": ranking.TITLE}


class Question:
    """A question as tantivy clauses.

    `found` is what is found, rights and filters included; `scored` is the same with the score of the whole; `windows`
    scores windows.
    """

    def __init__(
        self,
        documents: Searcher,
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
        self._documents, self._allowed = documents, allowed
        self._schema, self._window_schema, self._terms = schema, window_schema, terms
        self._exact = Clause.term_query(schema, "exact", terms.exact)
        # What each set of rights opens: the wider one in the description alone.
        sets = [(content, _ALL_FIELDS)] + ([(metadata, _DESCRIPTION)] if metadata != content else [])
        self._left = list(self._filters())
        self._branches = [(self._branch(self._may(rights), fields), fields) for rights, fields in sets]

    def _branch(self, allowed: Clause, fields: tuple[str, ...]) -> list[tuple[Occur, Clause]]:
        """What rights let a person find in these fields, as parts of one clause, so that rights are copied once."""
        return [(Occur.Must, allowed), *self._fitting(fields)]

    def _fitting(self, fields: tuple[str, ...]) -> Iterator[tuple[Occur, Clause]]:
        """What fits the words in these fields, whoever may see it."""
        if not self._terms.empty:
            yield Occur.Must, unscored([any_of([self._matching(fields), self._exact])])
        if self.query.without_states:
            # Here and not among the filters: alone, what must not be would need a clause that matches everything.
            yield Occur.MustNot, Clause.term_set_query(self._schema, Facet.STATE.value, list(self.query.without_states))

    def _may(self, rights: Rights) -> Clause:
        """What these rights allow, or as much of it as can be among what fits."""
        occurring = self._occurring if len(rights.dossiers) >= MANY else None
        if occurring is None:
            return self._allowed.of(self._schema, rights)
        return allowed_by(self._schema, rights, rights.dossiers.intersection(occurring))

    @cached_property
    def _occurring(self) -> frozenset[object] | None:
        """The numbers of dossiers and cases that fit words and filters; None where they are many."""
        most = max(MANY, len(self.content.dossiers)) // PART
        if self._surely_more_than(most):
            return None
        # What fits in the description fits in all fields.
        parts = [*self._fitting(_ALL_FIELDS), *((Occur.Must, clause) for clause in self._left)]
        return numbers_among(self._documents, Clause.boolean_query(parts), most=most)

    def _surely_more_than(self, most: int) -> bool:
        """Whether that is known without looking: nothing is asked for, or one word suffices and is frequent."""
        if self._left:
            return False
        if self._terms.empty:
            return True
        words = self._terms.words
        if self._terms.phrases or not words or ranking.strictness(len(words))[self.level].words != 1:
            return False
        return any(self._documents.doc_freq("stems", word.term) > most for word in words)

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
        left = [(Occur.Must, unscored([clause])) for clause in self._left]
        if len(branches) == 1:
            return Clause.boolean_query([*branches[0], *left])
        both = together([Clause.boolean_query(parts) for parts in branches])
        return Clause.boolean_query([(Occur.Must, both), *left]) if left else both

    def windows(self, documents: Iterable[uuid.UUID]) -> Clause:
        """The windows of these documents that have anything of the question, with their scores."""
        numbers = [number_of(document) for document in documents]
        those = Clause.term_set_query(self._window_schema, "of", numbers)
        return all_of([unscored([those]), self._scores("stems", 1.0, self._window_schema)])

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
