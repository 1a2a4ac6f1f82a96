"""Putting tantivy clauses together, and counting what fits one."""

from collections.abc import Iterable

import tantivy
from tantivy import Occur, Searcher
from tantivy import Query as Clause


def all_of(clauses: Iterable[Clause]) -> Clause:
    """What fits every clause."""
    return Clause.boolean_query([(Occur.Must, clause) for clause in clauses])


def any_of(clauses: Iterable[Clause], needed: int = 1) -> Clause:
    """What fits at least `needed` of the clauses."""
    should = [(Occur.Should, clause) for clause in clauses]
    if len(should) < needed or not should:
        return Clause.empty_query()
    return Clause.boolean_query(should, minimum_number_should_match=needed)


def unscored(clauses: Iterable[Clause]) -> Clause:
    """What fits every clause, and adds nothing to a score."""
    return Clause.const_score_query(all_of(clauses), 0.0)


def count_of(searcher: Searcher, clause: Clause) -> int:
    """How many records fit."""
    return total_of(searcher.search(clause, 1, count=True))


def total_of(result: tantivy.SearchResult) -> int:
    """How many records a search found that was told to count."""
    return int(result.count)  # type: ignore[attr-defined] # missing in the library's stub
